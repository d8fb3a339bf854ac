"""Which runs a study has: parameters that a sampler picks, points of a grid, seeds."""

from .grid import MOST_RUNS, PlannedRun, num_planned, planned_runs
from .parameters import distributions, parameter_problems

__all__ = [
    "MOST_RUNS",
    "PlannedRun",
    "distributions",
    "num_planned",
    "parameter_problems",
    "planned_runs",
]
