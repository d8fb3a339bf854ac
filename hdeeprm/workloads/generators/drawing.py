"""From a model to jobs: what all models share, the check of the arguments and the arrivals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.generators.arrivals import DayCycle, arrival_times, scale_to_load
from hdeeprm.workloads.workload import FloatArray, IntArray

SHORTEST_MAX_RUN_TIME = 60.0
"""Seconds; below, almost every draw of a model would be above the limit."""


@dataclass(frozen=True, eq=False)
class DrawnJobs:
    """What a model draws; shapes (num_jobs,)."""

    gaps: FloatArray  # s of the model's clock before each job
    cores: IntArray
    run_time: FloatArray  # whole s, at least 1
    requested_time: FloatArray | None = None  # whole s; None where the model knows no requests


@dataclass(frozen=True, eq=False)
class GeneratedJobs:
    """Generated jobs in order of submission; shapes (num_jobs,)."""

    submit_time: FloatArray  # whole s since the midnight that the trace begins at
    cores: IntArray
    run_time: FloatArray  # whole s, at least 1
    requested_time: FloatArray | None = None  # whole s; None where the model knows no requests


class WorkloadModel(Protocol):
    """A model of a workload with all its parameters."""

    @property
    def longest_run_time(self) -> float:
        """Seconds; the limit that holds where the caller gives none."""
        ...

    @property
    def cycle(self) -> DayCycle:
        """How the intensity of arrivals changes over the day."""
        ...

    def draw(self, num_jobs: int, largest: int, max_run_time: float, rng: np.random.Generator) -> DrawnJobs:
        """Draws jobs of at most ``largest`` cores and ``max_run_time`` seconds."""
        ...

    def parameters(self) -> Mapping[str, Any]:
        """All parameters by name, as JSON can hold them."""
        ...


def draw_jobs(
    model: WorkloadModel,
    num_jobs: int,
    num_cores: int,
    rng: np.random.Generator,
    load: float | None = None,
    max_job_cores: int | None = None,
    max_run_time: float | None = None,
) -> GeneratedJobs:
    """Draws jobs from a model.

    Args:
        model: The model with its parameters.
        num_jobs: Number of jobs.
        num_cores: Cores of the machine.
        rng: Source of the draws.
        load: Offered load, sum(cores x run time) / (num_cores x seconds from the first to the last
            submission); arrivals are stretched to meet it. None keeps the model's own arrivals.
        max_job_cores: Largest job; None for the whole machine.
        max_run_time: Longest run time in seconds; None for the model's own.

    Returns:
        The jobs.

    Raises:
        WorkloadError: If an argument is out of its range.
    """
    largest = num_cores if max_job_cores is None else max_job_cores
    longest = model.longest_run_time if max_run_time is None else max_run_time
    _check_arguments(num_jobs, num_cores, load, largest, longest)
    drawn = model.draw(num_jobs, largest, longest, rng)
    gaps = drawn.gaps
    if load is not None:
        span = float((drawn.cores * drawn.run_time).sum()) / (num_cores * load)
        gaps = scale_to_load(gaps, span, model.cycle)
    submit_time = np.floor(arrival_times(gaps, model.cycle))
    return GeneratedJobs(submit_time, drawn.cores, drawn.run_time, drawn.requested_time)


def _check_arguments(
    num_jobs: int, num_cores: int, load: float | None, largest: int, max_run_time: float
) -> None:
    needed_jobs = 1 if load is None else 2  # a load needs a span between submissions
    problems = {
        f"num_jobs: {num_jobs}; give at least {needed_jobs}": num_jobs < needed_jobs,
        f"num_cores: {num_cores}; give at least 1": num_cores < 1,
        f"load: {load}; give a number above 0, such as 0.9": load is not None and not 0 < load < math.inf,
        f"max_job_cores: {largest}; give 1 to num_cores ({num_cores})": not 1 <= largest <= num_cores,
        f"max_run_time: {max_run_time} s; give at least {SHORTEST_MAX_RUN_TIME:g} s": (
            not max_run_time >= SHORTEST_MAX_RUN_TIME
        ),
    }
    wrong = [text for text, is_wrong in problems.items() if is_wrong]
    if wrong:
        raise WorkloadError("the workload cannot be generated:\n" + "\n".join(wrong))
