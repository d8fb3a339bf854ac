"""Batsim in this process: hosts, links and jobs on Batsim's clock; commands in, events out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from hdeeprm.simulator.kernel.tables import Table

from .clock import episode, tables
from .clock.tables import Clockwork
from .growing import with_room
from .profiles import Delay, Leaf, Network, Task, Uses, message_uses, uses_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SPARE = 64
"""Room in every table beyond what is known to be needed."""


@dataclass(frozen=True)
class Tolerance:
    """What SimGrid takes for nothing."""

    work: float
    """Fractions of the work of a job."""
    seconds: float
    """Of a sleep, in s."""


TOLERANCES = {"3.24": Tolerance(1e-10, 1e-5), "3.29": Tolerance(1e-14, 1e-9)}
"""Tolerances by version of SimGrid; those in between have the latter ones."""


@dataclass(frozen=True)
class Hosts:
    """The hosts of a platform; H hosts, S P-states of all of them, one host's after the other's."""

    speeds: Floats  # flop/s, (S,)
    watts: Floats  # idle, lowest and full, (S, 3)
    first_state: Integers  # (H,)
    pstates: Integers  # at the start, (H,)

    @property
    def num_hosts(self) -> int:
        """How many there are."""
        return len(self.first_state)

    @property
    def num_pstates(self) -> Integers:
        """How many P-states each host has, shape (H,)."""
        return np.diff(np.append(self.first_state, len(self.speeds)))


@dataclass(frozen=True)
class Links:
    """The links of a platform, shape (links,) each."""

    bandwidths: Floats  # byte/s
    fatpipe: npt.NDArray[np.bool_]


class PlatformNetwork(Network, Protocol):
    """Where links lie between hosts, and between each host and the server."""

    links: Links

    def to_server(self, host: int) -> tuple[Sequence[int], float]:
        """Links from a host to the server, and their latency in s."""


@dataclass(frozen=True)
class Settings:
    """How a machine behaves."""

    tolerance: Tolerance = TOLERANCES["3.29"]
    energy: bool = True
    charge_p0: bool = False  # hosts draw the power of P-state 0 until they are first looked at after time 0
    sharing: bool = False  # a host may run several jobs at a time
    tracing: bool = False
    registration: bool = False  # the scheduler may register jobs
    acknowledge: bool = False  # jobs that it registers are submitted back to it


class Command(NamedTuple):
    """What the scheduler wants."""

    kind: int
    time: float  # s, not before which
    subject: int = 0  # a job, or a P-state
    members: Sequence[int] | Integers = ()  # hosts that change their P-state, jobs to be killed
    value: float = 0.0


class Machine:
    """One simulation on Batsim's clock.

    Args:
        hosts: The hosts.
        network: Links between them.
        settings: How it behaves.
    """

    def __init__(self, hosts: Hosts, network: PlatformNetwork, settings: Settings) -> None:
        self.hosts = hosts
        self.network = network
        self.settings = settings
        self._senders: dict[int, int] = {}
        self._num_jobs = self._num_stages = self._num_uses = 0
        self._program_end = self._allocation_end = 0
        self.work = _empty(hosts, network.links, settings)

    # Jobs -------------------------------------------------------------------------------------------------

    def add_workload(self, submit_times: Floats, walltimes: Floats) -> int:
        """Add jobs that are submitted by themselves, in order of submission.

        Args:
            submit_times: s, ascending, shape (jobs,).
            walltimes: s, below 0 for none, shape (jobs,).

        Returns:
            Number of the first one; the others follow.
        """
        first = self._new_jobs(submit_times, walltimes)
        clock = self.work.clock[0]
        self._room("submitters", int(clock.num_submitters) + 1)
        row = self.work.submitters[clock.num_submitters]
        row["next"] = row["send_from"] = first
        row["last"] = self._num_jobs
        clock["num_submitters"] += 1
        clock["submitters_left"] += 1
        return first

    def add_job(self, submit_time: float, walltime: float) -> int:
        """Add a job that the scheduler registers; its number."""
        return self._new_jobs(np.array([submit_time]), np.array([walltime]))

    def _new_jobs(self, submit_times: Floats, walltimes: Floats) -> int:
        first = self._num_jobs
        self._num_jobs += len(submit_times)
        for name in ("jobs", "order"):
            self._room(name, self._num_jobs)
        rows = self.work.jobs[first : self._num_jobs]
        rows["submit_time"], rows["walltime"] = submit_times, walltimes
        rows["action"] = rows["sender"] = tables.NONE
        return first

    def assign(
        self, job: int, hosts: Sequence[int] | Integers, stages: Sequence[Leaf], return_code: int = 0
    ) -> None:
        """Say where a job will run, and what it does there, before it is executed.

        Args:
            job: Its number.
            hosts: Its hosts, each named as often as it is to work.
            stages: What it does, one after the other.
            return_code: Of the whole job where all stages succeed; above 0 it counts as failed.
        """
        members = np.asarray(hosts, np.int64)
        if not _is_ascending(members):
            members = np.unique(members)
        numbers: dict[Leaf, int] = {}
        for stage in stages:
            if stage not in numbers:
                numbers[stage] = self._add_stage(stage, hosts)
        row = self.work.jobs[job]
        row["first_host"], row["num_hosts"] = self._allocation_end, len(members)
        row["first_stage"], row["num_stages"] = self._program_end, len(stages)
        row["failing"] = return_code
        row["sender"] = self._sender(int(members[0]))
        self._room("allocations", self._allocation_end + len(members))
        self._room("program", self._program_end + len(stages))
        self.work.allocations[self._allocation_end : self._allocation_end + len(members)] = members
        self.work.program[self._program_end : self._program_end + len(stages)] = [numbers[s] for s in stages]
        self._allocation_end += len(members)
        self._program_end += len(stages)

    def _add_stage(self, stage: Leaf, hosts: Sequence[int] | Integers) -> int:
        if isinstance(stage, Delay):
            number = self._new_stage(tables.DELAY, stage.return_code)
            self.work.stages[number]["duration"] = stage.seconds
            return number
        number = self._new_stage(tables.TASK, stage.return_code)
        self._set_uses(number, _uses(stage, hosts, self.network))
        return number

    def _new_stage(self, kind: int, return_code: int) -> int:
        number = self._num_stages
        self._num_stages += 1
        self._room("stages", self._num_stages)
        row = self.work.stages[number]
        row["kind"], row["return_code"] = kind, return_code
        return number

    def _set_uses(self, number: int, uses: Uses) -> None:
        first, last = self._num_uses, self._num_uses + len(uses.resources)
        self._num_uses = last
        self._room("uses", last)
        self.work.uses["resource"][first:last] = uses.resources
        self.work.uses["weight"][first:last] = uses.weights
        row = self.work.stages[number]
        row["first_use"], row["num_hosts"] = first, uses.num_hosts
        row["num_links"] = last - first - uses.num_hosts
        row["empty"] = not uses.weights.any()
        row["latency"], row["latency_bound"] = uses.latency, uses.latency_bound

    def _sender(self, host: int) -> int:
        """The stage that messages from a host to the server are, made once."""
        if host not in self._senders:
            links, latency = self.network.to_server(host)
            number = tables.NONE
            if links:
                number = self._new_stage(tables.TASK, 0)
                self._set_uses(number, message_uses(links, latency))
            self._senders[host] = number
        return self._senders[host]

    @property
    def num_jobs(self) -> int:
        """How many jobs were added."""
        return self._num_jobs

    # Time -------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Open the simulation; the first message to the scheduler waits."""
        self._room_to_go_on(0, 0)
        episode.begin(self.work)

    def advance(self) -> int:
        """Let time pass until the scheduler is asked (ASKING), it is over, or something is refused."""
        return int(episode.advance(self.work))

    @property
    def now(self) -> float:
        """Simulated time, in s."""
        return float(self.work.clock["now"][0])

    @property
    def told(self) -> Table:
        """What the scheduler is told by the message that waits for its reply."""
        return self.work.events[: self.work.clock["num_told"][0]]

    @property
    def culprit(self) -> int:
        """Place of the command that was refused."""
        return int(self.work.clock["culprit"][0])

    def reply(self, commands: Sequence[Command], now: float) -> None:
        """Take the scheduler's reply to what it was told.

        Args:
            commands: What it wants, in order.
            now: Time at which it is ready for the next message, in s.
        """
        members = sum(len(command.members) for command in commands)
        self._room_to_go_on(len(commands) + 1, members)
        end = 0
        for place, command in enumerate((*commands, Command(tables.READY, now))):
            kind, time, subject, hosts_or_jobs, value = command
            last = end + len(hosts_or_jobs)
            self.work.commands[place] = kind, subject, end, last, time, value
            self.work.command_hosts[end:last] = hosts_or_jobs
            end = last
        clock = self.work.clock[0]
        clock["num_commands"], clock["next_command"], clock["replied"] = len(commands) + 1, 0, 1

    def traces(self) -> Table:
        """What was noted since the last time, with tracing; a copy."""
        num_traces = self.work.clock["num_traces"]
        rows = self.work.traces[: num_traces[0]].copy()
        num_traces[0] = 0
        return rows

    def _room_to_go_on(self, num_commands: int, num_members: int) -> None:
        """Make room for all that may happen until the next reply."""
        clock = self.work.clock
        active = sum(int(clock[name][0]) for name in ("num_running", "num_submitters", "num_callers"))
        active += num_commands + _SPARE
        self._room("commands", num_commands)
        self._room("command_hosts", num_members)
        self._room("events", 2 * self._num_jobs + active)
        self._room("late", active)
        if self.settings.tracing:
            self._room("traces", 5 * active)
        self._grow_actions(active)
        self._grow_posts(active)

    def _grow_actions(self, size: int) -> None:
        """Make room for actions; new ones are free."""
        old = len(self.work.actions)
        if size <= old:
            return
        for name in ("actions", "running", "done"):
            self._room(name, size)
        clock, actions = self.work.clock[0], self.work.actions
        actions["next_free"][old:] = np.arange(old + 1, len(actions) + 1)
        actions["next_free"][-1] = clock.free_action
        clock["free_action"] = old

    def _grow_posts(self, size: int) -> None:
        """Make room in the ring of posts, which is unrolled to begin at 0."""
        posts = self.work.posts
        if size > len(posts):
            clock = self.work.clock[0]
            unrolled = np.roll(posts, -int(clock.first_post))
            clock["first_post"] = 0
            self.work = self.work._replace(posts=with_room(unrolled, size))

    def _room(self, name: str, size: int) -> None:
        array = getattr(self.work, name)
        if size > len(array):
            self.work = self.work._replace(**{name: with_room(array, size)})


def _uses(task: Task, hosts: Sequence[int] | Integers, network: Network) -> Uses:
    """What a task uses; the usual one, of equal flop on different hosts, by a shorter way."""
    numbers = np.asarray(hosts, np.int64)
    alone = isinstance(task.flops, float) and (task.num_bytes == 0.0 or len(numbers) == 1)
    if alone and _is_ascending(numbers):
        return Uses(numbers, task.host_flops(len(numbers)), len(numbers), 0.0, 0.0)
    return uses_of(task, numbers.tolist(), network)


def _is_ascending(numbers: Integers) -> bool:
    return len(numbers) == 1 or bool((numbers[1:] > numbers[:-1]).all())


def _empty(hosts: Hosts, links: Links, settings: Settings) -> Clockwork:
    """Tables of a simulation before it begins, without jobs."""
    clock = np.zeros(1, tables.CLOCK)
    clock["work_precision"], clock["time_precision"] = settings.tolerance.work, settings.tolerance.seconds
    for name in ("energy", "charge_p0", "sharing", "tracing", "registration", "acknowledge"):
        clock[name] = getattr(settings, name)
    clock["num_hosts"] = hosts.num_hosts
    clock["verdict"] = tables.NONE
    clock["first_submission_joules"] = -1.0
    clock["free_action"] = 0
    actions = np.zeros(_SPARE, tables.ACTION)
    actions["next_free"] = np.arange(1, _SPARE + 1)
    return Clockwork(
        clock=clock,
        hosts=_host_table(hosts, settings.charge_p0),
        states=_state_table(hosts),
        resources=_resource_table(hosts, links),
        uses=np.zeros(_SPARE, tables.USE),
        stages=np.zeros(_SPARE, tables.STAGE),
        program=np.zeros(_SPARE, np.int64),
        allocations=np.zeros(_SPARE, np.int64),
        jobs=np.zeros(_SPARE, tables.JOB),
        order=np.zeros(_SPARE, np.int64),
        actions=actions,
        running=np.zeros(_SPARE, np.int64),
        done=np.zeros(_SPARE, np.int64),
        posts=np.zeros(_SPARE, tables.POST),
        inbox=np.zeros(1, tables.POST),
        late=np.zeros(_SPARE, np.int64),
        commands=np.zeros(_SPARE, tables.COMMAND),
        command_hosts=np.zeros(_SPARE, np.int64),
        events=np.zeros(_SPARE, tables.EVENT),
        traces=np.zeros(_SPARE if settings.tracing else 0, tables.TRACE),
        submitters=np.zeros(1, tables.SUBMITTER_ROW),
    )


def _host_table(hosts: Hosts, charge_p0: bool) -> Table:
    table = np.zeros(hosts.num_hosts, tables.HOST)
    table["pstate"] = hosts.pstates
    table["charged_pstate"] = 0 if charge_p0 else hosts.pstates
    table["first_state"] = hosts.first_state
    return table


def _state_table(hosts: Hosts) -> Table:
    table = np.zeros(len(hosts.speeds), tables.STATE)
    table["flops"] = hosts.speeds
    table["idle_watts"], table["lowest_watts"], table["full_watts"] = hosts.watts.T
    return table


def _resource_table(hosts: Hosts, links: Links) -> Table:
    table = np.zeros(hosts.num_hosts + len(links.bandwidths), tables.RESOURCE)
    table["bound"][: hosts.num_hosts] = hosts.speeds[hosts.first_state + hosts.pstates]
    table["bound"][hosts.num_hosts :] = links.bandwidths
    table["fatpipe"][hosts.num_hosts :] = links.fatpipe
    return table
