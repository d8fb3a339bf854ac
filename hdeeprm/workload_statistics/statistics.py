"""Statistics of a field, by name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from hdeeprm.errors import WorkloadError, did_you_mean
from hdeeprm.workloads.workload import FloatArray

Statistic: TypeAlias = Callable[[FloatArray], float]

STATISTICS: Mapping[str, Statistic] = MappingProxyType(
    {
        "count": lambda values: len(values),
        "unique": lambda values: len(np.unique(values)),
        "sum": lambda values: math.fsum(values),
        "mean": lambda values: math.fsum(values) / len(values),
        "std": lambda values: float(np.std(values)),
        "min": lambda values: float(np.min(values)),
        "median": lambda values: float(np.median(values)),
        "max": lambda values: float(np.max(values)),
    }
)
"""Statistics of the values that are known, by name; ``std`` is that of the population (n, not n - 1).

Besides, ``pX`` is the percentile X (linear), such as ``p95`` or ``p99.9``.
"""

EXAMPLES = (*STATISTICS, "p95", "p99")
_PERCENTILE = re.compile(r"p(\d+(?:\.\d+)?)")
_HIGHEST = 100.0


def statistic_named(name: str) -> Statistic:
    """The statistic that a name stands for.

    >>> statistic_named("p50")(np.array([1.0, 2.0, 9.0]))
    2.0

    Raises:
        WorkloadError: If there is none of that name; the nearest one is named.
    """
    if name in STATISTICS:
        return STATISTICS[name]
    match = _PERCENTILE.fullmatch(name)
    if match and float(match[1]) <= _HIGHEST:
        percentile = float(match[1])
        return lambda values: float(np.percentile(values, percentile))
    nearest = did_you_mean(name, EXAMPLES)
    raise WorkloadError(
        f"statistic {name!r} is not known; one of {', '.join(STATISTICS)}, or a percentile from p0 to p100 "
        f"such as p95.{nearest}"
    )


def compute(values: FloatArray, name: str) -> float:
    """One statistic of some values.

    Args:
        values: At least one, all known, shape (num_values,).
        name: Of the statistic.

    Raises:
        WorkloadError: If there is none of that name.
    """
    return statistic_named(name)(values)
