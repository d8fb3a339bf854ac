"""Which cores jobs were given, as the shortest list of intervals of each job."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hdeeprm.metrics import FloatArray
from hdeeprm.simulator.logs import joined_placements

SmallIntegers = npt.NDArray[np.int32]


class Intervals(NamedTuple):
    """Disjoint intervals of cores that do not touch, by job and then by core; shape (num_intervals,) each."""

    job: SmallIntegers
    first_core: SmallIntegers
    last_core: SmallIntegers


def merge(placements: npt.NDArray[np.void]) -> Intervals:
    """Join the intervals of a job that touch.

    Args:
        placements: Disjoint intervals in any order: ``job``, ``first_core``, ``last_core``.
    """
    joined = joined_placements(placements)
    return Intervals(joined["job"], joined["first_core"], joined["last_core"])


def interval_text(first: str, last: str) -> str:
    """The cores from one to another as Batsim writes them."""
    return first if first == last else f"{first}-{last}"


def as_text(intervals: Intervals, num_jobs: int) -> list[str]:
    """Cores of each job as Batsim writes them, such as ``0-3 7``; empty where it got none."""
    highest = int(intervals.last_core.max(initial=-1))
    names = [str(core) for core in range(highest + 1)]
    ends = zip(intervals.first_core.data, intervals.last_core.data, strict=True)
    parts = (interval_text(names[first], names[last]) for first, last in ends)
    num_parts = np.diff(np.searchsorted(intervals.job, np.arange(num_jobs + 1))).tolist()
    return [" ".join(islice(parts, count)) for count in num_parts]


def from_text(texts: Sequence[str]) -> Intervals:
    """Cores of jobs from what :func:`as_text` writes, and Batsim.

    Raises:
        ValueError: If a text is no such list of intervals.
        OverflowError: If the number of a core is too large to be one.
    """
    parts = [(job, *part.partition("-")) for job, text in enumerate(texts) for part in text.split()]
    columns = np.array([(job, int(first), int(last or first)) for job, first, _, last in parts], np.int32)
    job_of, first_core, last_core = columns.reshape(-1, 3).T
    for row in np.flatnonzero(last_core < first_core)[:1].tolist():
        raise ValueError(f"cores {first_core[row]} to {last_core[row]} run backwards")
    return Intervals(job_of, first_core, last_core)


def last_use(intervals: Intervals, finish_time: FloatArray, num_cores: int) -> FloatArray:
    """When each core was last used, in s, shape (num_cores,); 0 where never.

    Args:
        intervals: Cores of each job.
        finish_time: End of each job in s, NaN where it did not end, shape (num_jobs,).
        num_cores: Number of cores of the platform.
    """
    last = np.zeros(num_cores)
    finish = finish_time[intervals.job]
    order = np.argsort(finish, kind="stable")[: np.count_nonzero(np.isfinite(finish))]
    columns = intervals.first_core[order], intervals.last_core[order] + 1, finish[order]
    for first, end, time in zip(*(column.data for column in columns), strict=True):
        last[first:end] = time
    return last
