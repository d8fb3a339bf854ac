"""The workload model of Lublin and Feitelson: sizes, run times and arrivals of rigid jobs.

Source: U. Lublin and D. Feitelson, "The workload on parallel supercomputers: modeling the
characteristics of rigid jobs", Journal of Parallel and Distributed Computing 63(11), 2003. The
parameters are those fitted to all jobs together, batch and interactive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.arrivals import ArrivalModel, arrival_times, scale_to_load
from hdeeprm.workloads.workload import FloatArray, IntArray

LONGEST_RUN_TIME = math.exp(12)
"""Seconds, about 45 h: longer draws are repeated, as in the authors' program."""

SHORTEST_MAX_RUN_TIME = 60.0
"""Seconds; below, almost every draw would have to be repeated."""


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


@dataclass(frozen=True, eq=False)
class LublinJobs:
    """Generated jobs in order of submission; shapes (num_jobs,)."""

    submit_time: FloatArray  # whole s since the midnight that the trace begins at
    cores: IntArray
    run_time: FloatArray  # whole s, at least 1


def generate_lublin(
    num_jobs: int,
    num_cores: int,
    rng: np.random.Generator,
    load: float | None = None,
    max_job_cores: int | None = None,
    max_run_time: float = LONGEST_RUN_TIME,
    model: LublinModel | None = None,
) -> LublinJobs:
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
    model = model or LublinModel()
    largest = num_cores if max_job_cores is None else max_job_cores
    _check_arguments(num_jobs, num_cores, load, largest, max_run_time)
    cores = job_sizes(num_jobs, largest, rng, model)
    run_time = run_times(cores, rng, max_run_time, model)
    gaps = model.arrivals.draw_gaps(num_jobs, rng)
    if load is not None:
        span = float((cores * run_time).sum()) / (num_cores * load)
        gaps = scale_to_load(gaps, span, model.arrivals)
    return LublinJobs(np.floor(arrival_times(gaps, model.arrivals)), cores, run_time)


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
    while len(pending):
        short = rng.random(len(pending)) < probability[pending]
        shape = np.where(short, model.short_shape, model.long_shape)
        scale = np.where(short, model.short_scale, model.long_scale)
        log_time[pending] = rng.gamma(shape, scale)
        pending = pending[log_time[pending] > math.log(max_run_time)]
    return np.asarray(np.maximum(np.floor(np.exp(log_time)), 1.0), dtype=np.float64)


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
