"""One simulation as the scheduler sees it: messages out, replies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hdeeprm.errors import BatsimError, OptionsError, SimulationError
from hdeeprm.simulator.batsim.clock import tables
from hdeeprm.simulator.batsim.hardware import TOLERANCES, Settings
from hdeeprm.simulator.batsim.machine import Command, Machine
from hdeeprm.simulator.batsim.profiles import Composed, Task
from hdeeprm.simulator.batsim.simgrid import machines, read_platform

from .events import event_name
from .messages import STATES, message
from .platforms import PlatformFileNetwork, hosts_of
from .replies import parse_reply
from .tracing import Traces
from .workloads import BatsimWorkload, Job, read_workload


@dataclass(frozen=True)
class BatsimOptions:
    """What the command line asks for; names as there where they say no more."""

    platform: Path
    workloads: tuple[Path, ...]
    master_host: str = "master_host"
    energy: bool = False
    max_machines: int = 0  # 0: all
    max_machines_of_workload: bool = False
    compute_sharing: bool = False
    dynamic_jobs: bool = False
    acknowledge_jobs: bool = False
    profile_reuse: bool = False
    forward_profiles: bool = False
    scheduler_config: str = ""
    machine_states: bool = True
    simgrid: str = "3.29"


REFUSABLE = {
    tables.EXECUTE: "EXECUTE_JOB",
    tables.REJECT: "REJECT_JOB",
    tables.KILL: "KILL_JOB",
    tables.CALL_LATER: "CALL_ME_LATER",
}
"""Commands that the machine may refuse, by the names of their events."""
REFUSALS = {
    tables.NOT_WAITING: "the job does not wait: it was not submitted yet, or was started or rejected before",
    tables.MACHINE_BUSY: "a machine of its allocation runs another job; start with --enable-compute-sharing "
    "to let jobs share machines",
    tables.NOT_STARTED: "a job that has not been started can't be killed",
    tables.CALL_IN_THE_PAST: "the requested call is not in the future",
}


class Simulation:
    """A simulation of some workloads on a platform.

    Args:
        options: What to simulate and how.

    Raises:
        PlatformError, WorkloadError: If a file can't be read or asks for what is not simulated here.
        OptionsError: If there is no such number of machines.
    """

    def __init__(self, options: BatsimOptions) -> None:
        self.options = options
        self.workloads = [read_workload(path, f"w{place}") for place, path in enumerate(options.workloads)]
        platform = read_platform(options.platform)
        self.machines = machines(platform, options.master_host)
        self.machines = self.machines._replace(hosts=self.machines.hosts[: self._num_machines()])
        self.machine = Machine(
            hosts_of(self.machines, options.energy, str(options.platform)),
            PlatformFileNetwork(platform, self.machines),
            Settings(
                tolerance=TOLERANCES[options.simgrid],
                energy=options.energy,
                charge_p0=options.energy and options.simgrid != "3.24",
                sharing=options.compute_sharing,
                tracing=True,
                registration=options.dynamic_jobs,
                acknowledge=options.acknowledge_jobs,
            ),
        )
        self.traces = Traces(self.machine)
        self.jobs: list[Job] = []
        self.numbers: dict[str, int] = {}
        self.allocations: dict[int, Sequence[int]] = {}
        self.commands: list[Command] = []
        self._is_noted = False
        for workload in self.workloads:
            self._add_workload(workload)

    def _num_machines(self) -> int:
        available, wanted = len(self.machines.hosts), self.options.max_machines
        if self.options.max_machines_of_workload:
            wanted = max([wanted, *(workload.num_hosts or 0 for workload in self.workloads)])
        if wanted > available:
            raise OptionsError(
                f"{wanted} machines are asked for by --mmax or --mmax-workload, and "
                f"{self.options.platform} has {available}; take a larger platform or fewer machines"
            )
        return wanted or available

    def _add_workload(self, workload: BatsimWorkload) -> None:
        for job in workload.jobs:
            self.numbers[job.name] = len(self.jobs)
            self.jobs.append(job)
        self.machine.add_workload(
            np.array([job.submit_time for job in workload.jobs], np.float64),
            np.array([job.walltime for job in workload.jobs], np.float64),
        )

    def workload(self, name: str) -> BatsimWorkload:
        """The workload of a name; one that the scheduler names for the first time is new."""
        for workload in self.workloads:
            if workload.name == name:
                return workload
        self.workloads.append(BatsimWorkload(name, ""))
        return self.workloads[-1]

    def add_job(self, job: Job) -> int:
        """Take a job that the scheduler registers; its number."""
        number = self.machine.add_job(job.submit_time, job.walltime)
        self.numbers[job.name] = number
        self.jobs.append(job)
        return number

    def is_waiting(self, number: int) -> bool:
        """Whether a job may be started by the reply that is being read."""
        status = self.machine.work.jobs["status"][number]
        return bool(status in (tables.SUBMITTED, tables.NOT_SUBMITTED) and number not in self.allocations)

    @staticmethod
    def is_divisible(job: Job) -> bool:
        """Whether a job may run on another number of machines than it asks for: its work is a total."""
        parts = job.profile.sequence if isinstance(job.profile, Composed) else (job.profile,)
        return all(isinstance(part, Task) and part.total for part in parts)

    @staticmethod
    def root_return_code(job: Job) -> int:
        """What a job returns if all its stages succeed."""
        return job.profile.return_code if isinstance(job.profile, Composed) else 0

    def begin(self) -> str:
        """Open the simulation; the first message."""
        self.machine.begin()
        self.machine.advance()
        return message(self)

    def reply(self, data: bytes) -> str | None:
        """Carry out the scheduler's reply; the next message, or None once the simulation is over.

        Raises:
            BatsimError: If the reply is wrong, or asks for what can't be.
            SimulationError: If nothing will ever happen again.
        """
        self.note()
        self.commands, now = parse_reply(data, self)
        self.machine.reply(self.commands, now)
        verdict = self.machine.advance()
        self._is_noted = False
        if verdict == tables.OVER:
            self.note()
            return None
        if verdict == tables.DEADLOCK:
            waiting = int((self.machine.work.jobs["status"] == tables.SUBMITTED).sum())
            raise SimulationError(
                f"nothing will happen after {self.machine.now:g} s: no job runs and none will arrive, and "
                f"{waiting} jobs wait that the scheduler has neither started nor rejected"
            )
        if verdict != tables.ASKING:
            raise BatsimError(self._refusal(verdict))
        return message(self)

    def note(self) -> None:
        """Write down what has happened since the last time; best done while the scheduler thinks."""
        if not self._is_noted:
            self.traces.take(self.commands)
            self._is_noted = True

    def _refusal(self, verdict: int) -> str:
        place = self.machine.culprit
        return f"{event_name(place, REFUSABLE[self.commands[place].kind])}: {self._reason(verdict)}"

    def _reason(self, verdict: int) -> str:
        command = self.commands[self.machine.culprit]
        if verdict in (tables.NOT_WAITING, tables.MACHINE_BUSY):
            job = self.jobs[command.subject]
            status = int(self.machine.work.jobs[command.subject]["status"])
            return f"{job.name} ({STATES.get(status, 'not ended')}): {REFUSALS[verdict]}"
        return REFUSALS[verdict]
