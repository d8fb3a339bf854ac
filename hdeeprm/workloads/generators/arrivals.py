"""Arrivals with a day cycle: gaps on a clock of their own, and the wall times they lead to.

Gaps between jobs are drawn on a clock that runs with the intensity of arrivals: fast in the rush
hours, slow at night, right on average over a day. Turning its hands back to wall time gives the cycle.
:class:`ArrivalModel` has the curve of Lublin and Feitelson 2003 (see ``lublin.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hdeeprm.workloads.workload import FloatArray

SECONDS_PER_DAY = 86_400.0
BUCKETS_PER_DAY = 48
FIRST_BUCKET = 11
"""The day of the fit begins at half past five; the curve is moved cyclically to midnight."""

LONGEST_LOG_GAP = 13.0
"""Of seconds, about five days: longer gaps are drawn again, as in the authors' program."""

_POINTS_PER_BUCKET = 64
_LARGEST_STRETCH = 1e9
_BISECTIONS = 100


class DayCycle(Protocol):
    """How the intensity of arrivals changes over the day."""

    def day_weights(self) -> FloatArray:
        """Relative intensity in each half hour from midnight, shape (48,), above 0, mean 1."""
        ...


@dataclass(frozen=True)
class ArrivalModel:
    """Parameters of the arrivals; gaps are gamma variates in natural log of seconds."""

    gap_shape: float = 10.2303  # in the rush hours
    gap_scale: float = 0.4871
    rush_to_all: float = 1.0225  # turns the shape of the rush hours into that of the whole day
    cycle_shape: float = 8.1737  # number of jobs over the half hours of the day
    cycle_scale: float = 3.9631
    longest_log_gap: float = LONGEST_LOG_GAP

    def draw_gaps(self, num_jobs: int, rng: np.random.Generator) -> FloatArray:
        """Gap before each job in seconds of the arrivals' clock, shape (num_jobs,)."""
        log_gaps = np.full(num_jobs, np.inf)
        pending = np.arange(num_jobs)
        while len(pending):
            log_gaps[pending] = rng.gamma(self.gap_shape * self.rush_to_all, self.gap_scale, len(pending))
            pending = pending[log_gaps[pending] > self.longest_log_gap]
        return np.asarray(np.exp(log_gaps), dtype=np.float64)

    def day_weights(self) -> FloatArray:
        """Relative intensity of arrivals in each half hour from midnight, shape (48,), mean 1.

        Weight of half hour i = integral of the gamma density from i - 0.5 to i + 0.5.
        """
        hours = np.arange(FIRST_BUCKET, FIRST_BUCKET + BUCKETS_PER_DAY)
        offsets = (np.arange(_POINTS_PER_BUCKET) + 0.5) / _POINTS_PER_BUCKET - 0.5
        points = hours[:, np.newaxis] + offsets
        log_density = (self.cycle_shape - 1.0) * np.log(points) - points / self.cycle_scale
        mass = np.exp(log_density - log_density.max()).sum(axis=1)
        weights = np.empty(BUCKETS_PER_DAY)
        weights[hours % BUCKETS_PER_DAY] = mass / mass.mean()
        return weights


def arrival_times(gaps: FloatArray, cycle: DayCycle) -> FloatArray:
    """Wall times of jobs whose gaps are given on the arrivals' clock.

    Args:
        gaps: Seconds of that clock before each job, shape (num_jobs,).
        cycle: Gives the day cycle.

    Returns:
        float64 seconds since midnight of the first day, shape (num_jobs,), ascending.
    """
    wall, clock = _hands(cycle)
    days, rest = np.divmod(np.cumsum(gaps), SECONDS_PER_DAY)
    return np.asarray(days * SECONDS_PER_DAY + np.interp(rest, clock, wall), dtype=np.float64)


def clock_gaps(times: FloatArray, cycle: DayCycle) -> FloatArray:
    """The gaps between submissions on the arrivals' clock: the inverse of :func:`arrival_times`.

    Args:
        times: Seconds since a midnight, shape (num_jobs,), ascending.
        cycle: Gives the day cycle.

    Returns:
        float64 seconds of the clock, shape (num_jobs - 1,), not negative.
    """
    wall, clock = _hands(cycle)
    days, rest = np.divmod(times, SECONDS_PER_DAY)
    return np.diff(days * SECONDS_PER_DAY + np.interp(rest, wall, clock))


def count_half_hours(times: FloatArray) -> FloatArray:
    """Submissions in each half hour of the day, shape (48,); ``times`` are seconds since a midnight."""
    buckets = (times // (SECONDS_PER_DAY / BUCKETS_PER_DAY) % BUCKETS_PER_DAY).astype(np.int64)
    return np.bincount(buckets, minlength=BUCKETS_PER_DAY).astype(np.float64)


def _hands(cycle: DayCycle) -> tuple[FloatArray, FloatArray]:
    """Wall time and the arrivals' clock at each half hour of a day, shapes (49,)."""
    wall = np.linspace(0.0, SECONDS_PER_DAY, BUCKETS_PER_DAY + 1)
    clock = np.concatenate(([0.0], np.cumsum(cycle.day_weights()))) * SECONDS_PER_DAY / BUCKETS_PER_DAY
    clock[-1] = SECONDS_PER_DAY
    return wall, clock


def scale_to_load(gaps: FloatArray, span: float, cycle: DayCycle) -> FloatArray:
    """Stretches the gaps by one factor, so that the submissions take a given wall time.

    Args:
        gaps: Seconds of the arrivals' clock, shape (num_jobs,), at least two.
        span: Seconds wanted from the first to the last submission.
        cycle: Gives the day cycle, which stays as it is.

    Returns:
        The stretched gaps; the span grows with the factor, which is found by bisection.
    """
    low, high = -np.log(_LARGEST_STRETCH), np.log(_LARGEST_STRETCH)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        times = arrival_times(gaps * np.exp(middle), cycle)
        if times[-1] - times[0] < span:
            low = middle
        else:
            high = middle
        if high - low < np.finfo(np.float64).resolution:
            break
    return np.asarray(gaps * np.exp((low + high) / 2.0), dtype=np.float64)
