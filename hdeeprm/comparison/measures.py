"""What a comparison is by: a metric of each episode, and which way it is better."""

from __future__ import annotations

from hdeeprm.errors import OptionsError, did_you_mean
from hdeeprm.metrics import METRICS

OBJECTIVE_METRICS = {
    "avg_job_slowdown": "mean_slowdown",
    "avg_job_completion": "mean_turnaround_time",
    "avg_utilization": "utilization",
    "makespan": "makespan",
    "energy_consumption": "energy_joules",
    "edp": "edp",
    "avg_wait": "mean_wait_time",
    "avg_bounded_slowdown": "mean_bounded_slowdown",
}
"""The metric of an episode by which each objective of the options is judged."""
HIGHER_IS_BETTER = frozenset({"num_finished", "utilization", "throughput"})
"""The metrics that are better when they are higher; of all others less is better."""


def metric_of(name: str) -> str:
    """The metric that a name stands for: its own, or that of an objective.

    >>> metric_of("avg_wait")
    'mean_wait_time'

    Raises:
        OptionsError: If it is neither.
    """
    known = {name: name for name in METRICS} | OBJECTIVE_METRICS
    if name not in known:
        listed = ", ".join(METRICS)
        raise OptionsError(f"metric: {name!r} is not known; one of {listed}.{did_you_mean(name, known)}")
    return known[name]
