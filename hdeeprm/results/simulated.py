"""What the results are made from: a simulation that is over, and its jobs as records."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from hdeeprm.metrics import REJECTED, SUCCESS, UNFINISHED, WALLTIME_REACHED, FloatArray, IntArray, JobRecords
from hdeeprm.platforms import Platform
from hdeeprm.simulator import JobStatus
from hdeeprm.workloads import Workload

Records = npt.NDArray[np.void]

_FINAL_STATES = {
    JobStatus.SUCCESS: SUCCESS,
    JobStatus.WALLTIME_REACHED: WALLTIME_REACHED,
    JobStatus.REJECTED: REJECTED,
}
_NAMES = np.array([_FINAL_STATES.get(status, UNFINISHED) for status in JobStatus], np.object_)
_TIME_DECIMALS = 6


class Simulation(Protocol):
    """The part of a simulator that its results are read from; it has recorded its placements."""

    platform: Platform
    workload: Workload

    @property
    def name(self) -> str:
        """What made time pass."""

    @property
    def first_job(self) -> int:
        """Index in the workload of the episode's first job."""

    @property
    def energy_joules(self) -> float:
        """Energy of the platform since the first submission, in J."""

    @property
    def num_pstate_changes(self) -> tuple[int, int]:
        """P-state commands sent, and cores changed by them."""

    def submit_times(self) -> FloatArray:
        """When each job of the episode is submitted, in s since the first."""

    def job_records(self) -> Records:
        """Each job's ``status``, ``start_time``, ``end_time``, ``energy_mj``, ``sequence`` of its start."""

    def placements(self) -> Records:
        """Intervals of cores that jobs were given: ``job``, ``first_core``, ``last_core``."""

    def oversubscriptions(self) -> Records:
        """When processors had less than no bandwidth left: ``processor``, ``start``, ``end`` s."""


def job_records(simulation: Simulation) -> JobRecords:
    """What became of each job of the episode, in order of submission."""
    workload, progress = simulation.workload, simulation.job_records()
    episode = slice(simulation.first_job, simulation.first_job + len(progress))
    ended = np.isin(progress["status"], (JobStatus.SUCCESS, JobStatus.WALLTIME_REACHED))
    return JobRecords(
        job_ids=workload.job_ids[episode],
        submit_time=simulation.submit_times(),
        start_time=np.where(ended, progress["start_time"], np.nan),
        finish_time=np.where(ended, progress["end_time"], np.nan),
        requested_cores=workload.requested_cores[episode],
        walltime=workload.walltime[episode],
        final_state=_NAMES[progress["status"]],
        energy_joules=np.where(ended, progress["energy_mj"] / 1000.0, np.nan),
    )


def completion_order(jobs: JobRecords, sequence: IntArray) -> IntArray:
    """Indices of the ended and the rejected jobs in the order in which Batsim reports them.

    By time of the end, or of submission where a job was rejected; jobs of one time in the order of their
    starts, rejected ones after them.

    Args:
        jobs: Jobs of a run.
        sequence: Place of each job in the order of starts, shape (num_jobs,).
    """
    time: FloatArray = np.where(jobs.ended, jobs.finish_time, jobs.submit_time).round(_TIME_DECIMALS)
    order = np.lexsort((np.where(jobs.ended, sequence, jobs.num_jobs), time))
    return order[(jobs.ended | jobs.rejected)[order]]
