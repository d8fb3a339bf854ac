"""Batsim's clock: against its plain twin on generated simulations, and by hand through the protocol."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hdeeprm.dropin.files import write_files
from hdeeprm.dropin.simulation import BatsimOptions
from hdeeprm.simulator.batsim.clock import tables
from hdeeprm.simulator.batsim.hardware import Hosts, Links, Settings
from hdeeprm.simulator.batsim.machine import Command, Machine
from hdeeprm.simulator.batsim.profiles import Delay, Leaf, Task
from hdeeprm.simulator.batsim.versions import VERSIONS
from naive_clock import NaiveBatsim, StarNetwork
from scheduler_side import Decide, Message, converse, execute, platform_file, set_pstate, told, workload_file

SPEEDS = st.sampled_from([10.0, 5.0, 20.0, 3.0, 1e6])
WATTS = st.sampled_from([(20.0, 20.0, 20.0), (5.0, 10.0, 30.0), (0.0, 1.0, 1.0), (10.0, 8.0, 40.0)])
AMOUNTS = st.sampled_from([0.0, 10.0, 100.0, 100.0, 33.0, 0.5, 1e4])
SECONDS = st.sampled_from([0.0, 0.0, 1.0, 0.1, 1 / 3, 5.0, 10.0])
MOST_MESSAGES = 2000


@dataclass
class GeneratedJob:
    """A job and what it does, on so many executors."""

    submit_time: float
    walltime: float
    num_hosts: int
    stages: list[Leaf]
    failing: int


@dataclass
class Case:
    """A platform and jobs; ``workloads`` are submitted by themselves, ``extra`` by the scheduler."""

    speeds: list[list[float]]
    watts: list[list[tuple[float, float, float]]]
    pstates: list[int]
    network: StarNetwork
    workloads: list[list[GeneratedJob]]
    extra: list[GeneratedJob]
    simgrid: str
    sharing: bool
    acknowledge: bool
    seed: int


@st.composite
def leaves(draw: st.DrawFn, num_hosts: int) -> Leaf:
    """A stage on so many executors."""
    code = draw(st.sampled_from([0] * 8 + [3]))
    kind = draw(st.sampled_from(["delay", "same", "same", "same", "total", "each"]))
    if kind == "delay":
        return Delay(draw(st.sampled_from([1.0, 5.0, 10.0, 1 / 3])), code)
    if kind == "each":
        flops = tuple(draw(st.lists(AMOUNTS, min_size=num_hosts, max_size=num_hosts)))
        size = num_hosts * num_hosts
        amounts = draw(st.lists(st.sampled_from([0.0, 0.0, 50.0, 7.0]), min_size=size, max_size=size))
        rows = tuple(tuple(amounts[row * num_hosts : (row + 1) * num_hosts]) for row in range(num_hosts))
        return Task(flops, rows, False, code)
    num_bytes = draw(st.sampled_from([0.0, 0.0, 0.0, 100.0, 50.0, 1e7]))
    return Task(draw(AMOUNTS), num_bytes, kind == "total", code)


@st.composite
def jobs(draw: st.DrawFn, num_hosts: int) -> GeneratedJob:
    """A job."""
    width = draw(st.integers(1, num_hosts))
    return GeneratedJob(
        draw(SECONDS),
        draw(st.sampled_from([-1.0, -1.0, -1.0, 5.0, 10.0, 2.5])),
        width,
        draw(st.lists(leaves(width), min_size=1, max_size=draw(st.sampled_from([1, 1, 3])))),
        draw(st.sampled_from([0] * 8 + [2])),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A small platform and a few workloads."""
    count = draw(st.integers(1, 4))
    states = [draw(st.integers(1, 3)) for _ in range(count)]
    network = StarNetwork(
        draw(st.lists(st.sampled_from([10.0, 100.0, 1e3, 1e9]), min_size=count, max_size=count)),
        draw(st.sampled_from([0.0, 0.0, 0.001, 1.0])),
        draw(st.sampled_from([0.0, 50.0, 1e4])),
        draw(st.booleans()),
    )
    workloads = draw(st.lists(st.lists(jobs(count), max_size=8), min_size=1, max_size=2))
    for workload in workloads:
        time = 0.0
        for job in workload:
            time += job.submit_time
            job.submit_time = time
    return Case(
        [draw(st.lists(SPEEDS, min_size=number, max_size=number)) for number in states],
        [draw(st.lists(WATTS, min_size=number, max_size=number)) for number in states],
        [draw(st.integers(0, number - 1)) for number in states],
        network,
        workloads,
        draw(st.lists(jobs(count), max_size=3)),
        draw(st.sampled_from(list(VERSIONS))),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.integers(0, 2**32)),
    )


class LinkedNetwork(StarNetwork):
    """A star whose links a machine can have."""

    @property
    def links(self) -> Links:
        """All of them; the backbone is the last one."""
        backbone = [self.backbone] if self.backbone else []
        fatpipe = [False] * len(self.bandwidths) + [True] * len(backbone)
        return Links(np.array([*self.bandwidths, *backbone]), np.array(fatpipe))


def machine_of(case: Case) -> Machine:
    counts = np.array([len(states) for states in case.speeds])
    hosts = Hosts(
        np.array([speed for states in case.speeds for speed in states]),
        np.array([watts for states in case.watts for watts in states]),
        np.cumsum(counts) - counts,
        np.array(case.pstates),
    )
    chosen = Settings(
        VERSIONS[case.simgrid].tolerance,
        sharing=case.sharing,
        tracing=True,
        registration=bool(case.extra),
        acknowledge=case.acknowledge,
    )
    network = case.network
    linked = LinkedNetwork(network.bandwidths, network.latency, network.backbone, network.reaches_server)
    machine = Machine(hosts, linked, chosen)
    for workload in case.workloads:
        machine.add_workload(
            np.array([job.submit_time for job in workload]), np.array([job.walltime for job in workload])
        )
    return machine


def twin_of(case: Case) -> NaiveBatsim:
    twin = NaiveBatsim(
        case.speeds,
        case.watts,
        case.pstates,
        case.network,
        VERSIONS[case.simgrid].tolerance,
        case.sharing,
        bool(case.extra),
        case.acknowledge,
    )
    for workload in case.workloads:
        twin.add_workload([job.submit_time for job in workload], [job.walltime for job in workload])
    return twin


class Whims:
    """A scheduler that does anything that is allowed, by a generator of random numbers."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.draw = random.Random(case.seed)
        self.jobs = [job for workload in case.workloads for job in workload]
        self.extra = list(case.extra)
        self.may_register = bool(case.extra)
        self.waiting: list[int] = []
        self.running: dict[int, list[int]] = {}
        self.ended: list[int] = []
        self.num_calls = 0
        self.now = 0.0

    def listen(self, events: Sequence[tuple[int, int, float, float]]) -> None:
        """Take note of what is told."""
        for kind, job, _, _ in events:
            if kind == tables.JOB_SUBMITTED and job not in self.waiting:
                self.waiting.append(job)
            elif kind == tables.JOB_COMPLETED:
                del self.running[job]
                self.ended.append(job)
            elif kind == tables.CALLED:
                self.num_calls -= 1

    def happens(self, chance: float) -> bool:
        """Whether something of this chance happens."""
        return self.draw.random() < chance

    def decide(self, machine: Machine, twin: NaiveBatsim) -> tuple[list[Command], float]:
        """Commands, and when the scheduler is ready; both know what jobs that are started do."""
        self.now = self.time = machine.now
        commands: list[Command] = []
        if self.happens(0.3):
            commands += self.change_pstate()
        for job in list(self.waiting):
            self.pass_time()
            if self.happens(0.05):
                self.waiting.remove(job)
                commands.append(Command(tables.REJECT, self.time, job))
            elif self.happens(0.8):
                commands += self.start(job, machine, twin)
        commands += self.others(machine, twin)
        if self.waiting and not self.running and not self.num_calls:
            commands += self.start(self.waiting[0], machine, twin)
        self.pass_time()
        return commands, self.time

    def pass_time(self) -> None:
        """Think for a while, sometimes."""
        if self.happens(0.2):
            self.time += self.draw.choice([0.1, 1.0, 1e-6])

    def start(self, job: int, machine: Machine, twin: NaiveBatsim) -> list[Command]:
        """Start a job, if there are machines for it; an executor each, or several."""
        taken = set() if self.case.sharing else {host for hosts in self.running.values() for host in hosts}
        free = [host for host in range(len(self.case.speeds)) if host not in taken]
        row = self.jobs[job]
        if not free or (len(free) < row.num_hosts and self.running):
            return []
        hosts = sorted(self.draw.sample(free, min(len(free), row.num_hosts)))
        if self.happens(0.2):
            hosts = [self.draw.choice(free) for _ in range(row.num_hosts)]
        hosts = (hosts * row.num_hosts)[: row.num_hosts]
        machine.assign(job, hosts, row.stages, row.failing)
        twin.assign(job, hosts, row.stages, row.failing)
        self.waiting.remove(job)
        self.running[job] = hosts
        return [Command(tables.EXECUTE, self.time, job)]

    def change_pstate(self) -> list[Command]:
        """Put some hosts into a P-state that they all have."""
        count = len(self.case.speeds)
        hosts = sorted(self.draw.sample(range(count), self.draw.randint(1, count)))
        state = self.draw.randrange(min(len(self.case.speeds[host]) for host in hosts))
        return [Command(tables.SET_PSTATE, self.time, state, hosts)]

    def others(self, machine: Machine, twin: NaiveBatsim) -> list[Command]:
        """Kill, ask for a call, ask for the energy, register jobs."""
        commands = []
        started = [*self.running, *self.ended]
        if started and self.happens(0.15):
            victims = self.draw.sample(started, min(len(started), 2))
            commands.append(Command(tables.KILL, self.time, members=victims))
        if self.num_calls < 2 and self.happens(0.1):
            later = self.time + self.draw.choice([0.5, 1e-6, 7.0])
            self.num_calls += 1
            commands.append(Command(tables.CALL_LATER, self.time, value=later))
        if self.happens(0.1):
            commands.append(Command(tables.TELL_ENERGY, self.time))
        if self.may_register and self.happens(0.5):
            commands.append(self.register(machine, twin))
        elif self.may_register:
            self.num_calls += 1  # so that something happens again
            commands.append(Command(tables.CALL_LATER, self.time, value=self.time + 3.0))
        return commands

    def register(self, machine: Machine, twin: NaiveBatsim) -> Command:
        """Register a job; once there is none left, say so."""
        if not self.extra:
            self.may_register = False
            return Command(tables.END_REGISTRATION, self.time)
        row = self.extra.pop()
        self.jobs.append(row)
        number = machine.add_job(self.now, row.walltime)
        assert twin.add_job(self.now, row.walltime) == number == len(self.jobs) - 1
        if not self.case.acknowledge:
            self.waiting.append(number)
        return Command(tables.REGISTER, self.time, number)


def rows_told(machine: Machine) -> list[tuple[int, int, float, float]]:
    return [(int(r["kind"]), int(r["subject"]), float(r["time"]), float(r["value"])) for r in machine.told]


def without_values(rows: Sequence[tuple[int, int, float, float]]) -> list[tuple[int, int, float]]:
    return [row[:3] for row in rows]


@given(cases())
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_agrees_with_its_twin(case: Case) -> None:
    machine, twin, whims = machine_of(case), twin_of(case), Whims(case)
    machine.begin()
    twin.begin()
    heard: list[tuple[int, int, float, float]] = []
    for _ in range(MOST_MESSAGES):
        verdict = machine.advance()
        assert verdict == twin.advance()
        if verdict == tables.OVER:
            break
        if verdict == tables.CALL_IN_THE_PAST:  # the server was busy for so long
            return
        assert verdict == tables.ASKING
        rows = rows_told(machine)
        assert without_values(rows) == without_values(twin.told)
        assert [row[3] for row in rows] == pytest.approx([row[3] for row in twin.told], rel=1e-9, abs=1e-9)
        heard += rows
        whims.listen(rows)
        commands, ready = whims.decide(machine, twin)
        machine.reply(commands, ready)
        twin.reply(commands, ready)
    else:
        raise AssertionError("it does not end")
    check_ends(machine, twin, heard)


def check_ends(machine: Machine, twin: NaiveBatsim, heard: Sequence[tuple[int, int, float, float]]) -> None:
    """Jobs ended alike and once each, and energy and time add up."""
    clock, work = machine.work.clock[0], machine.work
    assert machine.now == twin.now
    assert work.order[: clock.num_order].tolist() == twin.order
    assert sorted(twin.order) == list(range(len(twin.jobs)))
    for number, job in enumerate(twin.jobs):
        row = work.jobs[number]
        for name in ("status", "start", "run_time", "return_code"):
            assert row[name] == getattr(job, name), name
        assert (row["joules"], row["progress"]) == pytest.approx(
            (job.joules, job.progress), rel=1e-9, abs=1e-7
        )
    spent = clock.last_completion_joules - max(0.0, clock.first_submission_joules)
    if any(job.run_time for job in twin.jobs):
        assert spent == pytest.approx(twin.last_joules - (twin.first_joules or 0.0), rel=1e-9, abs=1e-7)
    assert clock.computing_time == pytest.approx(twin.computing_seconds, rel=1e-9, abs=1e-7)
    since = (clock.watts + clock.watts_error) * (clock.now - clock.joules_time)
    assert clock.joules + clock.joules_error + since == pytest.approx(sum(twin.joules), rel=1e-9, abs=1e-6)

    times = [row[2] for row in heard]
    assert all(before <= after for before, after in pairwise(times))
    assert [row[0] for row in heard].count(tables.ENDS) == 1 and heard[-1][0] == tables.ENDS
    completed = [row[1] for row in heard if row[0] == tables.JOB_COMPLETED]
    rejected = [number for number, job in enumerate(twin.jobs) if job.status == tables.REJECTED]
    assert sorted(completed + rejected) == list(range(len(twin.jobs)))


# By hand -------------------------------------------------------------------------------------------------

HUNDRED = {"type": "parallel_homogeneous", "cpu": 100, "com": 0}
PROFILES: Message = {
    "hundred": HUNDRED,
    "ten": {"type": "parallel_homogeneous", "cpu": 10, "com": 0},
    "talk": {"type": "parallel_homogeneous", "cpu": 10, "com": 100},
    "pause": {"type": "delay", "delay": 5},
    "fails": {"type": "delay", "delay": 2, "ret": 7},
    "total": {"type": "parallel_homogeneous_total", "cpu": 100, "com": 0},
    "twice": {"type": "composed", "seq": ["pause", "hundred"], "repeat": 2},
    "broken": {"type": "composed", "seq": ["pause", "fails", "hundred"]},
    "sorry": {"type": "composed", "seq": ["pause"], "ret": 4},
    "nested": {"type": "composed", "seq": ["pause", "twice"]},
}
Wish = tuple[str, Message]


class Script:
    """Starts jobs as they come, and does other things at given times.

    Args:
        starts: Machines of each job that is to start, and what EXECUTE_JOB says besides.
        later: What is wanted at a time in s, above 0.
        at_once: What is wanted at the first message.
    """

    def __init__(
        self,
        starts: dict[str, str | tuple[str, Message]],
        later: dict[float, list[Wish]] | None = None,
        at_once: Sequence[Wish] = (),
    ) -> None:
        self.starts, self.later, self.at_once = starts, dict(later or {}), list(at_once)

    def __call__(self, message: Message) -> list[Wish]:
        """What is wanted now."""
        wishes: list[Wish] = []
        if told(message, "SIMULATION_BEGINS"):
            wishes += self.at_once
            wishes += [("CALL_ME_LATER", {"timestamp": time}) for time in self.later]
        for data in told(message, "JOB_SUBMITTED"):
            where = self.starts[data["job_id"]]
            machines, more = (where, {}) if isinstance(where, str) else where
            wishes.append(execute(data["job_id"], machines, **more))
        for time in [
            time for time in self.later if told(message, "REQUESTED_CALL") and time <= message["now"]
        ]:
            wishes += self.later.pop(time)
        return wishes


@pytest.fixture
def play(tmp_path: Path):
    """What happens: (time, type, data) of every event after the beginning, submissions left out."""

    def _play(decide: Decide, jobs: Sequence[Message], **options: Any) -> list[tuple[float, str, Message]]:
        hosts = [("10f, 5f", "20:20:20, 5:5:5")] * 4
        platform = platform_file(tmp_path, hosts, options.pop("bandwidth", ""))
        others = options.pop("others", ())
        files = [workload_file(tmp_path, jobs, PROFILES)]
        files += [workload_file(tmp_path, other, PROFILES, f"{n}.json") for n, other in enumerate(others)]
        messages, simulation = converse(BatsimOptions(platform, tuple(files), energy=True, **options), decide)
        write_files(simulation, str(tmp_path / "out"), 0.0, 0.0)
        return [
            (message["now"], event["type"], event["data"])
            for message in messages[1:]
            for event in message["events"]
            if event["type"] not in ("JOB_SUBMITTED", "NOTIFY")
        ]

    return _play


def completed(job: str, state: str, code: int, machines: str = "0") -> Message:
    return {"job_id": f"w0!{job}", "job_state": f"COMPLETED_{state}", "return_code": code, "alloc": machines}


def end(time: float) -> tuple[float, str, Message]:
    return time, "SIMULATION_ENDS", {}


class TestEndsOfJobs:
    @pytest.mark.parametrize(
        ("profile", "walltime", "time", "state", "code"),
        [
            ("hundred", -1, 10.0, "SUCCESSFULLY", 0),
            ("hundred", 10, 10.0, "SUCCESSFULLY", 0),
            ("hundred", 4, 4.0, "WALLTIME_REACHED", -1),
            ("pause", 6, 5.0, "SUCCESSFULLY", 0),
            ("pause", 5, 5.0, "WALLTIME_REACHED", -1),  # a delay that is as long is cut
            ("pause", 4, 4.0, "WALLTIME_REACHED", -1),
            ("twice", -1, 30.0, "SUCCESSFULLY", 0),
            ("twice", 18, 18.0, "WALLTIME_REACHED", -1),
            ("fails", -1, 2.0, "FAILED", 7),
            ("fails", 1, 1.0, "WALLTIME_REACHED", -1),
            ("broken", -1, 7.0, "FAILED", 7),
            ("sorry", -1, 5.0, "FAILED", 4),
        ],
    )
    def test_by_its_work_its_walltime_or_its_return_code(self, profile, walltime, time, state, code, play):
        jobs = [{"id": "a", "profile": profile, "walltime": walltime}]
        found = play(Script({"w0!a": "0"}), jobs)
        assert found == [(time, "JOB_COMPLETED", completed("a", state, code)), end(time)]

    @pytest.mark.parametrize(
        ("profile", "time", "progress"),
        [
            ("hundred", 4.0, {"progress": 0.4}),
            ("pause", 4.0, {"progress": 0.8}),
            ("twice", 22.0, {"current_task_index": 3, "current_task": {"progress": 0.2}}),
            (
                "nested",
                12.5,
                {
                    "current_task_index": 1,
                    "current_task": {"current_task_index": 1, "current_task": {"progress": 0.25}},
                },
            ),
        ],
    )
    def test_killed_with_the_progress_it_made(self, profile, time, progress, play):
        kill = ("KILL_JOB", {"job_ids": ["w0!a", "w0!a"]})
        found = play(Script({"w0!a": "0"}, {time: [kill]}), [{"id": "a", "profile": profile}])
        assert [row[:2] for row in found] == [
            (time, "REQUESTED_CALL"),
            (time, "JOB_COMPLETED"),
            (time, "JOB_KILLED"),
            (time, "SIMULATION_ENDS"),
        ]
        assert found[1][2] == completed("a", "KILLED", -2)
        assert found[2][2]["job_ids"] == ["w0!a"]
        check_progress(found[2][2]["job_progress"]["w0!a"], profile, progress)

    def test_a_job_that_has_ended_is_killed_in_vain(self, play):
        kill = ("KILL_JOB", {"job_ids": ["w0!a"]})
        jobs = [{"id": "a", "profile": "pause"}, {"id": "b", "profile": "hundred"}]
        found = play(Script({"w0!a": "0", "w0!b": "1"}, {7.0: [kill]}), jobs)
        assert found[2] == (7.0, "JOB_KILLED", {"job_ids": ["w0!a"], "job_progress": {}})
        assert found[3] == (10.0, "JOB_COMPLETED", completed("b", "SUCCESSFULLY", 0, "1"))


def check_progress(found: Message, profile: str, expected: Message) -> None:
    """Compare progress level by level; the profile is named at the outermost one and within."""
    assert found["profile_name"] == profile
    if "progress" in expected:
        assert found["progress"] == pytest.approx(expected["progress"])
        return
    place = found["current_task_index"]
    assert place == expected["current_task_index"]
    names = PROFILES[profile]["seq"]
    check_progress(found["current_task"], names[place % len(names)], expected["current_task"])


class TestWork:
    def test_several_executors_on_a_machine(self, play):
        mapping = {"0": "0", "1": "0", "2": "0", "3": "1"}
        found = play(
            Script({"w0!a": ("0-1", {"mapping": mapping})}), [{"id": "a", "res": 4, "profile": "hundred"}]
        )
        assert found[0] == (30.0, "JOB_COMPLETED", completed("a", "SUCCESSFULLY", 0, "0-1"))

    @pytest.mark.parametrize(("machines", "time"), [("0-1", 5.0), ("0-3", 2.5), ("2", 10.0)])
    def test_a_total_is_divided_by_the_machines_that_it_gets(self, machines, time, play):
        found = play(Script({"w0!a": machines}), [{"id": "a", "res": 2, "profile": "total"}])
        assert found[0] == (time, "JOB_COMPLETED", completed("a", "SUCCESSFULLY", 0, machines))

    def test_jobs_share_a_machine(self, play):
        jobs = [{"id": "a", "profile": "hundred"}, {"id": "b", "profile": "ten"}]
        found = play(Script({"w0!a": "0", "w0!b": "0"}), jobs, compute_sharing=True)
        # Half of the speed each for 2 s, then all of it for the 90 flop that are left.
        assert [row[:2] for row in found[:2]] == [(2.0, "JOB_COMPLETED"), (11.0, "JOB_COMPLETED")]
        assert [data["job_id"] for _, _, data in found[:2]] == ["w0!b", "w0!a"]

    def test_communication(self, play):
        jobs = [{"id": name, "res": 2, "profile": "talk"} for name in ("a", "b")]
        found = play(Script({"w0!a": "0-1", "w0!b": "2-3"}), jobs, bandwidth="10Bps")
        # Each link carries 100 byte there and 100 back. The byte that tells the server of an end takes 0.1 s,
        # one after the other, and the scheduler hears of both once no more is on its way.
        assert found == [
            (20.2, "JOB_COMPLETED", completed("a", "SUCCESSFULLY", 0, "0-1")),
            (20.2, "JOB_COMPLETED", completed("b", "SUCCESSFULLY", 0, "2-3")),
            end(20.2),
        ]

    def test_a_change_of_speed_keeps_the_progress(self, play):
        found = play(Script({"w0!a": "0"}, {4.0: [set_pstate("0", 1)]}), [{"id": "a", "profile": "hundred"}])
        assert (16.0, "JOB_COMPLETED", completed("a", "SUCCESSFULLY", 0)) in found


class TestOtherThings:
    def test_calls(self, play):
        script = Script({"w0!a": "0"}, {7.0: [], 2.5: []})
        found = play(script, [{"id": "a", "profile": "hundred"}])
        assert [row[:2] for row in found] == [
            (2.5, "REQUESTED_CALL"),
            (7.0, "REQUESTED_CALL"),
            (10.0, "JOB_COMPLETED"),
            (10.0, "SIMULATION_ENDS"),
        ]

    def test_energy_so_far(self, play):
        query = ("QUERY", {"requests": {"consumed_energy": {}}})
        found = play(
            Script({"w0!a": "0"}, {4.0: [set_pstate("3", 1)], 8.0: [query]}),
            [{"id": "a", "profile": "hundred"}],
        )
        assert (8.0, "ANSWER", {"consumed_energy": 4 * 80.0 + 4 * 65.0}) in found

    @pytest.mark.parametrize("acknowledge", [True, False])
    def test_jobs_that_the_scheduler_registers(self, acknowledge, play, tmp_path):
        profile = {"workload_name": "mine", "profile_name": "p", "profile": HUNDRED}
        job = {"id": "mine!1", "res": 2, "profile": "p", "subtime": 3}
        later = [("REGISTER_PROFILE", profile), ("REGISTER_JOB", {"job_id": "mine!1", "job": job})]
        later += [("SET_JOB_METADATA", {"job_id": "mine!1", "metadata": 'my "job"'})]
        later += [] if acknowledge else [execute("mine!1", "1-2")]
        finished = ("NOTIFY", {"type": "registration_finished"})
        found = play(
            Script({"w0!a": "0", "mine!1": "1-2"}, {3.0: later, 4.0: [finished]}),
            [{"id": "a", "profile": "ten"}],
            dynamic_jobs=True,
            acknowledge_jobs=acknowledge,
        )
        assert [row[:2] for row in found] == [
            (1.0, "JOB_COMPLETED"),
            (3.0, "REQUESTED_CALL"),
            (4.0, "REQUESTED_CALL"),
            (13.0, "JOB_COMPLETED"),
            (13.0, "SIMULATION_ENDS"),
        ]
        (_, row) = csv.DictReader((tmp_path / "out_jobs.csv").read_text().splitlines())
        assert (row["job_id"], row["workload_name"], row["submission_time"]) == ("1", "mine", "3.000000")
        assert (row["allocated_resources"], row["metadata"]) == ("1-2", 'my "job"')

    def test_a_job_is_submitted_again(self, play):
        def decide(message: Message) -> list[Wish]:
            wishes = [execute(data["job_id"], "0") for data in told(message, "JOB_SUBMITTED")]
            for data in told(message, "JOB_COMPLETED"):
                if data["job_state"] == "COMPLETED_FAILED":
                    again = {"id": "w0!a#1", "res": 1, "profile": "ten", "subtime": message["now"]}
                    wishes.append(("REGISTER_JOB", {"job_id": "w0!a#1", "job": again}))
                    wishes.append(("NOTIFY", {"type": "registration_finished"}))
            return wishes

        found = play(decide, [{"id": "a", "profile": "fails"}], dynamic_jobs=True, acknowledge_jobs=True)
        assert found == [
            (2.0, "JOB_COMPLETED", completed("a", "FAILED", 7)),
            (3.0, "JOB_COMPLETED", completed("a#1", "SUCCESSFULLY", 0)),
            end(3.0),
        ]

    def test_two_workloads_have_names_of_their_own(self, play):
        notices: list[Message] = []
        script = Script({"w0!a": "0", "w1!a": "1", "w1!b": "2"})

        def decide(message: Message) -> list[Wish]:
            notices.extend({"now": message["now"]} | data for data in told(message, "NOTIFY"))
            return script(message)

        others = [[{"id": "a", "profile": "pause"}, {"id": "b", "profile": "ten", "subtime": 6}]]
        found = play(decide, [{"id": "a", "profile": "hundred"}], others=others)
        assert [(time, data.get("job_id")) for time, _, data in found] == [
            (5.0, "w1!a"),
            (7.0, "w1!b"),
            (10.0, "w0!a"),
            (10.0, None),
        ]
        assert notices == [{"now": 6.0, "type": "no_more_static_job_to_submit"}]

    def test_profiles_are_told_with_the_jobs(self, play):
        seen: list[Message] = []

        def decide(message: Message) -> list[Wish]:
            seen.extend(data["profile"] for data in told(message, "JOB_SUBMITTED"))
            return [("REJECT_JOB", {"job_id": data["job_id"]}) for data in told(message, "JOB_SUBMITTED")]

        assert play(decide, [{"profile": "ten"}, {"profile": "twice"}], forward_profiles=True) == [end(0.0)]
        assert seen == [PROFILES["ten"], PROFILES["twice"]]


def test_a_job_that_also_communicates_draws_the_power_of_its_load() -> None:
    """Two machines send each other 100 byte over links of 10 byte/s: 20 s, in which they compute 10 flop."""
    network = StarNetwork([10.0, 10.0], 0.0, 0.0, False)
    job = GeneratedJob(0.0, -1.0, 2, [Task(10.0, 100.0)], 0)
    watts = [(5.0, 10.0, 30.0)]
    case = Case([[10.0]] * 2, [watts] * 2, [0, 0], network, [[job]], [], "3.29", False, False, 0)
    machine = machine_of(case)
    machine.assign(0, [0, 1], job.stages)
    machine.begin()
    while machine.advance() == tables.ASKING:
        starts = [Command(tables.EXECUTE, machine.now, int(row["subject"])) for row in machine.told]
        kinds = machine.told["kind"]
        machine.reply(
            [start for start, kind in zip(starts, kinds, strict=True) if kind == tables.JOB_SUBMITTED],
            machine.now,
        )
    load = 10.0 / 20.0 / 10.0
    assert machine.work.jobs[0]["run_time"] == 20.0
    assert machine.work.jobs[0]["joules"] == pytest.approx(2 * 20 * (10 + 20 * load))
