"""What the launcher shows: a progress bar while a run goes on, then the table of metrics."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, stdev

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
from hdeeprm.results import json_text
from hdeeprm.simulator.kernel.compiling import is_compiled


class RunReporter:
    """Talks to the person at the terminal: progress and notices on stderr, results on stdout.

    Args:
        for_machines: Print the results as JSON and nothing else on stdout.
    """

    def __init__(self, for_machines: bool = False) -> None:
        self._for_machines = for_machines
        self._out = Console(quiet=for_machines, soft_wrap=True, highlight=False, markup=False)
        self._err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)

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
            console=self._err,
            disable=not self._err.is_terminal,
            transient=True,
        ) as bars:
            task = bars.add_task("", total=None, state="reading")
            started = time.perf_counter()

            def watch(env: WorkloadManagementEnv, num_decisions: int) -> None:
                rate = num_decisions / max(1e-9, time.perf_counter() - started)
                state = f"{env.simulator.now / 86400:,.1f} days simulated, {rate:,.0f} decisions/s"
                if num_decisions == 0:
                    state = self._starting()
                bars.update(
                    task, total=env.simulator.num_jobs, completed=env.simulator.num_ended, state=state
                )

            yield watch

    def _starting(self) -> str:
        """What goes on before the first decision; said in so many words where there is no progress bar."""
        if is_compiled():
            return "starting"
        if not self._err.is_terminal:
            self._err.print("compiling the simulator, which is kept for the next time ...")
        return "compiling the simulator, which is kept for the next time"

    def show_run(self, run: Run) -> None:
        """Say what was run, under which agent, what was left out, and where the results are."""
        scenario, decisions = run.scenario, run.decisions
        agent = run.options.agent.name or run.options.action_table().names[0]
        self._out.print(
            f"{run.metrics['num_jobs']:,.0f} jobs of {scenario.workload.name} on {scenario.platform.name} "
            f"({scenario.platform.num_cores:,} cores) under {agent}, seed {run.options.seed}: "
            f"{len(decisions.actions):,} decisions in {decisions.wall_seconds:.2f} s"
        )
        for notice in scenario.notices():
            (self._err if self._for_machines else self._out).print(f"  {notice}")

    def show_metrics(self, run: Run) -> None:
        """The table of metrics of one run, and where its files are."""
        table = Table("metric")
        table.add_column("value", justify="right")
        table.add_column("unit")
        for name, value in run.metrics.items():
            table.add_row(name, _shown(value), _unit(name))
        self._out.print(table)
        self._out.print(f"Run directory: {run.directory}")

    def show_repeats(self, runs: Sequence[Run], directory: Path) -> None:
        """A table over several runs: mean, standard deviation, least and largest of each metric."""
        table = Table("metric", title=f"{len(runs)} runs")
        for column in ("mean", "std. deviation", "least", "largest"):
            table.add_column(column, justify="right")
        table.add_column("unit")
        for name in runs[0].metrics:
            values = [run.metrics[name] for run in runs]
            figures = (fmean(values), stdev(values), min(values), max(values))
            table.add_row(name, *map(_shown, figures), _unit(name))
        self._out.print(table)
        self._out.print(f"Run directories: {directory}")

    def print_json(self, runs: Sequence[Run]) -> None:
        """The metrics of one run as a JSON object, of several as a list."""
        texts = [json_text(run.metrics) for run in runs]
        print(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]", end="")


def _unit(metric: str) -> str:
    unit = METRICS[metric].unit
    return "" if unit == "1" else unit


def _shown(value: float) -> str:
    """A figure for people: counts without decimals, small figures with four, large ones with one."""
    if math.isnan(value):
        return "-"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:,.4f}"
