"""One simulation as the scheduler sees it: messages out, replies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hdeeprm.errors import BatsimError, OptionsError, SimulationError
from hdeeprm.simgrid_versions import LATEST
from hdeeprm.simulator.batsim.clock import tables
from hdeeprm.simulator.batsim.hardware import Settings
from hdeeprm.simulator.batsim.machine import Command, Machine
from hdeeprm.simulator.batsim.simgrid import machines, read_platform
from hdeeprm.simulator.batsim.simgrid.machines import MASTER_HOST
from hdeeprm.simulator.batsim.versions import VERSIONS

from .events import event_name
from .messages import STATES, message
from .platforms import PlatformFileNetwork, hosts_of
from .replies import take_reply
from .tracing import Traces
from .workloads import BatsimWorkload, Job, read_workload


@dataclass(frozen=True)
class BatsimOptions:
    """What the command line asks for; names as there where they say no more."""

    platform: Path
    workloads: tuple[Path, ...]
    master_host: str = MASTER_HOST
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
    simgrid: str = LATEST


AWAKE_FLOPS = 1.0
"""flop/s; machines below do not compute."""
REFUSABLE = {
    tables.EXECUTE: "EXECUTE_JOB",
    tables.REJECT: "REJECT_JOB",
    tables.KILL: "KILL_JOB",
    tables.CALL_LATER: "CALL_ME_LATER",
}
"""Commands that may be refused when they are carried out, by the names of their events."""
REFUSALS = {
    tables.NOT_WAITING: "the job does not wait: it was not submitted yet, or was started or rejected before",
    tables.MACHINE_BUSY: "a machine of its allocation still runs another job; give it once that has ended, "
    "or let jobs share machines: --enable-compute-sharing",
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
        read = [read_workload(path, f"w{place}") for place, path in enumerate(options.workloads)]
        self.workloads = {workload.name: workload for workload in read}
        platform = read_platform(options.platform)
        self.machines = machines(platform, options.master_host)
        self.machines = self.machines._replace(hosts=self.machines.hosts[: self._num_machines()])
        self.batsim = Machine(
            hosts_of(self.machines, options.energy, str(options.platform)),
            PlatformFileNetwork(platform, self.machines),
            Settings(
                tolerance=VERSIONS[options.simgrid].tolerance,
                energy=options.energy,
                charge_p0=options.energy and VERSIONS[options.simgrid].charges_p0,
                sharing=options.compute_sharing,
                tracing=True,
                registration=options.dynamic_jobs,
                acknowledge=options.acknowledge_jobs,
            ),
        )
        self.traces = Traces(self.batsim)
        self.jobs: list[Job] = []
        self.numbers: dict[str, int] = {}
        self.allocations: dict[int, Sequence[int]] = {}
        self.commands: list[Command] = []
        self._is_noted = False
        for workload in self.workloads.values():
            self._add_workload(workload)

    @property
    def num_asleep(self) -> int:
        """How many machines start at a speed that is none for any job."""
        hosts = self.batsim.hosts
        return int((hosts.speeds[hosts.first_state + hosts.pstates] < AWAKE_FLOPS).sum())

    def _num_machines(self) -> int:
        available, wanted = len(self.machines.hosts), self.options.max_machines
        if self.options.max_machines_of_workload:
            wanted = max([wanted, *(workload.num_hosts or 0 for workload in self.workloads.values())])
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
        self.batsim.add_workload(
            np.array([job.submit_time for job in workload.jobs], np.float64),
            np.array([job.walltime for job in workload.jobs], np.float64),
        )

    def workload_or_new(self, name: str) -> BatsimWorkload:
        """The workload of a name; an empty one, not among the workloads yet, where there is none."""
        return self.workloads.get(name) or BatsimWorkload(name, "")

    def add_job(self, job: Job) -> int:
        """Take a job that the scheduler registers; its number."""
        number = self.batsim.add_job(job.submit_time, job.walltime)
        self.numbers[job.name] = number
        self.jobs.append(job)
        return number

    def may_be_started(self, number: int) -> bool:
        """Whether a job may yet be started; one that is not submitted may be so by the time of its start."""
        status = self.batsim.work.jobs["status"][number]
        return bool(status in (tables.SUBMITTED, tables.NOT_SUBMITTED) and number not in self.allocations)

    def begin(self) -> str:
        """Open the simulation; the first message."""
        self.batsim.begin()
        self.batsim.advance()
        return message(self)

    def reply(self, data: bytes) -> str | None:
        """Carry out the scheduler's reply; the next message, or None once the simulation is over.

        Raises:
            BatsimError: If the reply is wrong, or asks for what can't be.
            SimulationError: If nothing will ever happen again.
        """
        self.note()
        self.commands, now = take_reply(data, self)
        self.batsim.reply(self.commands, now)
        verdict = self.batsim.advance()
        self._is_noted = False
        if verdict == tables.OVER:
            self.note()
            return None
        if verdict == tables.DEADLOCK:
            raise SimulationError(self._standstill())
        if verdict != tables.ASKING:
            raise BatsimError(self._refusal(verdict))
        return message(self)

    def _standstill(self) -> str:
        """Why nothing will ever happen again."""
        waiting = np.flatnonzero(self.batsim.work.jobs["status"] == tables.SUBMITTED)
        what = f"nothing will happen after {self.batsim.now:g} s: no job runs and none will arrive"
        if len(waiting):
            job = self.jobs[waiting[0]]
            return (
                f"{what}, and {len(waiting)} jobs wait that the scheduler has neither started nor rejected, "
                f"first {job.name}, for {job.num_hosts} of {self.batsim.hosts.num_hosts} machines; let it "
                "start or reject them, or call it later"
            )
        return (
            f"{what}, but the scheduler may yet register jobs; let it send NOTIFY registration_finished, or "
            "start without --enable-dynamic-jobs"
        )

    def note(self) -> None:
        """Write down what has happened since the last time; best done while the scheduler thinks."""
        if not self._is_noted:
            self.traces.take(self.commands)
            self._is_noted = True

    def _refusal(self, verdict: int) -> str:
        place = self.batsim.culprit
        return f"{event_name(place, REFUSABLE[self.commands[place].kind])}: {self._reason(verdict)}"

    def _reason(self, verdict: int) -> str:
        command = self.commands[self.batsim.culprit]
        if verdict in (tables.NOT_WAITING, tables.MACHINE_BUSY):
            job = self.jobs[command.subject]
            status = int(self.batsim.work.jobs[command.subject]["status"])
            return f"{job.name} ({STATES.get(status, 'not ended')}): {REFUSALS[verdict]}"
        return REFUSALS[verdict]
