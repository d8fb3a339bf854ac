"""A study that others run, watched until it is over: counts, rate, the best run, the runs in progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from hdeeprm.studies.progress import Observer, Progress
from hdeeprm.studies.queue.records import Run, Status
from hdeeprm.studies.text import one_line
from hdeeprm.time_units import time_text

from .holders import NOBODY, Holders
from .live import Lines, rate_text
from .summary import options_text

if TYPE_CHECKING:
    from hdeeprm.studies.file import StudyFile
    from hdeeprm.studies.queue import Queue

REFRESH = 2.0  # s between two looks
LOOK_SHARE = 5.0
"""So many times as long as a look took, the next one waits: looks at a very long study take their time."""
MAX_IN_PROGRESS = 15  # rows; more would not fit on most terminals
OPTIONS, WORKER = 60, 16  # characters

Show = Callable[[Progress, Sequence[Run], str], None]
"""Told how far the study is, the runs in progress, and what is to be known of their workers."""


def watch_study(console: Console, file: StudyFile, queue: Queue) -> None:
    """Show how far a study is until it is over.

    Args:
        console: A table where it is a terminal, else a line now and then.
        file: The study, whose first metric the best run is by.
        queue: The study's, which is only looked at.
    """
    from optuna.trial import TrialState

    observer, holders = Observer(queue), Holders(file)
    watching = _table if console.is_terminal else _lines
    with watching(console, file.metrics[0]) as show:
        while True:
            began = time.monotonic()
            progress = observer.look()
            running = [Run.of(trial) for trial in queue.trials(TrialState.RUNNING)]
            is_over = queue.is_planned() and progress.num_over == progress.num_runs
            show(progress, running, "" if is_over else holders.state([run.worker for run in running]))
            if is_over:
                return
            time.sleep(max(REFRESH, LOOK_SHARE * (time.monotonic() - began)))


@contextmanager
def _lines(console: Console, metric: str) -> Iterator[Show]:
    lines, told = Lines(console, metric), ""

    def show(progress: Progress, running: Sequence[Run], state: str) -> None:
        nonlocal told
        lines.tell(progress)
        if state and state != told:
            console.print(state)
        told = state

    yield show


@contextmanager
def _table(console: Console, metric: str) -> Iterator[Show]:
    with Live(console=console, transient=True, auto_refresh=False) as live:

        def show(progress: Progress, running: Sequence[Run], state: str) -> None:
            parts = [counts_table(progress, metric)]
            if running and state != NOBODY:
                parts.append(progress_table(running, datetime.now()))
            live.update(Group(*parts, *([state] if state else [])), refresh=True)

        yield show


def counts_table(progress: Progress, metric: str) -> Table:
    """How many runs there are of each status, how fast it goes, and the best run."""
    table = Table.grid(padding=(0, 2))
    counts = ", ".join(f"{progress.counts.get(status, 0)} {status.value}" for status in Status)
    table.add_row("runs", f"{progress.num_over} of {progress.num_runs} over: {counts}")
    has_rate = progress.num_ended_here > 0
    table.add_row("rate", rate_text(progress.runs_per_second) if has_rate else "not known yet")
    if progress.seconds_left:
        table.add_row("time left", time_text(progress.seconds_left, 0))
    if progress.best is not None:
        number, value = progress.best
        table.add_row("best", f"{metric} {value:.6g} (run {number})")
    return table


def progress_table(running: Sequence[Run], now: datetime) -> Table:
    """The runs in progress, those first that are longest at it.

    Args:
        running: At least one.
        now: By the clock of this machine, as the journal has it.
    """
    ordered = sorted(running, key=lambda run: (run.started or now, run.number))
    more = f"{len(ordered) - MAX_IN_PROGRESS} more are in progress"
    table = Table(caption=more if len(ordered) > MAX_IN_PROGRESS else None)
    for heading in ("run", "for", "last report", "worker", "options"):
        table.add_column(heading, no_wrap=heading != "options")  # which gives way where there is little room
    for run in ordered[:MAX_IN_PROGRESS]:
        since = time_text(max(0.0, (now - (run.started or now)).total_seconds()), 1)
        step = max(run.reports, default=None)
        report = "-" if step is None else f"{run.reports[step]:.6g} at {step}"
        worker, options = one_line(run.worker, WORKER), one_line(options_text(run), OPTIONS)
        table.add_row(str(run.number), since, report, worker, options)
    return table
