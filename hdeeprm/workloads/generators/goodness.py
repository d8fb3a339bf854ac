"""How near a generated trace comes to the one that its model was fitted to, field by field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hdeeprm.workloads.generators.sample import TraceSample
from hdeeprm.workloads.workload import FloatArray

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class FieldFit:
    """One field of both traces."""

    field: str
    unit: str
    distance: float  # Kolmogorov-Smirnov: the largest difference of the two distributions, 0 to 1
    trace_quantiles: tuple[float, ...]  # at QUANTILES
    generated_quantiles: tuple[float, ...]


@dataclass(frozen=True)
class FitReport:
    """Both traces side by side."""

    trace: str
    trace_jobs: int
    generated_jobs: int
    trace_load: float
    generated_load: float | None  # None where all jobs came at once
    fields: tuple[FieldFit, ...]


def compare_samples(trace: TraceSample, generated: TraceSample) -> FitReport:
    """Compares the fields that both traces have.

    Args:
        trace: What the model was fitted to.
        generated: What was drawn from it.

    Returns:
        Distances, quantiles and offered loads.
    """
    ours, theirs = _fields(generated), _fields(trace)
    fits = tuple(
        _field_fit(name, unit, theirs[name, unit], ours[name, unit])
        for name, unit in theirs
        if len(theirs[name, unit]) and len(ours[name, unit])
    )
    load = generated.load if generated.load < math.inf else None
    return FitReport(trace.source, len(trace.cores), len(generated.cores), trace.load, load, fits)


def ks_distance(left: FloatArray, right: FloatArray) -> float:
    """Largest difference between the distributions of two samples (two-sample Kolmogorov-Smirnov).

    Args:
        left: Values, shape (num_left,), at least one.
        right: Values, shape (num_right,), at least one.

    Returns:
        0 for samples distributed alike to 1 for samples apart.
    """
    points = np.union1d(left, right)
    shares = [np.searchsorted(np.sort(x), points, side="right") / len(x) for x in (left, right)]
    return float(np.abs(shares[0] - shares[1]).max())


def _fields(sample: TraceSample) -> Mapping[tuple[str, str], FloatArray]:
    asked = ~np.isnan(sample.requested_time)
    requested = np.maximum(sample.requested_time[asked], 1.0)
    return {
        ("gap", "s"): np.diff(sample.submit_time),
        ("time of day", "h"): sample.submit_time / 3600.0 % 24.0,
        ("cores", "1"): sample.cores.astype(np.float64),
        ("run time", "s"): sample.run_time,
        ("requested time", "s"): requested,
        ("run / requested", "1"): sample.run_time[asked] / requested,
        ("memory", "KB"): sample.memory_kb[~np.isnan(sample.memory_kb)],
    }


def _field_fit(name: str, unit: str, theirs: FloatArray, ours: FloatArray) -> FieldFit:
    quantiles = [tuple(float(q) for q in np.quantile(values, QUANTILES)) for values in (theirs, ours)]
    return FieldFit(name, unit, ks_distance(theirs, ours), *quantiles)
