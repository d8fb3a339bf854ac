"""What every simulator offers to the environment and to the launcher."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hdeeprm.platforms import Platform
from hdeeprm.workloads.workload import Workload

from .kernel import tables

Records = npt.NDArray[np.void]


class JobStatus(IntEnum):
    """Where a job is in its life."""

    PENDING = tables.PENDING  # not submitted yet
    WAITING = tables.WAITING
    RUNNING = tables.RUNNING
    SUCCESS = tables.SUCCESS
    WALLTIME_REACHED = tables.WALLTIME_REACHED
    REJECTED = tables.REJECTED  # could not run on the empty platform


class Objective(IntEnum):
    """What rewards are about; names as in options.json."""

    avg_job_slowdown = tables.AVG_JOB_SLOWDOWN
    avg_job_completion = tables.AVG_JOB_COMPLETION
    avg_utilization = tables.AVG_UTILIZATION
    makespan = tables.MAKESPAN
    energy_consumption = tables.ENERGY_CONSUMPTION
    edp = tables.EDP
    avg_wait = tables.AVG_WAIT
    avg_bounded_slowdown = tables.AVG_BOUNDED_SLOWDOWN


class BlockedBy(IntEnum):
    """Why a decision came to its end."""

    nothing = tables.NOT_BLOCKED
    core = tables.BLOCKED_BY_CORES
    mem = tables.BLOCKED_BY_MEMORY


class Simulator(Protocol):
    """One simulation of a workload on a platform, moved from decision point to decision point."""

    platform: Platform
    workload: Workload
    now: float
    over: bool
    num_waiting: int
    num_running: int
    num_ended: int

    def reset(self, first_job: int = 0, num_jobs: int | None = None, seed: int = 0) -> None:
        """Empty the platform and go to the first decision point of an episode over some of the jobs."""

    def run(self, pair: tuple[int, int], limit: int = 1) -> Records:
        """Take one action at up to ``limit`` decision points; a record for each."""

    def step(self, pair: tuple[int, int]) -> float:
        """Take one action at this decision point, go to the next one, and return the reward."""

    def place(self, job: int, cores: npt.NDArray[np.int64], time: float | None = None) -> None:
        """Start a waiting job on given cores, now or at a later time before anything else happens."""

    def observe(self, kind: int, out: npt.NDArray[np.float32]) -> None:
        """Write an observation of the present state."""

    def may_wait(self) -> bool:
        """Whether time brings something even if nothing is started; if not, the void action is masked."""

    def job_records(self) -> Records:
        """A record per job of the episode: status, start and end time in s, energy in mJ."""
