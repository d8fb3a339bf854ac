"""Conversations of the real Batsim over real ZeroMQ: given the recorded replies, all messages come again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from golden import GOLDEN, parse_cores, read_text
from scheduler_side import Message, execute, platform_file, reply, run_dropin, set_pstate, workload_file

JOULES = 1e-4
"""Batsim adds energies up in another order."""
PLATFORM_JOULES = 1e-3
SECONDS = 1e-4
"""Of sums of times over all jobs or machines."""
WALL_CLOCK = ("batsim_version", "scheduling_time", "simulation_time")

needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded runs are not there")


def names_of(folder: str) -> list[str]:
    root = GOLDEN / folder
    return sorted(path.name for path in root.iterdir()) if root.is_dir() else []


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(read_text(path).splitlines()))


def unpacked(folder: Path, target: Path, name: str) -> Path:
    """An input of a recorded run, as a plain file."""
    packed = folder / f"{name}.gz"
    if not packed.is_file():
        return folder / name
    (target / name).write_text(read_text(packed))
    return target / name


def check_jobs(found: list[dict[str, str]], recorded: list[dict[str, str]]) -> None:
    assert len(found) == len(recorded)
    for row, expected in zip(found, recorded, strict=True):
        assert list(row) == list(expected)
        joules = row.pop("consumed_energy"), expected.pop("consumed_energy")
        assert row == expected
        assert float(joules[0]) == pytest.approx(float(joules[1]), abs=JOULES)


def check_schedule(found: dict[str, str], recorded: dict[str, str]) -> None:
    assert list(found) == list(recorded)
    for column, value in recorded.items():
        if column in WALL_CLOCK:
            continue
        if column == "consumed_joules":
            assert float(found[column]) == pytest.approx(float(value), abs=PLATFORM_JOULES)
        elif column.startswith(("nb_", "success")):
            assert found[column] == value, column
        else:
            assert float(found[column]) == pytest.approx(float(value), abs=SECONDS), column


class RecordedScheduler:
    """Gives the recorded replies, in their order."""

    def __init__(self, run: Path) -> None:
        lines = read_text(run / "messages.jsonl.gz").splitlines()
        self.messages = [json.loads(line[1:]) for line in lines if line[0] == "<"]
        self._replies = iter([line[1:].encode() for line in lines if line[0] == ">"])

    def __call__(self, message: bytes) -> bytes:
        """The next one; after the last one nothing is wanted any more."""
        return next(self._replies, None) or reply(json.loads(message)["now"])


def check_beginning(message: Message, run: Path) -> None:
    (event,) = message["events"]
    assert (message["now"], event["timestamp"], event["type"]) == (0.0, 0.0, "SIMULATION_BEGINS")
    record = run / "simulation_begins.json.gz"
    if record.is_file():
        recorded, data = json.loads(read_text(record)), event["data"]
        assert data["compute_resources"] == recorded["compute"]
        assert data["config"] == recorded["conf"]
        counts = {name: len(profiles) for name, profiles in data["profiles"].items()}
        assert counts == recorded["n_profiles"]


@needs_golden
@pytest.mark.parametrize("name", names_of("runs"))
def test_runs_of_the_real_batsim(name: str, tmp_path: Path) -> None:
    run = GOLDEN / "runs" / name
    is_old = name.startswith("batsim31_")
    scheduler = RecordedScheduler(run)
    status, messages = run_dropin(
        scheduler,
        *("-p", unpacked(run, tmp_path, "platform.xml"), "-w", unpacked(run, tmp_path, "workload.json")),
        *("-e", tmp_path / "out", "-E", "--simgrid", "3.24" if is_old else "3.29"),
    )
    assert status == 0
    check_beginning(json.loads(messages[0]), run)
    for place, (found, recorded) in enumerate(zip_longest(messages[1:], scheduler.messages)):
        assert json.loads(found) == recorded, f"message {place}"

    jobs = table(tmp_path / "out_jobs.csv")
    if is_old:  # Batsim 3.1 orders its table by job
        jobs.sort(key=lambda row: row["job_id"])
    check_jobs(jobs, table(run / "out_jobs.csv.gz"))
    check_schedule(*table(tmp_path / "out_schedule.csv"), *table(run / "out_schedule.csv"))


class ScriptedScheduler:
    """Does what a script of an experiment says, and keeps the log that the original one kept."""

    def __init__(self, options: Message) -> None:
        self.log: list[list[Any]] = []
        self._script = sorted(options["script"], key=lambda entry: entry["t"])
        self._left = list(self._script)
        self._on_submit = options.get("on_submit", {})
        self._on_complete = options.get("on_complete", {})
        self._has_begun = False

    def __call__(self, data: bytes) -> bytes:
        """Log a message; do what is due."""
        message = json.loads(data)
        now, wanted = message["now"], []
        for event in message["events"]:
            self.log += [[now, *row] for row in self._rows(event)]
            wanted += self._triggered(event["type"], event["data"])
        self.log.append([now, "NME"])
        while self._left and self._has_begun and self._left[0]["t"] <= now + 1e-9:
            wanted += _wishes(self._left.pop(0))
        return reply(now, *wanted)

    def _triggered(self, kind: str, data: Message) -> Iterator[tuple[str, Message]]:
        if kind == "SIMULATION_BEGINS":
            for entry in self._script:
                if entry["t"] > 0:
                    yield "CALL_ME_LATER", {"timestamp": entry["t"]}
        elif kind == "JOB_SUBMITTED":
            self._has_begun = True
            yield from _wishes(self._on_submit.get(data["job_id"], {}))
        elif kind == "JOB_COMPLETED":
            yield from _wishes(self._on_complete.get(data["job_id"], {}))

    @staticmethod
    def _rows(event: Message) -> list[list[Any]]:
        """The event as the log has it."""
        kind, data = event["type"], event["data"]
        if kind == "SIMULATION_BEGINS":
            return [["BEGIN", [[host["id"], host["name"]] for host in data["compute_resources"]]]]
        if kind == "JOB_SUBMITTED":
            return [["SUBMIT", data["job_id"], data["job"]["subtime"]]]
        if kind == "JOB_COMPLETED":
            return [["COMPLETE", data["job_id"], f"State.{data['job_state']}", str(event["timestamp"])]]
        if kind == "RESOURCE_STATE_CHANGED":
            ends = [parse_cores(part) for part in data["resources"].split()]
            return [["PSTATE", [part[0], part[-1]], data["state"]] for part in ends]
        return [[{"NOTIFY": "NOMOREJOBS", "REQUESTED_CALL": "CALL", "SIMULATION_ENDS": "END"}[kind]]]


def _wishes(entry: Message) -> list[tuple[str, Message]]:
    starts = [execute(job, machines) for job, machines in entry.get("exec", [])]
    changes = [set_pstate(machines, pstate) for machines, pstate in entry.get("pstate", [])]
    return changes + starts if entry.get("order") == "pe" else starts + changes


@needs_golden
@pytest.mark.parametrize("name", names_of("micro"))
def test_experiments_with_the_real_batsim(name: str, tmp_path: Path) -> None:
    run = GOLDEN / "micro" / name
    scheduler = ScriptedScheduler(json.loads((run / "options.json").read_text()))
    files = ("-p", run / "platform.xml", "-w", run / "workload.json", "-e", tmp_path / "out")
    status, _ = run_dropin(scheduler, *files, "-E")
    assert status == 0
    assert scheduler.log == [json.loads(line) for line in (run / "sched_log.jsonl").read_text().splitlines()]
    check_jobs(table(tmp_path / "out_jobs.csv"), table(run / "out_jobs.csv"))
    check_schedule(*table(tmp_path / "out_schedule.csv"), *table(run / "out_schedule.csv"))
    energies = (tmp_path / "out_consumed_energy.csv").read_text().splitlines()
    recorded = (run / "out_consumed_energy.csv").read_text().splitlines()
    if name == "F6b_share_after_pstate":  # an empty job ends while the real Batsim changes a P-state
        energies.sort()
        recorded.sort()
    assert energies == recorded


# A conversation of our own, by Batsim's rules worked out by hand --------------------------------------------

CONVERSATION = [
    '< {"now":0.000000,"events":[{"timestamp":0.000000,"type":"JOB_SUBMITTED","data":{"job_id":"w0!0",'
    '"job":{"id":"w0!0","subtime":0,"res":2,"profile":"hundred"}}}]}',
    '> {"now":0,"events":[{"timestamp":0,"type":"EXECUTE_JOB","data":{"job_id":"w0!0","alloc":"0-1"}}]}',
    '< {"now":1.000000,"events":[{"timestamp":1.000000,"type":"JOB_SUBMITTED","data":{"job_id":"w0!1",'
    '"job":{"id":"w0!1","subtime":1,"res":1,"profile":"hundred","walltime":4}}}]}',
    '> {"now":1,"events":[{"timestamp":1,"type":"SET_RESOURCE_STATE","data":{"resources":"1","state":"1"}}]}',
    '< {"now":1.000000,"events":[{"timestamp":1.000000,"type":"NOTIFY","data":'
    '{"type":"no_more_static_job_to_submit"}},{"timestamp":1.000000,"type":"RESOURCE_STATE_CHANGED","data":'
    '{"resources":"1","state":"1"}}]}',
    '> {"now":1.5,"events":[{"timestamp":1.5,"type":"EXECUTE_JOB","data":{"job_id":"w0!1","alloc":"2"}}]}',
    '< {"now":5.500000,"events":[{"timestamp":5.500000,"type":"JOB_COMPLETED","data":{"job_id":"w0!1",'
    '"job_state":"COMPLETED_WALLTIME_REACHED","return_code":-1,"alloc":"2"}}]}',
    '> {"now":5.5,"events":[]}',
    '< {"now":19.000000,"events":[{"timestamp":19.000000,"type":"JOB_COMPLETED","data":{"job_id":"w0!0",'
    '"job_state":"COMPLETED_SUCCESSFULLY","return_code":0,"alloc":"0-1"}}]}',
    '> {"now":19,"events":[]}',
    '< {"now":19.000000,"events":[{"timestamp":19.000000,"type":"SIMULATION_ENDS","data":{}}]}',
    '> {"now":19,"events":[]}',
]
"""Job 0 does 10 of its 100 flop at 10 flop/s, then the rest at 5; job 1 gets to its walltime."""
JOBS = """\
job_id,workload_name,profile,submission_time,requested_number_of_resources,requested_time,success,\
final_state,starting_time,execution_time,finish_time,waiting_time,turnaround_time,stretch,\
allocated_resources,consumed_energy,metadata
1,w0,hundred,1.000000,1,4.000000,0,COMPLETED_WALLTIME_REACHED,1.500000,4.000000,5.500000,\
0.500000,4.500000,1.125000,2,80.000000,""
0,w0,hundred,0.000000,2,-1.000000,1,COMPLETED_SUCCESSFULLY,0.000000,19.000000,19.000000,\
0.000000,19.000000,1.000000,0-1,490.000000,""
"""
ENERGY = """\
time,energy,event_type,wattmin,epower
0,0,s,60,NA
1,60,p,60,60
1,60,p,45,NA
1.5,82.5,s,45,45
5.5,262.5,e,45,45
19,870,e,45,45
"""
STATES = """\
time,nb_sleeping,nb_switching_on,nb_switching_off,nb_idle,nb_computing
0,0,0,0,1,2
1,0,0,0,1,2
1.5,0,0,0,0,3
5.5,0,0,0,1,2
19,0,0,0,3,0
"""
PSTATES = "time,machine_id,new_pstate\n0,0-2,0\n1,1,-1\n1,1,1\n"


def test_conversation_worked_out_by_hand(tmp_path: Path) -> None:
    platform = platform_file(tmp_path, [("10f, 5f", "20:20:20, 5:5:5")] * 3)
    jobs = [
        {"id": 0, "res": 2, "profile": "hundred"},
        {"id": 1, "subtime": 1, "profile": "hundred", "walltime": 4},
    ]
    profiles = {"hundred": {"type": "parallel_homogeneous", "cpu": 100, "com": 0}}
    workload = workload_file(tmp_path, jobs, profiles)
    replies = iter([reply(0), *(line[2:].encode() for line in CONVERSATION if line[0] == ">")])
    status, messages = run_dropin(
        lambda message: next(replies), "-p", platform, "-w", workload, "-E", "-e", tmp_path / "new" / "out"
    )
    assert status == 0
    assert [message.decode() for message in messages[1:]] == [
        line[2:] for line in CONVERSATION if line[0] == "<"
    ]
    written = {path.name: path.read_text() for path in (tmp_path / "new").iterdir()}
    (schedule,) = csv.DictReader(written.pop("out_schedule.csv").splitlines())
    assert written == {
        "out_jobs.csv": JOBS,
        "out_consumed_energy.csv": ENERGY,
        "out_machine_states.csv": STATES,
        "out_pstate_changes.csv": PSTATES,
    }
    expected = {"consumed_joules": "870.000000", "makespan": "19.000000", "nb_jobs_killed": "1"}
    expected |= {"mean_slowdown": "1.062500", "max_waiting_time": "0.500000", "success_rate": "0.500000"}
    expected |= {"nb_grouped_switches": "1", "nb_machine_switches": "1", "time_computing": "42.000000"}
    assert expected.items() <= schedule.items()
