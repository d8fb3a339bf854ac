"""Which sequences of consecutive jobs episodes take: one, a random one, or some held out for a comparison."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import OptionsError
from hdeeprm.options import Options
from hdeeprm.options.workload import PARTS

__all__ = ["PARTS", "WHOLE", "EpisodeWindows"]

WHOLE = "all"


@dataclass(frozen=True)
class EpisodeWindows:
    """The windows of a workload that episodes may take.

    Args:
        length: Number of jobs of each.
        first: Index of the first job that a window may start at.
        last: Index of the last one.
        drawn: Whether an episode takes a random one; if not, it takes the one at ``first``.
    """

    length: int
    first: int
    last: int
    drawn: bool

    @classmethod
    def of(cls, options: Options, num_jobs: int, part: str | None = None) -> EpisodeWindows:
        """The windows that options name, of a part of the workload.

        Args:
            options: ``workload.window`` counts; without it there is one window, all jobs.
            num_jobs: Number of jobs of the workload.
            part: "all", "train", "validation" or "test", in the place of the one that the options name.

        Raises:
            OptionsError: If a window does not fit the part.
        """
        window = options.workload.window
        if window is None:
            return cls(num_jobs, 0, 0, False)
        part = part or window.part
        begin, end = _bounds(window.split, part, num_jobs)
        drawn = window.start == "random"
        first = begin if window.start == "random" else begin + window.start
        if first + window.length > end:
            raise OptionsError(_too_long(window.length, first, part, begin, end))
        return cls(window.length, first, end - window.length, drawn)

    @property
    def choice(self) -> int | tuple[int, int]:
        """Where an episode starts: at a job, or at one drawn from the first to the last."""
        return (self.first, self.last) if self.drawn else self.first

    def checked(self, first_job: object) -> int:
        """A start that was asked for.

        Raises:
            OptionsError: If no window of the workload starts there.
        """
        if isinstance(first_job, bool) or not isinstance(first_job, int | np.integer):
            raise OptionsError(self._not_a_start(first_job))
        if not 0 <= first_job <= self.last:
            raise OptionsError(self._not_a_start(first_job))
        return int(first_job)

    def _not_a_start(self, first_job: object) -> str:
        return (
            f"reset: first_job: {first_job!r} is not an integer from 0 to {self.last}, "
            "the last job that a window can start at"
        )

    def spread(self, count: int) -> npt.NDArray[np.int64]:
        """Starts of as many windows, evenly spaced from the first to the last, int64, shape (count,).

        They overlap where there is no room for so many.
        """
        return np.linspace(self.first, self.last, count).round().astype(np.int64)


def _bounds(split: tuple[float, float, float] | None, part: str, num_jobs: int) -> tuple[int, int]:
    """Index of the first job of a part, and of the one after its last."""
    if split is None or part == WHOLE:
        return 0, num_jobs
    edges = [0, *(round(share * num_jobs) for share in np.cumsum(split)[:2]), num_jobs]
    place = PARTS.index(part)
    return edges[place], edges[place + 1]


def _too_long(length: int, first: int, part: str, begin: int, end: int) -> str:
    where = "the workload's" if part == WHOLE else f"those of the part {part!r}, jobs {begin} to {end - 1},"
    return (
        f"workload.window: {length} jobs from job {first} go beyond {where} {end - begin} jobs; "
        "shorten the window or let it start earlier"
    )
