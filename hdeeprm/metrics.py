"""What a run is judged by: metrics per job, and the summary of a run.

Times are in s since the first submission. A rejected job has no start and no finish, nor has one that a
broken-off run left unfinished: metrics per job are NaN there, and means, maxima and percentiles are over the
jobs that ended, killed ones included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import WorkloadError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

SUCCESS = "COMPLETED_SUCCESSFULLY"
WALLTIME_REACHED = "COMPLETED_WALLTIME_REACHED"
REJECTED = "REJECTED"
UNFINISHED = "UNFINISHED"
"""Final state of a job that a broken-off run left pending, waiting or running; the others are Batsim's."""

BOUNDED_SLOWDOWN_TAU = 10.0
"""Shortest run time that slowdowns are bounded by, in s [Feitelson & Rudolph 1998]."""
ZERO_RUN_TIME = 1e-5
"""Run time in s that a job without work is given where something is divided by it, as in Batsim's files."""
SECONDS_PER_HOUR = 3600.0
UPPER_PERCENTILE = 95.0


class JobOutcomes:
    """What became of jobs, by the columns that say it; these have shape (num_jobs,)."""

    finish_time: FloatArray
    final_state: npt.NDArray[np.object_]

    @property
    def ended(self) -> BoolArray:
        """Whether each job ran and came to an end, done or killed, shape (num_jobs,)."""
        return np.isfinite(self.finish_time)

    @property
    def success(self) -> BoolArray:
        """Whether each job did all of its work, shape (num_jobs,)."""
        return np.asarray(self.final_state == SUCCESS)

    @property
    def rejected(self) -> BoolArray:
        """Whether each job was rejected, shape (num_jobs,)."""
        return np.asarray(self.final_state == REJECTED)


@dataclass(frozen=True, eq=False)
class JobRecords(JobOutcomes):
    """What became of the jobs of one run; all arrays have shape (num_jobs,)."""

    job_ids: tuple[str, ...]
    submit_time: FloatArray  # s
    start_time: FloatArray  # s; NaN where the job did not end
    finish_time: FloatArray  # s; NaN where the job did not end
    requested_cores: IntArray
    walltime: FloatArray  # s; infinity where the job had no limit
    final_state: npt.NDArray[np.object_]  # Batsim's name, or UNFINISHED
    energy_joules: FloatArray  # of the job's cores while it ran; NaN where the job did not end

    def __post_init__(self) -> None:
        """Refuse columns of different lengths."""
        for item in fields(self):
            length = len(getattr(self, item.name))
            if length != self.num_jobs:
                raise WorkloadError(f"job records: {item.name} has {length} values for {self.num_jobs} jobs")

    @property
    def num_jobs(self) -> int:
        """Number of jobs, whatever became of them."""
        return len(self.job_ids)


# Per job -------------------------------------------------------------------------------------------------


def wait_time(jobs: JobRecords) -> FloatArray:
    """Time from submission to start, in s, shape (num_jobs,): start - submission  [Feitelson 2001]."""
    return jobs.start_time - jobs.submit_time


def run_time(jobs: JobRecords) -> FloatArray:
    """Time from start to finish, in s, shape (num_jobs,): finish - start  [SWF 2.2, field 4]."""
    return jobs.finish_time - jobs.start_time


def turnaround_time(jobs: JobRecords) -> FloatArray:
    """Time from submission to finish, in s, shape (num_jobs,); also *response time*.

    finish - submission   [Feitelson & Rudolph 1998]
    """
    return jobs.finish_time - jobs.submit_time


def execution_time(jobs: JobRecords) -> FloatArray:
    """Run time in s, shape (num_jobs,), but 1e-5 s for a job without work  [Batsim 4.1, out_jobs.csv]."""
    run = run_time(jobs)
    return np.where(run == 0.0, ZERO_RUN_TIME, run)


def slowdown(jobs: JobRecords) -> FloatArray:
    """How many times longer a job took than it ran, shape (num_jobs,), dimensionless, at least 1.

    (wait + run time) / run time   [Feitelson & Rudolph 1998]; Batsim's *stretch*. A job without work counts
    as one of 1e-5 s, as in Batsim.
    """
    run, execution = run_time(jobs), execution_time(jobs)
    return (turnaround_time(jobs) + (execution - run)) / execution


def bounded_slowdown(jobs: JobRecords, tau: float = BOUNDED_SLOWDOWN_TAU) -> FloatArray:
    """Slowdown with short jobs bounded below by ``tau``, shape (num_jobs,), dimensionless, at least 1.

    max(1, turnaround / max(run time, tau))   [Feitelson & Rudolph 1998; Feitelson 2001]

    Args:
        jobs: Jobs of a run.
        tau: Shortest run time taken into account, in s.
    """
    return np.maximum(1.0, turnaround_time(jobs) / np.maximum(run_time(jobs), tau))


# Per run -------------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """What the metrics of a run are computed from."""

    jobs: JobRecords
    num_cores: int  # of the platform
    energy_joules: float  # of the platform, from the first submission to the last completion


def makespan(run: Run) -> float:
    """Time from the first submission to the last completion, in s; NaN where no job ended.

    max(finish) - min(submission)   [Feitelson & Rudolph 1998]
    """
    return _largest(run.jobs.finish_time) - float(np.min(run.jobs.submit_time, initial=np.inf))


def utilization(run: Run) -> float:
    """Part of the platform's core-seconds that jobs held, 0 to 1; NaN where no time passed.

    sum(cores x run time) / (cores of the platform x makespan)   [Feitelson & Rudolph 1998]
    """
    ended = run.jobs.ended
    used = float(np.sum(run.jobs.requested_cores[ended] * run_time(run.jobs)[ended]))
    return _ratio(used, run.num_cores * makespan(run))


def throughput(run: Run) -> float:
    """Jobs that ended per hour of makespan; NaN where no time passed  [Feitelson & Rudolph 1998]."""
    return _ratio(SECONDS_PER_HOUR * int(run.jobs.ended.sum()), makespan(run))


def edp(run: Run) -> float:
    """Energy-delay product of the platform, in J s: energy x makespan  [Gonzalez & Horowitz 1996]."""
    return run.energy_joules * makespan(run)


class Metric(NamedTuple):
    """One line of the summary of a run."""

    unit: str
    definition: str
    source: str
    function: Callable[[Run], float]


_FEITELSON_RUDOLPH = "Feitelson & Rudolph 1998, Metrics and benchmarking for parallel job scheduling (JSSPP)"
_FEITELSON = "Feitelson 2001, Metrics for parallel job schedulers and their convergence (JSSPP)"
_GONZALEZ = "Gonzalez & Horowitz 1996, Energy dissipation in general purpose microprocessors (IEEE JSSC 31)"
_BATSIM = "Batsim 4.1, out_schedule.csv"
_BOTH = f"{_FEITELSON_RUDOLPH}; {_FEITELSON}"

METRICS: dict[str, Metric] = {
    "num_jobs": Metric("jobs", "jobs of the run", _BATSIM, lambda run: run.jobs.num_jobs),
    "num_finished": Metric(
        "jobs", "jobs that ran and ended, done or killed", _BATSIM, lambda run: int(run.jobs.ended.sum())
    ),
    "num_killed": Metric(
        "jobs",
        "jobs that ended without success, such as at their walltime",
        _BATSIM,
        lambda run: int((run.jobs.ended & ~run.jobs.success).sum()),
    ),
    "num_rejected": Metric(
        "jobs", "jobs that could not run on the platform", _BATSIM, lambda run: int(run.jobs.rejected.sum())
    ),
    "num_unfinished": Metric(
        "jobs",
        "jobs that a broken-off run left pending, waiting or running",
        "HDeepRM",
        lambda run: int((~run.jobs.ended & ~run.jobs.rejected).sum()),
    ),
    "mean_wait_time": Metric(
        "s", "mean of start - submission", _FEITELSON, lambda run: _mean(wait_time(run.jobs))
    ),
    "max_wait_time": Metric(
        "s", "maximum of start - submission", _FEITELSON, lambda run: _largest(wait_time(run.jobs))
    ),
    "mean_turnaround_time": Metric(
        "s", "mean of finish - submission", _FEITELSON_RUDOLPH, lambda run: _mean(turnaround_time(run.jobs))
    ),
    "max_turnaround_time": Metric(
        "s",
        "maximum of finish - submission",
        _FEITELSON_RUDOLPH,
        lambda run: _largest(turnaround_time(run.jobs)),
    ),
    "mean_slowdown": Metric(
        "1", "mean of turnaround / run time", _FEITELSON_RUDOLPH, lambda run: _mean(slowdown(run.jobs))
    ),
    "max_slowdown": Metric(
        "1", "maximum of turnaround / run time", _FEITELSON_RUDOLPH, lambda run: _largest(slowdown(run.jobs))
    ),
    "mean_bounded_slowdown": Metric(
        "1",
        "mean of max(1, turnaround / max(run time, 10 s))",
        _BOTH,
        lambda run: _mean(bounded_slowdown(run.jobs)),
    ),
    "p95_bounded_slowdown": Metric(
        "1",
        "95th percentile (linear) of max(1, turnaround / max(run time, 10 s))",
        _BOTH,
        lambda run: _percentile(bounded_slowdown(run.jobs), UPPER_PERCENTILE),
    ),
    "utilization": Metric(
        "1", "sum of cores x run time / (cores of the platform x makespan)", _FEITELSON_RUDOLPH, utilization
    ),
    "makespan": Metric("s", "last completion - first submission", _FEITELSON_RUDOLPH, makespan),
    "throughput": Metric("jobs/h", "jobs that ended / makespan", _FEITELSON_RUDOLPH, throughput),
    "energy_joules": Metric(
        "J", "energy of the platform over the makespan", _BATSIM, lambda run: run.energy_joules
    ),
    "edp": Metric("J s", "energy x makespan", _GONZALEZ, edp),
}
"""Every metric of a run by name, in the order of a report."""


def summarise(jobs: JobRecords, num_cores: int, energy_joules: float) -> dict[str, float]:
    """Value of each metric of a run, in the order of ``METRICS``.

    Args:
        jobs: What became of the run's jobs; means are over those that ended, without the rejected ones.
        num_cores: Number of cores of the platform.
        energy_joules: Energy of the platform from the first submission to the last completion, or NaN.

    Returns:
        Counts are integers; what needs an ended job or a makespan above 0 is NaN without one.
    """
    run = Run(jobs, num_cores, energy_joules)
    return {name: metric.function(run) for name, metric in METRICS.items()}


def _known(values: FloatArray) -> FloatArray:
    return values[np.isfinite(values)]


def _mean(values: FloatArray) -> float:
    known = _known(values)
    return float(known.mean()) if known.size else float("nan")


def _largest(values: FloatArray) -> float:
    known = _known(values)
    return float(known.max()) if known.size else float("nan")


def _percentile(values: FloatArray, percentile: float) -> float:
    known = _known(values)
    return float(np.percentile(known, percentile)) if known.size else float("nan")


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else float("nan")
