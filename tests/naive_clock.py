"""The slow and plain twin of Batsim's clock: objects in lists, everything computed anew at every step.

It follows the same rules in the same arithmetic, so that times agree in every bit. Hosts are charged by their
P-state from the beginning.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hdeeprm.simulator.batsim.clock import tables
from hdeeprm.simulator.batsim.machine import Command
from hdeeprm.simulator.batsim.profiles import Delay, Leaf, Task
from hdeeprm.simulator.batsim.versions import Tolerance

TCP_WINDOW_BYTES = 4194304.0
NOTHING_LEFT = 1e-5
"""Of a resource."""


@dataclass
class StarNetwork:
    """A link to each host, and a backbone between them.

    Attributes:
        bandwidths: Of the hosts' links, byte/s.
        latency: Of each link, s.
        backbone: Bandwidth of the backbone, whose users do not share it; 0 for none.
        reaches_server: Whether messages to the server go over the link of their host.
    """

    bandwidths: list[float]
    latency: float
    backbone: float
    reaches_server: bool

    def route(self, source: int, target: int) -> tuple[list[int], float]:
        """Links between two hosts, and their latency."""
        count = len(self.bandwidths)
        middle = [2 * count] if self.backbone else []
        links = [count + source, *middle, count + target]
        return links, self.latency * len(links)

    def to_server(self, host: int) -> tuple[list[int], float]:
        """Links from a host to the server, and their latency."""
        return ([len(self.bandwidths) + host], self.latency) if self.reaches_server else ([], 0.0)


@dataclass(eq=False)
class Activity:
    """Something under way."""

    kind: str
    subject: Any = None
    uses: dict[int, float] = field(default_factory=dict)
    hosts: frozenset[int] = frozenset()
    limit: float | None = None
    latency: float = 0.0
    bound: float = math.inf
    later_bound: float = math.inf
    remaining: float = 1.0
    rate: float = 0.0
    step: float = 0.0
    flowing: bool = False
    is_over: bool = False


@dataclass(eq=False)
class NaiveJob:
    """A job and what became of it."""

    submit_time: float
    walltime: float
    status: int = tables.NOT_SUBMITTED
    hosts: list[int] = field(default_factory=list)  # with repetitions
    stages: list[Leaf] = field(default_factory=list)
    failing: int = 0
    stage: int = 0
    stage_start: float = 0.0
    time_left: float = -1.0
    start: float = 0.0
    run_time: float = 0.0
    joules: float = 0.0
    return_code: int = 0
    killer: int | None = None
    progress: float = 0.0
    activity: Activity | None = None


@dataclass(eq=False)
class Submitter:
    """Who submits a workload."""

    jobs: list[int]
    date: float = 0.0
    has_slept: bool = False


class NaiveBatsim:
    """One simulation.

    Args:
        speeds: Of each host in each P-state, flop/s.
        watts: Likewise: idle, lowest and full.
        pstates: Of each host at the start.
        network: Links.
        tolerance: What counts as nothing.
        sharing, registration, acknowledge: As in the settings of a machine.
    """

    def __init__(
        self,
        speeds: Sequence[Sequence[float]],
        watts: Sequence[Sequence[tuple[float, float, float]]],
        pstates: Sequence[int],
        network: StarNetwork,
        tolerance: Tolerance,
        sharing: bool = False,
        registration: bool = False,
        acknowledge: bool = False,
    ) -> None:
        self.speeds, self.watts, self.pstates = speeds, watts, list(pstates)
        self.network, self.tolerance, self.sharing = network, tolerance, sharing
        self.registration, self.acknowledge = registration, acknowledge
        self.now = 0.0
        self.jobs: list[NaiveJob] = []
        self.order: list[int] = []
        self.submitters: list[Submitter] = []
        self.activities: list[Activity] = []
        self.mailbox: deque[tuple[str, Any, Any, int | None]] = deque()
        self.received: tuple[str, Any, Any, int | None] | None = None
        self.late: list[int] = []
        self.events: list[tuple[int, int, float, float]] = []
        self.told: list[tuple[int, int, float, float]] = []
        self.commands: deque[tuple[int, Command]] = deque()
        self.is_asking = self.is_ready = self.has_replied = self.ends_told = self.is_over = False
        self.is_refused = False
        self.num_callers = self.num_killers = self.num_commands = 0
        self.joules = [0.0] * len(speeds)
        self.first_joules: float | None = None
        self.last_joules = 0.0
        self.computing_seconds = 0.0

    # From outside -------------------------------------------------------------------------------------

    def add_workload(self, submit_times: Sequence[float], walltimes: Sequence[float]) -> None:
        """Add jobs that are submitted by themselves."""
        numbers = [self.add_job(time, limit) for time, limit in zip(submit_times, walltimes, strict=True)]
        self.submitters.append(Submitter(numbers))

    def add_job(self, submit_time: float, walltime: float) -> int:
        """Add a job; its number."""
        self.jobs.append(NaiveJob(submit_time, walltime))
        return len(self.jobs) - 1

    def assign(self, job: int, hosts: Sequence[int], stages: Sequence[Leaf], failing: int) -> None:
        """Say what a job will do and where."""
        row = self.jobs[job]
        row.hosts, row.stages, row.failing = list(hosts), list(stages), failing

    def begin(self) -> None:
        """Open the simulation."""
        self.submitters_left = len(self.submitters)
        for submitter in self.submitters:
            self.mailbox.append(("hello", submitter, submitter, None))
        self.tell(tables.BEGINS)
        self.send()

    def reply(self, commands: Sequence[Command], now: float) -> None:
        """Take the scheduler's reply."""
        self.commands = deque(enumerate((*commands, Command(tables.READY, now))))
        self.current = list(commands)
        self.has_replied = True

    def advance(self) -> int:
        """Go on until the scheduler is asked or all is over."""
        while True:
            if self.is_refused:
                return tables.CALL_IN_THE_PAST
            if self.settle():
                return tables.ASKING
            if self.is_over:
                return tables.OVER
            self.share()
            delta = self.time_to_next()
            if delta is None:
                return tables.DEADLOCK
            for activity in self.pass_time(delta):
                self.finish(activity)
            self.receive()

    # Time ---------------------------------------------------------------------------------------------

    def settle(self) -> bool:
        """What takes no time; whether a reply is needed."""
        while self.is_asking or self.late:
            if self.is_asking:
                if not self.has_replied:
                    return True
                self.is_asking = self.has_replied = False
                self.told = []
                self.next_command()
            self.receive()
            for job in self.late:
                self.mailbox.append(("completion", job, None, min(self.jobs[job].hosts)))
            self.late = []
            self.receive()
        self.receive()
        return False

    def time_to_next(self) -> float | None:
        """Seconds until something is over."""
        candidates = []
        for activity in self.activities:
            if activity.rate > 0:
                candidates.append(max(0.0, activity.remaining) / activity.rate)
            if activity.limit is not None:
                candidates.append(activity.limit)
            if activity.latency > 0:
                candidates.append(activity.latency)
        return min(candidates, default=None)

    def pass_time(self, delta: float) -> list[Activity]:
        """Subtract a step from everything; what is over, by age."""
        for host in range(len(self.speeds)):
            self.joules[host] += self.power(host) * delta
        running = [job for job in self.jobs if job.status == tables.RUNNING]
        self.computing_seconds += len({host for job in running for host in job.hosts}) * delta
        self.now += delta
        for activity in self.activities:
            if activity.latency > 0:
                activity.latency = 0.0 if activity.latency <= delta else activity.latency - delta
                if activity.latency < self.tolerance.seconds:
                    activity.latency, activity.flowing = 0.0, True
                    activity.bound = activity.later_bound
            activity.remaining -= activity.rate * delta
            if activity.remaining < self.tolerance.work:
                activity.remaining = 0.0
            if activity.limit is not None:
                activity.limit -= delta
                if activity.limit < self.tolerance.seconds:
                    activity.limit = 0.0
            done = activity.remaining == 0 and (activity.rate > 0 or activity.flowing)
            activity.is_over = done or activity.limit == 0
        over = [activity for activity in self.activities if activity.is_over]
        self.activities = [activity for activity in self.activities if not activity.is_over]
        return over

    def finish(self, activity: Activity) -> None:
        """Something is over."""
        if activity.kind == "message":
            self.handle_received()
        elif activity.kind == "submitter":
            activity.subject.date = self.now
            self.submit(activity.subject)
        elif activity.kind == "reply":
            self.post_command()
            self.receive()
        elif activity.kind == "call":
            self.mailbox.append(("call", None, None, None))
        else:
            self.end_stage(activity.subject, activity)

    # Shares -------------------------------------------------------------------------------------------

    def capacity(self, resource: int) -> float:
        """Of a host or a link."""
        count = len(self.speeds)
        if resource < count:
            return self.speeds[resource][self.pstates[resource]]
        return self.network.backbone if resource == 2 * count else self.network.bandwidths[resource - count]

    def share(self) -> None:
        """Rates grow together until a resource or a bound ends it, round by round."""
        flows = [activity for activity in self.activities if any(activity.uses.values())]
        for activity in flows:
            activity.rate = 0.0
        growing = [activity for activity in flows if activity.flowing]
        flowing = list(growing)
        left = {resource: self.capacity(resource) for activity in flows for resource in activity.uses}
        while growing:
            growing = self.grow(growing, flowing, left)

    def grow(
        self, growing: list[Activity], flowing: list[Activity], left: dict[int, float]
    ) -> list[Activity]:
        """One round; which activities still grow."""
        fat = 2 * len(self.speeds)
        users = {
            resource: sum(activity.uses.get(resource, 0.0) > 0 for activity in growing) for resource in left
        }
        shares = {
            resource: left[resource] / (1 if resource == fat else max(1, users[resource]))
            for resource in left
        }
        for activity in growing:
            step = min(shares[resource] / weight for resource, weight in activity.uses.items() if weight > 0)
            activity.step = min(step, activity.bound - activity.rate)
            activity.rate += activity.step
        growing = [activity for activity in growing if activity.rate != activity.bound]
        for activity in flowing:  # those that grow no more count again with their last step, as in SimGrid
            for resource, weight in activity.uses.items():
                if resource == fat:
                    shares[fat] = min(shares[fat], weight * activity.step)
                else:
                    left[resource] = self.rest(left[resource] - weight * activity.step)
        if users.get(fat):
            left[fat] = self.rest(left[fat] - shares[fat])
        return [
            activity
            for activity in growing
            if all(left[resource] > 0 for resource, weight in activity.uses.items() if weight > 0)
        ]

    @staticmethod
    def rest(amount: float) -> float:
        """What is left, nothing if it is little."""
        return 0.0 if amount < NOTHING_LEFT else amount

    def power(self, host: int) -> float:
        """What a host draws, in W."""
        idle, lowest, full = self.watts[host][self.pstates[host]]
        load = sum(
            activity.uses.get(host, 0.0) * activity.rate / self.capacity(host) for activity in self.activities
        )
        return idle if load <= 0 else lowest + (full - lowest) * min(1.0, load)

    # Messages -----------------------------------------------------------------------------------------

    def receive(self) -> None:
        """Take the next message from the mailbox, unless one is under way."""
        if self.received is None and self.mailbox:
            self.received = self.mailbox.popleft()
            links, latency = (
                ([], 0.0) if self.received[3] is None else self.network.to_server(self.received[3])
            )
            self.activities.append(self.flow("message", None, [], [(links, latency, 1.0)]))

    def handle_received(self) -> None:
        """The message is there: note it, ask the scheduler, let its sender go on."""
        assert self.received is not None
        (kind, subject, sender, _), self.received = self.received, None
        if kind != "hello":
            self.handle(kind, subject)
        self.ask()
        if kind == "hello":
            self.submit(subject)
        elif kind == "submission":
            self.go_on(sender)
        elif kind == "command" and subject[1].kind != tables.READY:
            self.next_command()
        self.receive()

    def handle(self, kind: str, subject: Any) -> None:
        """Note a message."""
        if kind == "submission":
            for job in subject:
                self.jobs[job].status = tables.SUBMITTED
                self.tell(tables.JOB_SUBMITTED, job)
        elif kind == "bye":
            self.submitters_left -= 1
            if self.submitters_left == 0:
                self.tell(tables.NO_MORE_JOBS)
        elif kind == "completion":
            self.complete(subject)
        elif kind == "call":
            self.num_callers -= 1
            self.tell(tables.CALLED)
        elif kind == "killed":
            self.finish_kill(*subject)
        else:
            self.obey(*subject)

    def tell(self, kind: int, subject: int = 0, value: float = 0.0) -> None:
        """Add to the next message to the scheduler."""
        self.events.append((kind, subject, self.now, value))

    def ask(self) -> None:
        """Send the message if the scheduler is ready and nothing else is in the mailbox."""
        if not self.is_ready or self.is_over or self.mailbox:
            return
        if not self.events and self.is_finished() and not self.ends_told:
            self.tell(tables.ENDS)
            self.ends_told = True
        if self.events:
            self.send()

    def send(self) -> None:
        """Send what there is."""
        self.told, self.events = self.events, []
        self.is_asking, self.is_ready = True, False

    def is_finished(self) -> bool:
        """Whether nothing is left to be done."""
        left = [job for job in self.jobs if job.status in (tables.SUBMITTED, tables.RUNNING)]
        untold = sum(job.status in ENDED for job in self.jobs) - len(self.order)
        busy = left or untold or self.num_callers or self.num_killers
        return not (self.submitters_left or self.registration or busy)

    # Submitters ---------------------------------------------------------------------------------------

    def submit(self, submitter: Submitter) -> None:
        """Send the jobs that are due; the one that was waited for is, even an ulp early."""
        due = []
        while submitter.jobs and (
            submitter.has_slept or self.jobs[submitter.jobs[0]].submit_time <= submitter.date
        ):
            submitter.has_slept = False
            due.append(submitter.jobs.pop(0))
        if due:
            if self.first_joules is None:
                self.first_joules = sum(self.joules)
            self.mailbox.append(("submission", due, submitter, None))
        else:
            self.go_on(submitter)

    def go_on(self, submitter: Submitter) -> None:
        """Sleep until the next job, or say goodbye."""
        if submitter.jobs:
            submitter.has_slept = True
            wait = self.jobs[submitter.jobs[0]].submit_time - submitter.date
            self.activities.append(Activity("submitter", submitter, limit=wait))
        else:
            self.mailbox.append(("bye", None, None, None))

    # Commands -----------------------------------------------------------------------------------------

    def next_command(self) -> None:
        """Send the next command, not before its time."""
        if not self.commands:
            return
        time = self.commands[0][1].time
        if time > self.now:
            self.activities.append(Activity("reply", limit=time - self.now))
        else:
            self.post_command()

    def post_command(self) -> None:
        """Send the next command."""
        self.mailbox.append(("command", self.commands.popleft(), None, None))

    def obey(self, place: int, command: Command) -> None:
        """Carry a command out."""
        kind, job = command.kind, command.subject
        if kind == tables.READY:
            self.is_ready, self.is_over = True, self.ends_told
        elif kind == tables.EXECUTE:
            self.start(job)
        elif kind == tables.REJECT:
            assert self.jobs[job].status == tables.SUBMITTED
            self.jobs[job].status = tables.REJECTED
            self.order.append(job)
        elif kind == tables.SET_PSTATE:
            self.set_pstate(command)
            self.tell(tables.PSTATE_CHANGED, place)
        elif kind == tables.KILL:
            self.kill(place, command)
        elif kind == tables.CALL_LATER and command.value <= self.now:
            self.is_refused = True
        elif kind == tables.CALL_LATER:
            self.num_callers += 1
            self.activities.append(Activity("call", limit=max(1e-5, command.value - self.now)))
        elif kind == tables.TELL_ENERGY:
            self.tell(tables.ENERGY, value=sum(self.joules))
        elif kind == tables.REGISTER:
            self.jobs[job].status = tables.SUBMITTED
            if self.acknowledge:
                self.tell(tables.JOB_SUBMITTED, job)
        elif kind == tables.END_REGISTRATION:
            self.registration = False

    def set_pstate(self, command: Command) -> None:
        """Change P-states; in SimGrid the bound of what computes there becomes the speed itself."""
        for host in command.members:
            self.pstates[host] = command.subject
            for activity in self.activities:
                if host in activity.hosts:
                    activity.bound = self.capacity(host)

    # Jobs ---------------------------------------------------------------------------------------------

    def start(self, number: int) -> None:
        """Start a job."""
        job = self.jobs[number]
        assert job.status == tables.SUBMITTED
        taken = {host for other in self.jobs if other.status == tables.RUNNING for host in other.hosts}
        assert self.sharing or not taken & set(job.hosts)
        job.status, job.start, job.time_left = tables.RUNNING, self.now, job.walltime
        job.joules = -self.energy_of(job)
        self.begin_stage(job, 0)

    def energy_of(self, job: NaiveJob) -> float:
        """Of all its hosts so far."""
        return sum(self.joules[host] for host in set(job.hosts))

    def begin_stage(self, job: NaiveJob, place: int) -> None:
        """Go on with a stage."""
        job.stage, job.stage_start = place, self.now
        stage = job.stages[place]
        limit = None if job.time_left < 0 else job.time_left
        if isinstance(stage, Delay):
            seconds = stage.seconds if limit is None else min(limit, stage.seconds)
            job.activity = Activity("job", job, limit=seconds)
        else:
            flops = list(stage.host_flops(len(job.hosts)))
            routes = [
                (*self.network.route(job.hosts[source], job.hosts[target]), amount)
                for source, target, amount in byte_pairs(stage, len(job.hosts))
            ]
            job.activity = self.flow("job", job, list(zip(job.hosts, flops, strict=True)), routes)
            job.activity.limit = limit
        self.activities.append(job.activity)

    def flow(
        self,
        kind: str,
        subject: Any,
        flops: list[tuple[int, float]],
        routes: list[tuple[list[int], float, float]],
    ) -> Activity:
        """Something that computes and communicates."""
        uses: dict[int, float] = {}
        for host, amount in flops:
            uses[host] = uses.get(host, 0.0) + amount
        speeds = [self.capacity(host) / amount for host, amount in uses.items() if amount > 0]
        for links, _, amount in routes:
            for link in links:
                uses[link] = uses.get(link, 0.0) + amount
        if not any(uses.values()):
            return Activity(kind, subject, remaining=0.0, rate=1.0)
        slowest = max((latency * amount for _, latency, amount in routes), default=0.0)
        latency = max((latency for _, latency, _ in routes), default=0.0)
        return Activity(
            kind,
            subject,
            uses,
            frozenset(host for host, _ in flops),
            latency=latency,
            flowing=latency == 0,
            bound=min(speeds, default=math.inf),
            later_bound=TCP_WINDOW_BYTES / (2.0 * slowest) if slowest else math.inf,
        )

    def end_stage(self, job: NaiveJob, activity: Activity) -> None:
        """A stage is over, and the job if it was the last or went wrong."""
        stage = job.stages[job.stage]
        if isinstance(stage, Delay):
            in_time = job.time_left < 0 or stage.seconds < job.time_left
        else:
            in_time = activity.remaining == 0
        if job.time_left >= 0:
            job.time_left = max(0.0, job.time_left - (self.now - job.stage_start))
        job.activity = None
        if in_time and stage.return_code == 0 and job.stage + 1 < len(job.stages):
            self.begin_stage(job, job.stage + 1)
            return
        job.return_code = (stage.return_code or job.failing) if in_time else -1
        self.end(job, (FAILED_OR_NOT[job.return_code > 0]) if in_time else tables.WALLTIME_REACHED)
        self.late.append(self.jobs.index(job))

    def end(self, job: NaiveJob, status: int) -> None:
        """A job is over."""
        job.status = status
        job.run_time = (self.now - job.start) or 1e-5
        job.joules += self.energy_of(job)
        self.last_joules = sum(self.joules)

    def complete(self, job: int) -> None:
        """The server knows of it."""
        self.order.append(job)
        self.tell(tables.JOB_COMPLETED, job)

    def kill(self, place: int, command: Command) -> None:
        """Kill jobs that run and that nobody kills yet."""
        self.num_commands += 1
        asked = [job for job in command.members if self.jobs[job].killer is None]
        for number in asked:
            job = self.jobs[number]
            job.killer = self.num_commands
            if job.status == tables.RUNNING and job.activity is not None and not job.activity.is_over:
                job.progress = self.progress(job, job.activity)
                self.activities = [other for other in self.activities if other is not job.activity]
                job.return_code, job.activity = -2, None
                self.end(job, tables.KILLED)
        if asked:
            self.num_killers += 1
            self.mailbox.append(("killed", (place, self.num_commands, command), None, None))

    def progress(self, job: NaiveJob, activity: Activity) -> float:
        """Part of the stage that is done."""
        stage = job.stages[job.stage]
        if isinstance(stage, Delay):
            return (self.now - job.stage_start) / stage.seconds
        return 1.0 - activity.remaining

    def finish_kill(self, place: int, killer: int, command: Command) -> None:
        """Tell of the jobs that a command has killed."""
        self.num_killers -= 1
        for number in command.members:
            if self.jobs[number].status == tables.KILLED and self.jobs[number].killer == killer:
                self.complete(number)
        self.tell(tables.JOBS_KILLED, place)


ENDED = (tables.COMPLETED, tables.FAILED, tables.WALLTIME_REACHED, tables.KILLED, tables.REJECTED)
FAILED_OR_NOT = (tables.COMPLETED, tables.FAILED)


def byte_pairs(task: Task, count: int) -> list[tuple[int, int, float]]:
    """Who sends how much to whom, by place."""
    if count == 1:
        return []
    found = []
    for source in range(count):
        for target in range(count):
            if isinstance(task.num_bytes, tuple):
                amount = task.num_bytes[source][target]
            else:
                amount = (task.num_bytes / count if task.total else task.num_bytes) * (source != target)
            if amount > 0:
                found.append((source, target, amount))
    return found
