"""How far a study is: counts, rate, time left, the best run so far."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .queue.records import OUTCOME, RUN, Status, status_of

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from .queue import Queue


@dataclass(frozen=True)
class Progress:
    """A look at the queue.

    Attributes:
        counts: Number of runs by their status.
        num_errors: Of the failed ones, those with an exception that was no error of the project's.
        num_attempts: Attempts that ended, in whatever way.
        num_workers: Workers that are alive, as far as the launcher knows.
        seconds: Since the driver began.
        num_ended_here: Runs that ended since then.
        best: Number, and value of the first metric, of the best run; None while none is complete.
        notices: What the user should know.
        running: Numbers of the runs that are under way.
    """

    counts: dict[Status, int]
    num_errors: int
    num_attempts: int
    num_workers: int
    seconds: float
    num_ended_here: int
    best: tuple[int, float] | None
    notices: tuple[str, ...] = ()
    running: tuple[int, ...] = ()

    @property
    def num_failed(self) -> int:
        """Runs that failed."""
        return self.counts.get(Status.FAILED, 0)

    @property
    def num_runs(self) -> int:
        """All runs."""
        return sum(self.counts.values())

    @property
    def num_over(self) -> int:
        """Runs that have ended."""
        return sum(count for status, count in self.counts.items() if status.is_over)

    @property
    def is_success(self) -> bool:
        """Whether every run has ended, and none failed."""
        return self.num_over == self.num_runs and not self.num_failed

    @property
    def runs_per_second(self) -> float:
        """Of those that ended since the driver began."""
        return self.num_ended_here / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Expected at the present rate; None before any run has ended."""
        rate = self.runs_per_second
        return (self.num_runs - self.num_over) / rate if rate > 0 else None


class Observer:
    """Looks at a queue now and then.

    Args:
        queue: Of the study.
        limit: Number of runs that the study is cut down to.
    """

    def __init__(self, queue: Queue, limit: int | None = None) -> None:
        self._queue, self._limit = queue, limit
        self._since = time.monotonic()
        self._before: int | None = None

    def look(self, num_workers: int = 0) -> Progress:
        """How far the study is now.

        Args:
            num_workers: Workers that are alive.
        """
        runs = [(status_of(trial), trial) for trial in self._queue.asked_for(self._limit).values()]
        counts = Counter(status for status, _ in runs)
        num_over = sum(count for status, count in counts.items() if status.is_over)
        self._before = num_over if self._before is None else self._before
        return Progress(
            counts=dict(counts),
            num_errors=sum(status is Status.FAILED and _has_traceback(trial) for status, trial in runs),
            num_attempts=sum(trial.state.is_finished() for trial in self._queue.trials()),
            num_workers=num_workers,
            seconds=time.monotonic() - self._since,
            num_ended_here=num_over - self._before,
            best=self._best([trial for status, trial in runs if status is Status.COMPLETE]),
            running=tuple(trial.user_attrs[RUN] for status, trial in runs if status is Status.RUNNING),
        )

    def _best(self, complete: Sequence[FrozenTrial]) -> tuple[int, float] | None:
        if not complete:
            return None
        choose = max if self._queue.directions[0] == "maximize" else min
        best = choose(complete, key=lambda trial: trial.values[0])
        return best.user_attrs[RUN], best.values[0]


def _has_traceback(trial: FrozenTrial) -> bool:
    """Whether an attempt failed by an exception that is no error of the project's."""
    return bool(trial.user_attrs.get(OUTCOME, {}).get("error", {}).get("traceback"))
