"""Progress while a study goes on: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from hdeeprm.studies.progress import Progress
from hdeeprm.studies.queue.records import Status
from hdeeprm.time_units import time_text

from .graphite import Graphite

if TYPE_CHECKING:
    from hdeeprm.studies.file import StudyFile

BAR_WIDTH = 20
SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def live_progress(console: Console, file: StudyFile) -> Iterator[Callable[[Progress], None]]:
    """Something to tell progress to.

    Args:
        console: Where it is shown.
        file: The study, whose first metric the best run is by, and whose Graphite server is told too.
    """
    columns = (
        TextColumn("runs"),
        BarColumn(BAR_WIDTH),
        MofNCompleteColumn(),
        TextColumn("{task.fields[state]}"),
    )
    lines, metric = Lines(console, file.metrics[0]), file.metrics[0]
    graphite = Graphite(file.graphite) if file.graphite is not None else None
    with Bars(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task("runs", total=None, state="")

        def watch(progress: Progress) -> None:
            if graphite is not None:
                graphite.send(progress)
            state = progress_text(progress, metric)
            bars.update(task, total=progress.num_runs, completed=progress.num_over, state=state)
            if not console.is_terminal:
                lines.tell(progress)

        yield watch


def progress_text(progress: Progress, metric: str) -> str:
    """Counts, rate, time left and the best run so far, as far as they are known."""
    counts = progress.counts
    parts = [f"{counts.get(Status.RUNNING, 0)} running"]
    parts += [f"{counts[key]} {key.value}" for key in (Status.FAILED, Status.PRUNED) if counts.get(key)]
    if progress.num_errors:
        parts.append(f"{progress.num_errors} exceptions")
    if progress.num_workers:
        parts.append(f"{progress.num_workers} workers")
    if progress.num_ended_here:
        parts.append(rate_text(progress.runs_per_second))
    if progress.seconds_left:
        parts.append(f"{time_text(progress.seconds_left, 0)} left")
    if progress.best is not None:
        number, value = progress.best
        parts.append(f"best {metric} {value:.6g} (run {number})")
    return ", ".join(parts)


def rate_text(per_second: float) -> str:
    """A rate in the unit that suits it.

    >>> rate_text(0.5)
    '30.0 runs/min'
    """
    units = ((1, "s"), (60, "min"), (3600, "h"))
    factor, unit = next((pair for pair in units if per_second * pair[0] >= 1), units[-1])
    return f"{per_second * factor:.1f} runs/{unit}"


class Lines:
    """A line of progress where there is no terminal: at first, at last, and now and then.

    Args:
        console: Where it is printed.
        metric: What the best run is by.
    """

    def __init__(self, console: Console, metric: str) -> None:
        self._console, self._metric = console, metric
        self._told = -float("inf")
        self._num_told = -1

    def tell(self, progress: Progress) -> None:
        """Print a line if one is due."""
        if self._is_due(progress):
            self._told, self._num_told = time.monotonic(), progress.num_over
            state = progress_text(progress, self._metric)
            self._console.print(f"{progress.num_over} of {progress.num_runs} runs, {state}")

    def _is_due(self, progress: Progress) -> bool:
        is_last = progress.num_over == progress.num_runs
        late = time.monotonic() - self._told > SECONDS_BETWEEN_LINES
        return progress.num_over != self._num_told and (late or is_last)
