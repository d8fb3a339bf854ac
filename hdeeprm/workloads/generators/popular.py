"""The twenty most popular requested times: which values they are, and how their popularity is dealt.

Source: D. Tsafrir, Y. Etsion and D. Feitelson, "Modeling user runtime estimates", JSSPP 2005, with the
constants of the authors' program in the Parallel Workloads Archive.
"""

from __future__ import annotations

from itertools import islice

import numpy as np

from hdeeprm.workloads.workload import FloatArray, IntArray

HEAD_SIZE = 20
SHORTEST_LIMIT = 3600.0
"""Seconds; the model needs a limit of at least an hour."""

COMMON_TIMES = tuple(60.0 * minutes for minutes in (5, 10, 15, 20, 30)) + tuple(
    3600.0 * hours for hours in (1, 2, 3, 4, 5, 6, 8, 10, 12, 18)
)
"""Seconds; the values that are among the twenty of each of the four logs."""

ROUND_STEPS = tuple(60.0 * minutes for minutes in (12_000, 6000, 3000, 600, 300, 120, 60, 20, 10, 5))
"""Seconds; their multiples, from the limit downwards, make the twenty complete."""

RANKS_IN_LOGS: IntArray = np.array(
    [
        [3, 1, 4, 17, 13, 7, 8, 18, 2, 6, 16, 10, 5, 15, 14, 19, 11, 12, 9, 20],
        [1, 3, 4, 2, 12, 9, 8, 18, 6, 7, 11, 20, 16, 5, 14, 13, 10, 15, 17, 19],
        [1, 4, 10, 14, 20, 2, 3, 7, 12, 6, 19, 5, 18, 16, 9, 17, 15, 13, 8, 11],
        [1, 6, 5, 3, 7, 2, 18, 19, 4, 11, 20, 9, 10, 14, 13, 16, 15, 17, 8, 12],
    ]
)
"""Popularity rank of the limit, then of the other values in ascending order, in four logs: a row each for
SDSC-106, CTC, KTH and Blue Horizon."""


def head_times(limit: float) -> FloatArray:
    """The most popular values: the limit, then the others in ascending order.

    Args:
        limit: Seconds, at least an hour.

    Returns:
        float64 seconds, shape (num_values,), 20 or fewer where the limit is short.
    """
    times = [limit, *(time for time in COMMON_TIMES if time < limit)]
    for step in ROUND_STEPS:
        multiples = (number * step for number in range(int(limit // step), 0, -1))
        others = (time for time in multiples if time not in times)
        times += list(islice(others, HEAD_SIZE - len(times)))
    return np.array([limit, *sorted(times[1:])])


def popularity_ranks(num_values: int, rng: np.random.Generator) -> IntArray:
    """Popularity rank of the limit, which is 1, and of the other values in ascending order.

    A value gets a rank that one of the logs gives to a value at its place or an earlier one; the better of
    two draws, and at once a rank that no log gives to a later place.

    Args:
        num_values: Number of values, at most 20.
        rng: Source of the draws.

    Returns:
        int64, shape (num_values,), a permutation of 1 to ``num_values``.
    """
    places = np.argsort(RANKS_IN_LOGS, axis=1).max(axis=0).tolist()  # the last one of each rank
    last_place = dict(enumerate(places, start=1))
    ranks = [1]
    for place in range(1, HEAD_SIZE):
        seen = RANKS_IN_LOGS[:, : place + 1].ravel()
        pool = seen[~np.isin(seen, ranks)]
        due = [rank for rank, last in last_place.items() if last <= place and rank not in ranks]
        ranks.append(due[0] if due else int(rng.choice(pool, size=2).min()))
    return np.argsort(np.argsort(ranks[:num_values])) + 1
