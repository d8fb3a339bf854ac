"""What a simulation leaves behind, packed: cores that jobs got, times of over-subscribed processors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.void]

PLACEMENT = np.dtype([("job", "i4"), ("first_core", "i4"), ("last_core", "i4")])
OVERSUBSCRIPTION = np.dtype([("processor", "i4"), ("start", "f8"), ("end", "f8")])  # s


def joined_placements(rows: Rows) -> Rows:
    """Intervals of cores as PLACEMENT, by job and core, those of a job joined where they touch."""
    return _joined(rows, PLACEMENT, lambda last: last + 1)


def joined_oversubscriptions(rows: Rows, tolerance: float) -> Rows:
    """Intervals of time as OVERSUBSCRIPTION, by processor and start, joined where they touch.

    One touches another if it begins in the instant in which the other ends, see ``instant_tolerance``.
    """
    return _joined(rows, OVERSUBSCRIPTION, lambda last: last + tolerance * np.maximum(1.0, last))


def _joined(rows: Rows, kind: np.dtype[np.void], reach: Callable[[Any], Any]) -> Rows:
    """Sort disjoint intervals of groups and join those that begin within reach of the last value before."""
    group, first, last = (rows[name] for name in kind.names or ())
    order = np.lexsort((first, group))
    group, first, last = group[order], first[order], last[order]
    opens = np.ones(len(order) + 1, np.bool_)  # with one more, so that the last interval closes
    opens[1:-1] = (group[1:] != group[:-1]) | (first[1:] > reach(last[:-1]))
    joined = np.empty(int(opens.sum()) - 1, kind)
    for name, column in zip(
        kind.names or (), (group[opens[:-1]], first[opens[:-1]], last[opens[1:]]), strict=True
    ):
        joined[name] = column
    return joined
