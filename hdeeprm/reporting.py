"""What the launcher shows: progress while a run trains and goes on, then the table of metrics."""

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
from hdeeprm.experiment import Run
from hdeeprm.metrics import METRICS
from hdeeprm.playing import Watch
from hdeeprm.results.json_text import json_text
from hdeeprm.simulator.compilation import COMPILING, compilation_told
from hdeeprm.training import Progress as TrainingProgress
from hdeeprm.training import TrainingFacts, TrainingWatch

BAR_WIDTH = 12
"""Columns of a progress bar, few enough that figures stand beside it on a terminal of 100."""
TABLE_WIDTH = 1000
"""Of tables, so that no figure is cut short; a narrower terminal breaks their lines."""
LINES_OF_TRAINING = 20
"""Lines about training where there is no terminal for a progress bar."""


class RunReporter:
    """Talks to the person at the terminal: progress and notices on stderr, results on stdout.

    Args:
        for_machines: Print the results as JSON and nothing else on stdout.
    """

    def __init__(self, for_machines: bool = False) -> None:
        self._for_machines = for_machines
        self._out = Console(
            quiet=for_machines, width=TABLE_WIDTH, soft_wrap=True, highlight=False, markup=False
        )
        self._err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)

    @contextmanager
    def progress(self) -> Iterator[tuple[Watch, TrainingWatch]]:
        """Progress bars over training and over the jobs of a run, shown on a terminal.

        Elsewhere a line is written now and then while an agent is trained.
        """
        with (
            Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(BAR_WIDTH),
                MofNCompleteColumn(),
                TextColumn("{task.fields[state]}"),
                TimeElapsedColumn(),
                console=self._err,
                disable=not self._err.is_terminal,
                transient=True,
            ) as bars,
            compilation_told(lambda: self._err.print(COMPILING)),
        ):
            yield self._jobs_watch(bars), self._training_watch(bars)

    def _jobs_watch(self, bars: Progress) -> Watch:
        """Shows how many jobs have ended."""
        task = bars.add_task("jobs", total=None, state="", visible=False)
        started = time.perf_counter()

        def watch(env: WorkloadManagementEnv, num_decisions: int) -> None:
            rate = num_decisions / max(1e-9, time.perf_counter() - started)
            state = f"{env.simulator.now / 86400:,.1f} days simulated, {rate:,.0f} decisions/s"
            if num_decisions == 0:
                state = "starting"
            jobs = env.simulator
            bars.update(task, total=jobs.num_jobs, completed=jobs.num_ended, state=state, visible=True)

        return watch

    def _training_watch(self, bars: Progress) -> TrainingWatch:
        """Shows how far training is."""
        task = bars.add_task("training", total=None, state="", visible=False)
        lines = _Lines()

        def watch(progress: TrainingProgress) -> None:
            state = f"{progress.unit}  {_training_state(progress)}"
            if progress.stage == "starting":
                state = "starting"
            if not self._err.is_terminal:
                for line in lines.due(progress):
                    self._err.print(line)
            bars.update(
                task,
                description=progress.stage,
                total=progress.total,
                completed=progress.done,
                state=state,
                visible=progress.done < progress.total,
            )

        return watch

    def show_run(self, run: Run) -> None:
        """Say what was run, under which agent, what was left out, and where the results are."""
        scenario, decisions = run.scenario, run.decisions
        if run.training is not None:
            self._out.print(_trained(run.training))
        self._out.print(
            f"{run.metrics['num_jobs']:,.0f} jobs of {scenario.workload.name} on {scenario.platform.name} "
            f"({scenario.platform.num_cores:,} cores) under {_agent_of(run)}, seed {run.options.seed}: "
            f"{_rate(len(decisions.actions), decisions.wall_seconds)}"
        )
        for notice in run.notices:
            (self._err if self._for_machines else self._out).print(f"  {notice}")

    def show_metrics(self, run: Run) -> None:
        """The table of metrics of one run, and where its files are."""
        table = Table("metric")
        table.add_column("value", justify="right")
        table.add_column("unit")
        for name, value in run.metrics.items():
            table.add_row(name, _shown(value), _unit(name))
        self._out.print(table)
        if run.training is not None:
            for name, path in _checkpoints(run.training):
                self._out.print(f"{name}: {path}")
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
        """The metrics of one run, and the facts of its training, as a JSON object; of several as a list."""
        texts = [
            json_text(run.metrics | ({"training": run.training.as_json()} if run.training else {}))
            for run in runs
        ]
        print(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]", end="")


class _Lines:
    """What training says where there is no terminal: each stage once, and how far it is now and then."""

    def __init__(self) -> None:
        self._stage = ""
        self._told = -1

    def due(self, progress: TrainingProgress) -> Iterator[str]:
        """The lines to show now."""
        if progress.stage not in (self._stage, "starting", "validating"):
            self._stage, self._told = progress.stage, -1
            if progress.stage == "stopping":
                yield "stopping; a second Ctrl-C stops at once, without saving"
                return
        share = progress.done * LINES_OF_TRAINING // max(1, progress.total)
        if progress.stage == self._stage and share > self._told and progress.done:
            self._told = share
            state = _training_state(progress)
            done = f"{progress.done:,} of {progress.total:,} {progress.unit}"
            yield ", ".join(filter(None, (f"{progress.stage}: {done}", state)))


def _training_state(progress: TrainingProgress) -> str:
    """Return, loss, objective and speed of training, as far as they are known."""
    figures = (
        ("return", progress.mean_return, ".4g"),
        (progress.loss_name, progress.loss, ".2g"),
        ("objective", progress.objective, ".4g"),
        ("steps/s", progress.steps_per_second, ",.0f"),
    )
    return ", ".join(f"{name} {value:{form}}" for name, value, form in figures if not math.isnan(value))


def _trained(facts: TrainingFacts) -> str:
    """How long training was and how good it made the agent."""
    text = (
        f"Trained for {facts.steps:,} steps, {facts.episodes:,} episodes and {facts.updates:,} updates "
        f"({facts.wall_seconds:.1f} s, {facts.steps_per_second:,.0f} steps/s)"
    )
    if facts.validation_objective is None:
        return text
    return f"{text}; best in validation at step {facts.best_step:,}: {facts.validation_objective:.5g} per job"


def _checkpoints(facts: TrainingFacts) -> list[tuple[str, Path]]:
    named = {
        "Last checkpoint": facts.last_checkpoint,
        "Best model": facts.best_checkpoint,
        "Model written": facts.output_model,
    }
    return [(name, path) for name, path in named.items() if path is not None]


def _agent_of(run: Run) -> str:
    chosen = run.options.agent
    if chosen.file is not None:
        return Path(chosen.file).name
    return chosen.name or run.options.action_table().names[0]


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


def _rate(num_decisions: int, seconds: float) -> str:
    """How long decisions took, together and each."""
    each = 1e6 * seconds / max(1, num_decisions)
    shown = f"{each:.3g} us" if each < 1000 else f"{each / 1000:.3g} ms"
    return f"{num_decisions:,} decisions in {seconds:.3g} s ({shown} each)"
