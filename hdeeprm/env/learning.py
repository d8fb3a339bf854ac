"""The toy problem: two jobs, four cores, and an optimum that can be worked out by hand."""

from __future__ import annotations

from typing import Any

from .environment import WorkloadManagementEnv
from .vector import WorkloadManagementVectorEnv

BEST_MAKESPAN = 5.25
"""s. Each job has 21 Gflop and takes 24 GB/s. Processor 0 has two cores of 4.0 Gflop/s, processor 1 two of
4.4, each with 32 GB/s. Together on processor 1 they over-subscribe it and run at 75 %: 21 / 3.3 = 6.364 s.
Apart they take 21 / 4.0 = 5.25 s and 21 / 4.4 = 4.77 s; one after the other on a fast core, 9.55 s."""
BEST_PAIR = "first-high_mem_bw"
"""The core with most bandwidth keeps the jobs apart; so does high_cores, which looks for free cores."""

LEARNING_OPTIONS: dict[str, Any] = {
    "platform_file_path": "learning",
    "workload_file_path": "learning.json",
    "nb_resources": 4,
    "env": {"objective": "makespan", "reward": "integrated", "observation": "normal"},
}


def learning_environment(**arguments: Any) -> WorkloadManagementEnv:
    """The environment ``HDeepRM/Learning-v0``: objective makespan, all 37 actions.

    Args:
        arguments: As of :class:`WorkloadManagementEnv`, but for ``options``.
    """
    return WorkloadManagementEnv(LEARNING_OPTIONS, **arguments)


def learning_vector_environment(**arguments: Any) -> WorkloadManagementVectorEnv:
    """The environment ``HDeepRM/Learning-v0``, many times side by side.

    Args:
        arguments: As of :class:`WorkloadManagementVectorEnv`, but for ``options``.
    """
    return WorkloadManagementVectorEnv(LEARNING_OPTIONS, **arguments)
