"""What the launcher shows: a progress bar while a run goes on, then the table of metrics."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.experiment import Run, Watch
from hdeeprm.metrics import METRICS
from hdeeprm.scenario import named


class RunReporter:
    """Talks to the person at the terminal: progress on stderr, results on stdout.

    Args:
        quiet: Print nothing of the results, because a machine reads them.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._out = Console(quiet=quiet, soft_wrap=True)
        self._progress_console = Console(stderr=True)

    @contextmanager
    def progress(self) -> Iterator[Watch]:
        """A progress bar over the jobs; shown on a terminal only."""
        with Progress(
            SpinnerColumn(),
            TextColumn("jobs"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            console=self._progress_console,
            disable=not self._progress_console.is_terminal,
            transient=True,
        ) as bars:
            task = bars.add_task("", total=None, state="compiling and reading")
            started = time.perf_counter()

            def watch(env: WorkloadManagementEnv, num_decisions: int) -> None:
                rate = num_decisions / max(1e-9, time.perf_counter() - started)
                state = f"{env.simulator.now / 86400:,.1f} days simulated, {rate:,.0f} decisions/s"
                bars.update(
                    task, total=env.simulator.num_jobs, completed=env.simulator.num_ended, state=state
                )

            yield watch

    def show_run(self, run: Run, with_metrics: bool) -> None:
        """Say what was run, what was left out, and how it went."""
        scenario, workload = run.scenario, run.scenario.workload
        self._out.print(
            f"{workload.num_jobs:,} jobs of {workload.name} on {scenario.platform.name} "
            f"({scenario.platform.num_cores:,} cores): "
            f"{run.num_decisions:,} decisions in {run.wall_seconds:.2f} s",
            highlight=False,
        )
        for reason, count in workload.skipped.items():
            self._out.print(f"  {count:,} records skipped: {reason}", highlight=False)
        for note in workload.notes:
            self._out.print(f"  {note}", highlight=False)
        if scenario.oversized_jobs:
            number, names = len(scenario.oversized_jobs), named(scenario.oversized_jobs)
            self._out.print(
                f"  {number:,} jobs rejected, too large for the platform: {names}", highlight=False
            )
        if with_metrics:
            self._out.print(metrics_table(run.metrics))
        self._out.print(f"Run directory: {run.directory}", highlight=False)

    def show_repeats(self, runs: Sequence[Mapping[str, float]], directory: Path) -> None:
        """A table of the means over several runs."""
        means = {name: fmean(run[name] for run in runs) for name in runs[0]}
        self._out.print(metrics_table(means, title=f"Means of {len(runs)} runs"))
        self._out.print(f"Run directories: {directory}", highlight=False)


def metrics_table(metrics: Mapping[str, float], title: str | None = None) -> Table:
    """Metrics with their units, one a line."""
    table = Table("metric", title=title)
    table.add_column("value", justify="right")
    table.add_column("unit")
    for name, value in metrics.items():
        table.add_row(name, _shown(value), METRICS[name].unit)
    return table


def _shown(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4f}"
