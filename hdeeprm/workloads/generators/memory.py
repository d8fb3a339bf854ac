"""Memory and memory bandwidth of generated jobs."""

from __future__ import annotations

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.memory_units import KB_PER_MB, MB_PER_GB
from hdeeprm.workloads.workload import FloatArray, IntArray

MOST_MEMORY_MB = 1e9
MOST_BANDWIDTH_GBPS = 1e6
QUANTILES = 101
"""Points of the distribution of a trace's memory that generated memory is drawn from."""


def check_range(name: str, bounds: tuple[float, float] | None, unit: str, most: float) -> None:
    """Refuses a range that is empty, not above 0 or too large with a WorkloadError."""
    if bounds is not None and not 0 < bounds[0] <= bounds[1] <= most:
        raise WorkloadError(
            f"{name}: {bounds}; give the least and the most {unit} per core, above 0 and at most {most:g}"
        )


def draw_memory(num_jobs: int, memory_mb: tuple[float, float], rng: np.random.Generator) -> IntArray:
    """Memory in KB per core, log-uniform between two bounds in MB, shape (num_jobs,)."""
    low, high = np.log(memory_mb)
    return np.asarray(np.ceil(KB_PER_MB * np.exp(rng.uniform(low, high, num_jobs))), dtype=np.int64)


def draw_memory_like(num_jobs: int, memory_kb: FloatArray, rng: np.random.Generator) -> IntArray:
    """Memory as in a trace: its percentiles, log-linear between them.

    Args:
        num_jobs: Number of values.
        memory_kb: Memory of the trace's jobs, above 0, shape (num_known,), at least one.
        rng: Source of the draws.

    Returns:
        int64, shape (num_jobs,), within the range of the trace, in its unit.
    """
    places = np.linspace(0.0, 1.0, QUANTILES)
    logs = np.quantile(np.log(memory_kb), places)
    drawn = np.exp(np.interp(rng.random(num_jobs), places, logs))
    return np.asarray(np.clip(np.rint(drawn), memory_kb.min(), memory_kb.max()), dtype=np.int64)


def draw_bandwidth(
    num_jobs: int, bandwidth_gbps: tuple[float, float], rng: np.random.Generator
) -> FloatArray:
    """Memory bandwidth in whole MB/s per core, uniform between two bounds in GB/s, shape (num_jobs,)."""
    low, high = bandwidth_gbps
    return np.ceil(MB_PER_GB * rng.uniform(low, high, num_jobs))
