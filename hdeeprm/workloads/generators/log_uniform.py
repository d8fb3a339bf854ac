"""The log-uniform distribution: a straight line over the logarithm of the value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hdeeprm.workloads.workload import FloatArray

GRID_POINTS = 512


@dataclass(frozen=True)
class LogUniform:
    """P(X <= x) = intercept + slope ln x from ``low`` to ``high``; what the line misses is at the ends.

    Source: A. Downey, "A parallel workload model and its implications for processor allocation", HPDC 1997.
    """

    intercept: float
    slope: float  # per unit of ln x, not negative
    low: float  # above 0
    high: float

    def cdf(self, values: FloatArray) -> FloatArray:
        """P(X <= x) for each value, from 0 to 1."""
        line = np.clip(self.intercept + self.slope * np.log(values), 0.0, 1.0)
        return np.where(values < self.low, 0.0, np.where(values >= self.high, 1.0, line))

    def draw(self, num_values: int, rng: np.random.Generator) -> FloatArray:
        """Values from ``low`` to ``high``, shape (num_values,)."""
        place = rng.random(num_values)
        bottom, top = np.log(self.low), np.log(self.high)
        if self.slope == 0.0:
            logs = np.asarray(np.where(place < self.intercept, bottom, top), dtype=np.float64)
        else:
            logs = np.clip((place - self.intercept) / self.slope, bottom, top)
        return np.asarray(np.clip(np.exp(logs), self.low, self.high), dtype=np.float64)


def fit_log_uniform(values: FloatArray) -> LogUniform:
    """The line with the least squared distance to the values' own distribution over ln x.

    Args:
        values: Above 0, shape (num_values,), at least one.

    Returns:
        The distribution; a single value where all are alike.
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        return LogUniform(1.0, 0.0, low, high)
    grid = np.linspace(np.log(low), np.log(high), GRID_POINTS)
    shares = np.searchsorted(np.sort(np.log(values)), grid, side="right") / len(values)
    slope, intercept = np.polyfit(grid, shares, 1)
    return LogUniform(float(intercept), float(slope), low, high)
