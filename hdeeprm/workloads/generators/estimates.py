"""What users ask for: over-estimated run times by the model of Tsafrir, Etsion and Feitelson.

Source: D. Tsafrir, Y. Etsion and D. Feitelson, "Modeling user runtime estimates", JSSPP 2005, with the
constants of the authors' program in the Parallel Workloads Archive. Users choose from few values: twenty of
them, round ones mostly, serve 89 % of the jobs, and the longest that is allowed is the most popular.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.generators.popular import HEAD_SIZE, SHORTEST_LIMIT, head_times, popularity_ranks
from hdeeprm.workloads.workload import FloatArray

HEAD_SHARE = 0.89
HEAD_DECAY = (0.140491, -0.177531, 0.00462513)
"""a, b, c of the share a exp(b rank) + c of the popularity ranks 2 to 20; rank 1 has the rest of the 89 %."""

TAIL_EXPONENT = -2.267
"""The shares of ranks 21 and beyond go with this power of the rank, and sum up to the other 11 %."""

JOBS_OF_VALUES = (0, 20, 200, 1000, 10_000, 70_000, 250_000)
NUM_VALUES = (0, 10, 20, 35, 90, 340, 565)
"""Different values that so many jobs use; linear between, constant beyond."""

FRACTION = (12.1039, -0.6026)
"""p, q of a = 1 + p values^q in the times of the tail, limit (a - 1) x / (a - x) at relative rank x."""

STRAIGHTEST = 1000.0
"""With this a, the times of the tail are as good as evenly spaced."""

SECONDS_PER_MINUTE = 60.0


@dataclass(frozen=True, eq=False)
class PopularRequests:
    """The most popular requested times of a trace, in place of the model's own head."""

    times: FloatArray  # s, different ones, shape (num_values,), at most 20
    shares: FloatArray  # of all jobs, shape (num_values,), sum at most 1
    limit: float  # s, the longest request
    curve: float  # a of the times of the tail, above 1


def popular_requests(requested_time: FloatArray) -> PopularRequests:
    """The head of the requests of a trace.

    Args:
        requested_time: Seconds, shape (num_jobs,), at least one.
    """
    times, counts = np.unique(np.ceil(requested_time), return_counts=True)
    most = np.argsort(-counts, kind="stable")[:HEAD_SIZE]
    limit = float(times[-1])
    tail = np.delete(times, most)
    return PopularRequests(times[most], counts[most] / len(requested_time), limit, _fit_curve(tail / limit))


def _fit_curve(tail: FloatArray) -> float:
    """The a with which (a - 1) x / (a - x) at x = 1/2 is the middle one of the tail's times / limit."""
    middle = float(np.median(tail)) if len(tail) else 0.5
    return min((1.0 - middle) / (1.0 - 2.0 * middle), STRAIGHTEST) if middle < 0.5 else STRAIGHTEST


def draw_estimates(
    run_time: FloatArray,
    rng: np.random.Generator,
    limit: float | None = None,
    popular: PopularRequests | None = None,
) -> FloatArray:
    """Requested times that no job outlives.

    Where the longest jobs are more than the requests that would hold them, the shortest requests in their
    way become the limit: users of long jobs ask for all that is allowed.

    Args:
        run_time: Seconds, shape (num_jobs,).
        rng: Source of the draws.
        limit: Longest request in seconds, at least an hour; None for the trace's where ``popular`` is
            given, else the longest run time, up to whole hours.
        popular: Most popular requests of a trace; None for the model's own.

    Returns:
        float64 seconds, shape (num_jobs,), from the run time to the limit.

    Raises:
        WorkloadError: If the limit is below an hour or below a run time.
    """
    longest = float(run_time.max())
    if limit is None:
        limit = max(SHORTEST_LIMIT * math.ceil(longest / SHORTEST_LIMIT), popular.limit if popular else 0.0)
    if not max(SHORTEST_LIMIT, longest) <= limit < math.inf:
        raise WorkloadError(
            f"max_requested_time: {limit:g} s; give at least {SHORTEST_LIMIT:g} s and the longest run time, "
            f"{longest:g} s, or a smaller max_run_time"
        )
    times, shares = _value_shares(len(run_time), limit, popular, rng)
    requests = np.sort(rng.choice(times, size=len(run_time), p=shares))[::-1]
    return _assign(run_time, requests, limit, rng)


def _value_shares(
    num_jobs: int, limit: float, popular: PopularRequests | None, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """The values that are asked for in seconds and their shares of the jobs, which sum up to 1."""
    num_values = round(float(np.interp(num_jobs, JOBS_OF_VALUES, NUM_VALUES)))
    if popular is None:
        head = head_times(limit)
        head_shares = _head_shares(len(head))[popularity_ranks(len(head), rng) - 1]
        curve = 1.0 + FRACTION[0] * max(num_values, 1) ** FRACTION[1]
    else:
        allowed = popular.times <= limit
        head, head_shares, curve = popular.times[allowed], popular.shares[allowed], popular.curve
    tail = _tail_times(num_values - len(head), curve, limit, head)
    tail_shares = (HEAD_SIZE + 1.0 + rng.permutation(len(tail))) ** TAIL_EXPONENT
    if len(tail):
        tail_shares *= max(1.0 - head_shares.sum(), 0.0) / tail_shares.sum()
    shares = np.concatenate((head_shares, tail_shares))
    return np.concatenate((head, tail)), shares / shares.sum()


def _head_shares(num_values: int) -> FloatArray:
    """Share of the jobs of each popularity rank, from 1; descending."""
    factor, decay, constant = HEAD_DECAY
    shares = factor * np.exp(decay * np.arange(1, num_values + 1)) + constant
    shares[0] = HEAD_SHARE - shares[1:].sum()
    return np.asarray(shares, dtype=np.float64)


def _tail_times(num_tail: int, curve: float, limit: float, head: FloatArray) -> FloatArray:
    """Whole minutes below the limit that are not in the head, in seconds."""
    if num_tail <= 0:
        return np.empty(0)
    place = np.arange(1, num_tail + 1) / num_tail
    minutes = np.rint(limit * (curve - 1.0) * place / (curve - place) / SECONDS_PER_MINUTE)
    times = np.unique(minutes * SECONDS_PER_MINUTE)
    return np.setdiff1d(times[(times > 0.0) & (times < limit)], head)


def _assign(run_time: FloatArray, requests: FloatArray, limit: float, rng: np.random.Generator) -> FloatArray:
    """Deals the requests to the jobs, longest job first, each one any of those left that hold it.

    Args:
        run_time: Seconds, shape (num_jobs,).
        requests: Seconds in descending order, shape (num_jobs,).
        limit: Seconds, what a request becomes that is too short at its place.
        rng: Source of the draws.
    """
    order = np.argsort(-run_time, kind="stable")
    longest_first = run_time[order]
    requests = np.sort(np.where(requests < longest_first, limit, requests))[::-1].copy()
    enough = np.searchsorted(-requests, -longest_first, side="right")  # requests that hold each job
    picks = np.arange(len(order)) + (rng.random(len(order)) * (enough - np.arange(len(order)))).astype(
        np.int64
    )
    left = requests.tolist()
    for place, pick in enumerate(picks.tolist()):
        left[place], left[pick] = left[pick], left[place]
    dealt = np.empty(len(order))
    dealt[order] = left
    return dealt
