"""What a trace lacks, drawn from a random generator: run times, memory, memory bandwidth."""

from __future__ import annotations

import numpy as np

from hdeeprm.memory_units import KB_PER_MB
from hdeeprm.workloads.workload import FloatArray, IntArray

RUN_TIME_FACTORS: FloatArray = np.arange(1, 26) / 20.0
"""Run time as a share of the requested time: 0.05, 0.10 ... 1.25."""

RUN_TIME_PROBABILITIES: FloatArray = np.array(
    [0.15, 0.09, 0.07] + [0.04] * 5 + [0.03] * 5 + [0.02] * 10 + [0.06, 0.08]
)
"""Share of the jobs with each factor: most jobs stop long before their request, a few exceed it.

After D. Tsafrir, Y. Etsion and D. Feitelson, "Backfilling using system-generated predictions rather than
user runtime estimates", IEEE TPDS 18(6), 2007.
"""

BANDWIDTHS_MB_PER_S: IntArray = 1000 * np.arange(4, 25, 4, dtype=np.int64)
"""Memory bandwidth that a job asks for, per core: 4, 8 ... 24 GB/s, all equally likely."""

MEMORIES_MB: IntArray = np.array([250, 500, 1000, 2000, 4000], dtype=np.int64)
"""Memory that a job asks for, per core: sizes that double, as users tend to ask for powers of two."""

MEMORY_PROBABILITIES: FloatArray = np.array([0.30, 0.25, 0.20, 0.15, 0.10])
"""Share of the jobs with each memory: most use little, few use what a node offers; mean 1100 MB.

A choice of this project, in the spirit of D. Feitelson, "Memory usage in the LANL CM-5 workload",
JSSPP 1997, which finds such skewed and discrete sizes.
"""


def draw_run_times(requested_time: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Synthetic run times: requested time x a factor, drawn for each job on its own.

    Args:
        requested_time: Seconds, shape (num_jobs,).
        rng: Source of the draws.

    Returns:
        float64 seconds, shape (num_jobs,), from 0.05 to 1.25 times the request.
    """
    factors = rng.choice(RUN_TIME_FACTORS, size=len(requested_time), p=RUN_TIME_PROBABILITIES)
    return np.asarray(requested_time * factors, dtype=np.float64)


def draw_bandwidths(num_jobs: int, rng: np.random.Generator) -> IntArray:
    """Memory bandwidth of each job in MB/s per core, shape (num_jobs,)."""
    uniform = rng.random(num_jobs)
    return BANDWIDTHS_MB_PER_S[(uniform * len(BANDWIDTHS_MB_PER_S)).astype(np.int64)]


def draw_memories(num_jobs: int, rng: np.random.Generator) -> IntArray:
    """Memory of each job in KB per core, shape (num_jobs,)."""
    return KB_PER_MB * rng.choice(MEMORIES_MB, size=num_jobs, p=MEMORY_PROBABILITIES)
