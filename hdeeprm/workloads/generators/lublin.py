"""The workload model of Lublin and Feitelson: sizes, run times and arrivals of rigid jobs.

Source: U. Lublin and D. Feitelson, "The workload on parallel supercomputers: modeling the
characteristics of rigid jobs", Journal of Parallel and Distributed Computing 63(11), 2003. The
parameters are those fitted to all jobs together, batch and interactive.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from hdeeprm.workloads.generators.arrivals import ArrivalModel
from hdeeprm.workloads.generators.drawing import DrawnJobs, GeneratedJobs, draw_jobs
from hdeeprm.workloads.workload import FloatArray, IntArray

LONGEST_RUN_TIME = math.exp(12)
"""Seconds, about 45 h: longer draws are repeated, as in the authors' program."""

MOST_REDRAWS = 1000
"""Rounds of repeated draws; what is still too long then, with a limit that the model hardly ever meets, is
cut to it."""


@dataclass(frozen=True)
class LublinModel:
    """Parameters of the model; sizes are in log2 of cores, gamma variates in natural log of seconds."""

    serial_probability: float = 0.244
    power_of_two_probability: float = 0.576  # of all jobs; the remaining ones have any size
    low: float = 0.8  # log2 of the smallest parallel job; 0.8 gives two cores their share
    medium_below_high: float = 2.5  # the uniform's knee, so far below log2 of the largest job
    low_probability: float = 0.86  # of the stage between low and the knee
    short_shape: float = 4.2
    short_scale: float = 0.94
    long_shape: float = 312.0
    long_scale: float = 0.03
    short_probability_slope: float = -0.0054  # per core: larger jobs run longer
    short_probability_intercept: float = 0.78
    arrivals: ArrivalModel = field(default_factory=ArrivalModel)
    longest_run_time: float = LONGEST_RUN_TIME

    @property
    def cycle(self) -> ArrivalModel:
        """The day cycle of the arrivals."""
        return self.arrivals

    def draw(self, num_jobs: int, largest: int, max_run_time: float, rng: np.random.Generator) -> DrawnJobs:
        """Draws sizes, run times that depend on them, and gaps; longer run times are drawn again."""
        cores = job_sizes(num_jobs, largest, rng, self)
        run_time = run_times(cores, rng, max_run_time, self)
        return DrawnJobs(self.arrivals.draw_gaps(num_jobs, rng), cores, run_time)

    def parameters(self) -> Mapping[str, Any]:
        """All parameters by name, as JSON can hold them."""
        return asdict(self)


def generate_lublin(
    num_jobs: int,
    num_cores: int,
    rng: np.random.Generator,
    load: float | None = None,
    max_job_cores: int | None = None,
    max_run_time: float = LONGEST_RUN_TIME,
    model: LublinModel | None = None,
) -> GeneratedJobs:
    """Draws jobs from the model.

    Args:
        num_jobs: Number of jobs.
        num_cores: Cores of the machine.
        rng: Source of the draws.
        load: Offered load, sum(cores x run time) / (num_cores x seconds from the first to the last
            submission); arrivals are stretched to meet it. None keeps the model's own arrivals.
        max_job_cores: Largest job; None for the whole machine.
        max_run_time: Longest run time in seconds.
        model: Other parameters; None for the published ones.

    Returns:
        The jobs.

    Raises:
        WorkloadError: If an argument is out of its range.
    """
    return draw_jobs(model or LublinModel(), num_jobs, num_cores, rng, load, max_job_cores, max_run_time)


def job_sizes(num_jobs: int, largest: int, rng: np.random.Generator, model: LublinModel) -> IntArray:
    """Cores of each job: serial, a power of two, or any size, two-stage uniform in log2.

    Args:
        num_jobs: Number of jobs.
        largest: Cores of the largest job.
        rng: Source of the draws.
        model: Parameters.

    Returns:
        int64, shape (num_jobs,), from 1 to ``largest``.
    """
    high = math.log2(largest)
    knee = min(max(model.low, high - model.medium_below_high), high)
    kind, stage, place = rng.random((3, num_jobs))
    lower = model.low + place * (knee - model.low)
    upper = knee + place * (high - knee)
    log_size = np.minimum(np.where(stage < model.low_probability, lower, upper), high)
    power_of_two = kind < model.serial_probability + model.power_of_two_probability
    log_size = np.where(power_of_two, np.minimum(np.rint(log_size), math.floor(high)), log_size)
    sizes = np.where(kind < model.serial_probability, 1.0, np.rint(2.0**log_size))
    return np.clip(sizes, 1, largest).astype(np.int64)


def run_times(
    cores: IntArray, rng: np.random.Generator, max_run_time: float, model: LublinModel
) -> FloatArray:
    """Run time of each job: exp of a hyper-gamma variate whose mixture depends on the size.

    short with probability p = slope x cores + intercept, within [0, 1]; otherwise long.

    Args:
        cores: Cores of each job, shape (num_jobs,).
        rng: Source of the draws.
        max_run_time: Seconds; longer draws are repeated.
        model: Parameters.

    Returns:
        float64 whole seconds, shape (num_jobs,), at least 1.
    """
    probability = model.short_probability_slope * cores + model.short_probability_intercept
    log_time = np.full(len(cores), np.inf)
    pending = np.arange(len(cores))
    for _ in range(MOST_REDRAWS):
        if not len(pending):
            break
        short = rng.random(len(pending)) < probability[pending]
        shape = np.where(short, model.short_shape, model.long_shape)
        scale = np.where(short, model.short_scale, model.long_scale)
        log_time[pending] = rng.gamma(shape, scale)
        pending = pending[log_time[pending] > math.log(max_run_time)]
    log_time = np.minimum(log_time, math.log(max_run_time))
    return np.asarray(np.maximum(np.floor(np.exp(log_time)), 1.0), dtype=np.float64)
