"""Gamma distributions fitted to weighted values."""

from __future__ import annotations

import numpy as np

from hdeeprm.workloads.workload import FloatArray

NARROWEST_SCALE = 1e-6
"""Relative to the mean: values that are all alike get this scale instead of 0."""


def fit_gamma(values: FloatArray, weights: FloatArray | None = None) -> tuple[float, float]:
    """Shape and scale of a gamma distribution, in closed form and with the mean of the values.

    scale = mean(x ln x) - mean(x) mean(ln x), shape = mean(x) / scale   [Z.-S. Ye and N. Chen, "Closed-form
    estimators for the gamma distribution derived from likelihood equations", The American Statistician
    71(2), 2017]

    Args:
        values: Above 0, shape (num_values,).
        weights: Weight of each value, not all 0; None for equal ones.

    Returns:
        Shape (dimensionless) and scale (in the unit of the values).
    """
    logs = np.log(values)
    mean = float(np.average(values, weights=weights))
    covariance = np.average(values * logs, weights=weights) - mean * np.average(logs, weights=weights)
    scale = max(float(covariance), NARROWEST_SCALE * mean)
    return mean / scale, scale
