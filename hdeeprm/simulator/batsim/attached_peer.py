"""A Batsim that somebody else started, with PyBatsim already listening to it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.errors import BatsimError
from hdeeprm.memory_units import KB_PER_MB, MB_PER_GB
from hdeeprm.simulator.kernel.tables import Floats, Integers
from hdeeprm.workloads.workload import Workload

from .dialogue import Dialogue, Listener
from .held_replies import HeldReplies
from .peer import LET_THEM_BE_STARTED, EpisodeJobs, JobResults, News, Orders

if TYPE_CHECKING:
    from batsim.batsim import Batsim, Job

TIME_PRECISION = 1e-6
"""s; of the times in messages."""
SAME_WORKLOAD = (
    "give both the same workload, whose first job is submitted at 0, such as hdeeprm export writes by the "
    "same options"
)
WORK_PRECISION = 1e-9
"""Relative; a platform's reference speed may have been summed in another order."""


class AttachedPeer:
    """Speaks through an object of PyBatsim, inside its loop, to the Batsim that it found; for one simulation.

    The end is heard here, but left for PyBatsim's own loop to acknowledge, which ends by it. Batsim writes
    its files after that, so :meth:`results` has the times that were told and no energy.

    Args:
        simulation: PyBatsim's object, which has answered SIMULATION_BEGINS and hears nothing more by itself.
        listener: Its scheduler.
        workload: That of the options.
        num_cores: Cores of the platform of the options.
    """

    def __init__(self, simulation: Batsim, listener: Listener, workload: Workload, num_cores: int) -> None:
        simulation.network = HeldReplies(simulation.network)
        self._simulation = simulation
        self._listener = listener
        self._workload, self._job_ids = workload, workload.job_ids
        self._dialogue = Dialogue(simulation, listener, workload.job_ids)
        self._jobs: EpisodeJobs | None = None
        _check_machines(self._dialogue.machines, num_cores)

    @property
    def name(self) -> str:
        """What it is, for those who read the results."""
        return "batsim, started by hand"

    def begin(self, jobs: EpisodeJobs) -> None:
        """Take up the simulation.

        Raises:
            BatsimError: If it is not for these jobs.
        """
        if self._jobs is not None:
            raise BatsimError(f"a Batsim started by hand runs one episode; {LET_THEM_BE_STARTED}")
        if jobs.num_jobs != len(self._job_ids):
            raise BatsimError(
                f"Batsim simulates all {len(self._job_ids)} jobs of the workload, the options "
                f"{jobs.num_jobs} of them; leave workload.window out"
            )
        self._jobs = jobs
        self._was_submitted = np.zeros(jobs.num_jobs, bool)
        self._start, self._finish = np.full((2, jobs.num_jobs), np.nan)
        self._listener.expect(self._job_ids, self._check)

    def exchange(self, orders: Orders) -> News:
        """Have orders carried out and let time pass until something is told.

        Raises:
            BatsimError: If Batsim falls silent, says what is not understood, or has other jobs.
        """
        self._start[[job for job, _ in orders.starts]] = self._dialogue.now
        if self._dialogue.next_is_end(orders):
            self._check_all_submitted()
            return News(self._dialogue.next_time, over=True)
        news = self._dialogue.listen()
        self._finish[[job for job, _ in news.completed]] = news.now
        if self._simulation.no_more_static_jobs:
            self._check_all_submitted()
        return news

    def results(self) -> JobResults:
        """Starts and ends as they were told; energies are NaN."""
        return JobResults(self._start, self._finish, np.full(len(self._start), np.nan), math.nan)

    def close(self) -> None:
        """Nothing: what was started by hand is ended by hand."""

    def _check(self, place: int, job: Job) -> None:
        """Compare a submitted job with that of the options."""
        assert self._jobs is not None
        profile = job.profile_dict
        if profile.get("type") != "parallel_homogeneous" or "cpu" not in profile:
            raise BatsimError(
                f"job {job.id}: its profile is of type {profile.get('type')!r}; one of type "
                f"'parallel_homogeneous' with 'cpu' is wanted; {SAME_WORKLOAD}"
            )
        walltime = job.requested_time if job.requested_time >= 0 else math.inf
        pairs = (
            ("subtime", job.submit_time, self._jobs.submit_time[place], 0.0, TIME_PRECISION),
            ("res", job.requested_resources, self._jobs.requested_cores[place], 0.0, 0.0),
            ("walltime", walltime, self._jobs.walltime[place], 0.0, TIME_PRECISION),
            ("cpu", profile["cpu"], self._jobs.work_flop[place], WORK_PRECISION, 0.0),
            *(
                (name, profile[name], column[place] / unit, WORK_PRECISION, 0.0)
                for name, column, unit in self._requests()
                if name in profile and column[place]  # the options may have left it out
            ),
        )
        for name, told, own, relative, absolute in pairs:
            if not math.isclose(told, own, rel_tol=relative, abs_tol=absolute):
                raise BatsimError(
                    f"job {job.id}: {name} is {told!r} in Batsim's workload and {own.item()!r} by the "
                    f"options; {SAME_WORKLOAD}"
                )
        self._was_submitted[place] = True

    def _requests(self) -> tuple[tuple[str, Integers | Floats, int], ...]:
        """What profiles may say besides what Batsim simulates: name, column, and the profile's unit in it."""
        workload = self._workload
        return (
            ("req_time", workload.requested_time, 1),
            ("mem", workload.memory_kb, KB_PER_MB),
            ("mem_bw", workload.bandwidth_mb_per_s, MB_PER_GB),
        )

    def _check_all_submitted(self) -> None:
        if not self._was_submitted.all():
            missing = np.flatnonzero(~self._was_submitted)
            raise BatsimError(
                f"Batsim has submitted its last job, but {len(missing)} of the {len(self._job_ids)} jobs of "
                f"the options were not among them, first {self._job_ids[missing[0]]!r}; give both the same "
                "workload"
            )


def _check_machines(names: Sequence[str], num_cores: int) -> None:
    """Refuse a platform of another size, or whose machines are in another order than its cores."""
    if len(names) != num_cores:
        raise BatsimError(
            f"Batsim has {len(names)} machines, the platform of the options {num_cores} cores; give both the "
            "same platform"
        )
    numbers = [int(digits[-1]) if (digits := re.findall(r"\d+", name)) else -1 for name in names]
    for machine in range(1, len(names)):
        if numbers[machine] < numbers[machine - 1]:
            raise BatsimError(
                f"Batsim's machine {machine} is {names[machine]!r}, after {names[machine - 1]!r}: it orders "
                "them as text; pad the numbers in the names with zeros, as in a platform file of this package"
            )
