"""Batsim in this process: hosts, links and jobs on Batsim's clock; commands in, events out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hdeeprm.simulator.kernel.tables import Floats, Integers, Table

from .clock import episode, tables
from .hardware import Hosts, PlatformNetwork, Settings
from .opening import SPARE, empty_tables, with_room
from .profiles import Delay, Leaf, Uses, message_uses, uses_of


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
        self.work = empty_tables(hosts, network.links, settings)

    # Jobs -------------------------------------------------------------------------------------------------

    def add_workload(self, submit_times: Floats, walltimes: Floats) -> None:
        """Add jobs that are submitted by themselves, in order of submission; they are numbered on.

        Args:
            submit_times: s, ascending, shape (jobs,).
            walltimes: s, below 0 for none, shape (jobs,).
        """
        first = self._new_jobs(submit_times, walltimes)
        clock = self.work.clock[0]
        self._room("submitters", int(clock.num_submitters) + 1)
        row = self.work.submitters[clock.num_submitters]
        row["next"] = row["send_from"] = first
        row["last"] = self._num_jobs
        clock["num_submitters"] += 1
        clock["submitters_left"] += 1

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
        executors = np.asarray(hosts, np.int64)
        members = executors if _is_ascending(executors) else np.unique(executors)
        numbers: dict[Leaf, int] = {}
        for stage in stages:
            if stage not in numbers:
                numbers[stage] = self._add_stage(stage, executors, members)
        jobs = self.work.jobs
        jobs["first_host"][job], jobs["num_hosts"][job] = self._allocation_end, len(members)
        jobs["first_stage"][job], jobs["num_stages"][job] = self._program_end, len(stages)
        jobs["failing"][job] = return_code
        jobs["sender"][job] = self._sender(int(members[0]))
        self._room("allocations", self._allocation_end + len(members))
        self._room("program", self._program_end + len(stages))
        self.work.allocations[self._allocation_end : self._allocation_end + len(members)] = members
        self.work.program[self._program_end : self._program_end + len(stages)] = [numbers[s] for s in stages]
        self._allocation_end += len(members)
        self._program_end += len(stages)

    def _add_stage(self, stage: Leaf, executors: Integers, members: Integers) -> int:
        if isinstance(stage, Delay):
            return self._new_stage(tables.DELAY, stage.seconds, 0, 0, 0, 0, 0.0, 0.0, stage.return_code)
        flops = stage.lone_flops(len(executors))
        if flops is None or len(members) < len(executors):
            return self._add_task(uses_of(stage, executors.tolist(), self.network), stage.return_code)
        first, rest = self._add_uses(members, flops), (0.0, 0.0, stage.return_code)
        last = first + len(members)
        return self._new_stage(tables.TASK, 0.0, first, last, last, flops == 0.0, *rest)

    def _add_task(self, uses: Uses, return_code: int) -> int:
        first = self._add_uses(uses.resources, uses.weights)
        places = (first, first + uses.num_hosts, first + len(uses.resources))
        rest = (not uses.weights.any(), uses.latency, uses.latency_bound, return_code)
        return self._new_stage(tables.TASK, 0.0, *places, *rest)

    def _new_stage(self, *row: float) -> int:
        """Add a row of the table of stages; its number."""
        number = self._num_stages
        self._num_stages += 1
        self._room("stages", self._num_stages)
        self.work.stages[number] = row
        return number

    def _add_uses(self, resources: Integers, weights: Floats | float) -> int:
        """Add rows of the table of uses; the first one."""
        first, last = self._num_uses, self._num_uses + len(resources)
        self._num_uses = last
        self._room("uses", last)
        self.work.uses["resource"][first:last] = resources
        self.work.uses["weight"][first:last] = weights
        return first

    def _sender(self, host: int) -> int:
        """The stage that messages from a host to the server are, made once."""
        if host not in self._senders:
            links, latency = self.network.to_server(host)
            self._senders[host] = self._add_task(message_uses(links, latency), 0) if links else tables.NONE
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
            if last > end:
                self.work.command_hosts[end:last] = hosts_or_jobs
            end = last
        clock = self.work.clock
        clock["num_commands"][0], clock["next_command"][0], clock["replied"][0] = len(commands) + 1, 0, 1

    def traces(self) -> list[tuple[int | float, ...]]:
        """What was noted since the last time, with tracing: rows of TRACE."""
        num_traces = self.work.clock["num_traces"]
        rows: list[tuple[int | float, ...]] = self.work.traces[: num_traces[0]].tolist()
        num_traces[0] = 0
        return rows

    def _room_to_go_on(self, num_commands: int, num_members: int) -> None:
        """Make room for all that may happen until the next reply."""
        clock = self.work.clock
        active = sum(int(clock[name][0]) for name in ("num_running", "num_submitters", "num_callers"))
        active += num_commands + SPARE
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


def _is_ascending(numbers: Integers) -> bool:
    return len(numbers) == 1 or bool((numbers[1:] > numbers[:-1]).all())
