"""The Pareto front: what nothing else beats in every respect."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def front_rows(costs: npt.NDArray[np.float64]) -> list[int]:
    """Rows that no other beats in all columns, in the order of the first column.

    >>> front_rows(np.array([[1.0, 5.0], [2.0, 6.0], [0.0, 9.0], [1.0, 5.0]]))
    [2, 0]

    Args:
        costs: The less, the better, shape (num_rows, num_columns); rows with NaN or infinity are left out.

    Returns:
        Indices; of equal rows the first.
    """
    order = np.lexsort(costs.T[::-1])  # a row comes after all that beat it
    left = order[np.isfinite(costs[order]).all(axis=1)]
    rows: list[int] = []
    while len(left):
        best = int(left[0])
        rows.append(best)
        left = left[(costs[left] < costs[best]).any(axis=1)]
    return rows
