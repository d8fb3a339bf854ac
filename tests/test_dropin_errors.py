"""What ``hdeeprm-batsim`` refuses: one line that names the place and the cure, and nothing is written."""

from __future__ import annotations

import copy
import json
import os
import signal
import socket
import subprocess
import sysconfig
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hdeeprm import cli
from hdeeprm.dropin.files import write_files
from hdeeprm.dropin.simulation import BatsimOptions, Simulation
from hdeeprm.errors import BatsimError, SimulationError
from scheduler_side import (
    Answer,
    Message,
    Scheduler,
    execute,
    free_endpoint,
    platform_file,
    reply,
    run_dropin,
    set_pstate,
    told,
    workload_file,
)
from waiting import PATIENCE

COMMAND = Path(sysconfig.get_path("scripts")) / "hdeeprm-batsim"
PROFILES = {
    "hundred": {"type": "parallel_homogeneous", "cpu": 100, "com": 0},
    "pause": {"type": "delay", "delay": 5},
}
JOBS: list[Message] = [
    {"id": "a", "res": 2, "profile": "hundred"},
    {"id": "b", "profile": "pause"},
    {"id": "later", "subtime": 3, "profile": "pause"},
]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Arguments for three machines and three jobs, whose results go to a folder that is not there."""
    platform = platform_file(tmp_path, [("10f, 5f", "20:20:20, 5:5:5"), ("10f", "9:9:9"), ("10f", "9:9:9")])
    workload = workload_file(tmp_path, JOBS, PROFILES)
    return ["-p", str(platform), "-w", str(workload), "-e", str(tmp_path / "results" / "out")]


def at_first_submission(data: bytes) -> Answer:
    """Give some reply to the message that tells of jobs a and b, at 0 s."""

    def answer(message: bytes) -> bytes:
        return data if told(json.loads(message), "JOB_SUBMITTED") else reply(0)

    return answer


def reject_all(message: bytes) -> bytes:
    """Reject every job."""
    jobs = told(json.loads(message), "JOB_SUBMITTED")
    rejections = [("REJECT_JOB", {"job_id": job["job_id"]}) for job in jobs]
    return reply(json.loads(message)["now"], *rejections)


def check_refused(status: int, told_errors: str, *words: str) -> None:
    assert status == 1
    assert told_errors.startswith("error: ") and told_errors.count("\n") == 1, told_errors
    assert "Traceback" not in told_errors
    for word in words:
        assert word in told_errors


def event(kind: str, data: Any, timestamp: Any = 0) -> Message:
    return {"timestamp": timestamp, "type": kind, "data": data}


def raw(now: Any = 0, events: Any = ()) -> bytes:
    return json.dumps({"now": now, "events": events}).encode()


class TestWrongReplies:
    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"\xff\x00\x01", ["is no JSON", "\\xff"]),
            (b"", ["is no JSON"]),
            (b"[" * 100_000, ["is nested too deeply", "..."]),
            (b"[]", ["is not a JSON object"]),
            (b'{"now": 0}', ["has no list 'events'"]),
            (raw(events={}), ["has no list 'events'"]),
            (raw(now="0"), ["now: '0' is no time"]),
            (raw(now=-1), ["now: -1"]),
            (raw(now=10**400), ["now: 1000", "... is no time"]),
            (b'{"now": NaN, "events": []}', ["now: nan"]),
            (b'{"now": 1e400, "events": []}', ["now: inf"]),
            (b'{"now": true, "events": []}', ["now: True"]),
            (b'{"events": []}', ["now: None"]),
            (raw(events=[1]), ["events[0] is no event"]),
            (raw(events=[{"type": 3}]), ["events[0] is no event"]),
            (raw(events=[event("EXECUTE_JOB", [])]), ["events[0] (EXECUTE_JOB)", "no object 'data'"]),
            (raw(events=[event("EXECUTE_JOB", {}, "x")]), ["events[0].timestamp: 'x'"]),
            (raw(events=[event("EXECUTE_JOB", {}, 7)]), ["timestamp 7 s is after the reply's now, 0 s"]),
        ],
    )
    def test_what_is_no_reply(self, data, words, files, capsys):
        check_refused(run_dropin(at_first_submission(data), *files)[0], capsys.readouterr().err, *words)

    @pytest.mark.parametrize(
        ("events", "words"),
        [
            ([execute("w0!nobody", "0")], ["events[0] (EXECUTE_JOB)", "there is no job 'w0!nobody'"]),
            ([execute("w0!latr", "0")], ["Did you mean 'w0!later'?"]),
            ([execute("w0!later", "0")], ["w0!later", "does not wait"]),
            ([execute("w0!b", "0"), execute("w0!b", "1")], ["events[1] (EXECUTE_JOB)", "does not wait"]),
            ([execute("w0!a", "0-1"), execute("w0!b", "1")], ["events[1]", "runs another job", "sharing"]),
            ([execute("w0!a", "0")], ["w0!a asks for 2 machines and gets 1"]),
            ([execute("w0!b", "3")], ["data.alloc", "'3' is not among the machines", "0 to 2"]),
            ([execute("w0!b", "1-0")], ["'1-0'"]),
            ([execute("w0!b", "-1")], ["is no set of machines"]),
            ([execute("w0!b", "")], ["names no machine"]),
            ([("EXECUTE_JOB", {"job_id": "w0!b", "alloc": 0})], ["data.alloc: 0 is no text"]),
            ([execute("w0!b", "0", storage_mapping={})], ["data.storage_mapping is not simulated"]),
            ([execute("w0!a", "0", mapping={"0": "0", "1": "1"})], ["data.mapping", "executors 0 to 1"]),
            ([execute("w0!a", "0", mapping=[0, 0])], ["data.mapping"]),
            ([execute("w0!a", "0", mapping={})], ["data.mapping"]),
            ([execute("w0!a", "0", mapping={"0": 0.9, "1": 0})], ["data.mapping"]),
            ([execute("w0!a", "0", mapping={"0": 0, "00": 0})], ["data.mapping"]),
            ([execute("w0!a", "0-1", mapping={"0": "0", "1": "0"})], ["each machine of data.alloc"]),
            ([("REJECT_JOB", {"job_id": "w0!later"})], ["events[0] (REJECT_JOB)", "does not wait"]),
            ([("REJECT_JOB", {"job_id": ["w0!a"]})], ["there is no job ['w0!a']"]),
            ([("KILL_JOB", {"job_ids": ["w0!a"]})], ["(KILL_JOB)", "not been started can't be killed"]),
            ([("KILL_JOB", {"job_ids": []})], ["data.job_ids: [] is no list of jobs"]),
            ([("CALL_ME_LATER", {"timestamp": 0})], ["(CALL_ME_LATER)", "not in the future"]),
            ([("CALL_ME_LATER", {"timestamp": "1"})], ["data.timestamp: '1' is no time"]),
            ([("CALL_ME_LATER", {"timestamp": 10**400})], ["is no time"]),
            ([set_pstate("0-1", 1)], ["'1' is no P-state of all these machines; they have 0 to 0"]),
            ([set_pstate("0", 2)], ["'2' is no P-state"]),
            ([set_pstate("0", -1)], ["'-1' is no P-state"]),
            ([set_pstate("9" * 5000, 0)], ["9' is no set of machines"]),
            ([("QUERY", {"requests": {}})], ["data.requests: {}"]),
            ([("QUERY", {"requests": {"air_temperature_all": {}}})], ["'air_temperature_all' is not known"]),
            ([("NOTIFY", {"type": "hello"})], ["data.type: 'hello' is not known"]),
            ([("NOTIFY", {"type": []})], ["data.type: [] is no text"]),
            ([("NOTIFY", {"type": "registration_finished"})], ["start with --enable-dynamic-jobs"]),
            ([("REGISTER_JOB", {"job_id": "x!1", "job": {}})], ["start with --enable-dynamic-jobs"]),
            ([("REGISTER_PROFILE", {})], ["start with --enable-dynamic-jobs"]),
            ([("SET_JOB_METADATA", {"job_id": "w0!a", "metadata": 1})], ["data.metadata: 1 is no text"]),
            ([("CHANGE_JOB_STATE", {})], ["CHANGE_JOB_STATE", "not simulated here"]),
            ([("TO_JOB_MSG", {})], ["TO_JOB_MSG", "not simulated here"]),
            ([("EXECUTE_JOBS", {})], ["is no event of Batsim's protocol", "Did you mean 'EXECUTE_JOB'?"]),
        ],
    )
    def test_what_cannot_be_carried_out(self, events, words, files, tmp_path, capsys):
        status, _ = run_dropin(at_first_submission(reply(0, *events)), *files, "-E")
        check_refused(status, capsys.readouterr().err, *words)
        assert not list((tmp_path / "results").glob("*"))

    @pytest.mark.parametrize("wanted", [set_pstate("0", 1), ("QUERY", {"requests": {"consumed_energy": {}}})])
    def test_energy_without_its_simulation(self, wanted, files, capsys):
        status, _ = run_dropin(at_first_submission(reply(0, wanted)), *files)
        check_refused(status, capsys.readouterr().err, "start with -E")

    @pytest.mark.parametrize(
        ("event", "words"),
        [
            (("REGISTER_JOB", {"job_id": "w0!a", "job": {}}), ["there is a job 'w0!a' already"]),
            (("REGISTER_JOB", {"job_id": "w0!new", "job": {"id": "new", "res": 1, "profile": "pase"}}), []),
            (
                ("REGISTER_JOB", {"job_id": "w0!x", "job": {"id": "y", "res": 1, "profile": "pause"}}),
                ["'w0!y' is not data.job_id"],
            ),
            (
                (
                    "REGISTER_PROFILE",
                    {"workload_name": "w0", "profile_name": "pause", "profile": {"type": "delay"}},
                ),
                ["has a profile 'pause' already"],
            ),
            (
                (
                    "REGISTER_PROFILE",
                    {"workload_name": "w0", "profile_name": "new", "profile": {"type": "smpi"}},
                ),
                ["profiles.new.type", "'smpi' is not simulated here"],
            ),
            (
                (
                    "REGISTER_PROFILE",
                    {
                        "workload_name": "w0",
                        "profile_name": "x",
                        "profile": {"type": "delay", "delay": 1, "ret": 2**63},
                    },
                ),
                ["profiles.x.ret", "give an integer from 0 to 2147483647"],
            ),
        ],
    )
    def test_wrong_registrations(self, event, words, files, capsys):
        status, _ = run_dropin(at_first_submission(reply(0, event)), *files, "--enable-dynamic-jobs")
        check_refused(status, capsys.readouterr().err, f"events[0] ({event[0]})", *words)

    def test_a_refused_registration_leaves_nothing(self, files):
        simulation = Simulation(BatsimOptions(Path(files[1]), (Path(files[3]),), dynamic_jobs=True))
        simulation.begin()
        simulation.reply(reply(0))
        profile = {"workload_name": "new", "profile_name": "p", "profile": {"type": "smpi"}}
        job = {"job_id": "newer!1", "job": {"id": "1", "res": 1, "profile": "p"}}
        for event in (("REGISTER_PROFILE", profile), ("REGISTER_JOB", job)):
            with pytest.raises(BatsimError):
                simulation.reply(reply(0, event))
        assert list(simulation.workloads) == ["w0"] and len(simulation.jobs) == len(JOBS)

    def test_nothing_will_ever_happen_again(self, files, capsys):
        def answer(message: bytes) -> bytes:
            return reply(json.loads(message)["now"])

        status, _ = run_dropin(answer, *files)
        check_refused(status, capsys.readouterr().err, "after 3 s", "3 jobs wait")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["0", "w0!a", "w0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ODD = JSON | st.sampled_from([10**400, -1, 0.5, "9" * 5000, {}, [], {"": 0}, "\ud800", "w0!", "!"])
SOUND: list[tuple[str, Message]] = [
    execute("w0!a", "0-1"),
    execute("w0!b", "0", mapping={"0": "0"}),
    ("REJECT_JOB", {"job_id": "w0!b"}),
    ("KILL_JOB", {"job_ids": ["w0!a"]}),
    ("CALL_ME_LATER", {"timestamp": 2}),
    set_pstate("0", 1),
    ("QUERY", {"requests": {"consumed_energy": {}}}),
    ("NOTIFY", {"type": "registration_finished"}),
    ("REGISTER_JOB", {"job_id": "w1!n", "job": {"id": "n", "res": 1, "profile": "pause", "walltime": 9}}),
    (
        "REGISTER_PROFILE",
        {
            "workload_name": "w0",
            "profile_name": "new",
            "profile": {"type": "composed", "repeat": 2, "seq": ["pause"]},
        },
    ),
    (
        "REGISTER_PROFILE",
        {
            "workload_name": "w0",
            "profile_name": "p",
            "profile": {"type": "parallel", "cpu": [1], "com": [0]},
        },
    ),
    ("SET_JOB_METADATA", {"job_id": "w0!a", "metadata": "x"}),
]


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """A JSON value of which something is another one."""
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 3)) == 0:
        return draw(ODD)
    places = list(value) if isinstance(value, dict) else range(len(value))
    place = draw(st.sampled_from(places))
    changed = copy.copy(value)
    changed[place] = draw(spoilt(value[place]))
    return changed


class TestSpoiltReplies:
    @given(st.data())
    @settings(
        max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    )
    def test_are_refused_or_carried_out(self, files, data):
        options = BatsimOptions(Path(files[1]), (Path(files[3]),), energy=True, dynamic_jobs=True)
        simulation = Simulation(options)
        simulation.begin()
        simulation.reply(reply(0))
        events = data.draw(st.lists(st.sampled_from(SOUND), min_size=1, max_size=3))
        try:
            simulation.reply(json.dumps(data.draw(spoilt(json.loads(reply(0, *events))))).encode())
        except (BatsimError, SimulationError) as error:
            assert str(error).startswith(("the scheduler's reply", "nothing will happen"))
        else:
            write_files(simulation, str(Path(files[1]).parent / "out"), 0.0, 0.0)


class TestWrongFiles:
    def run(self, capsys, *arguments: Any) -> str:
        endpoint = ["-s", free_endpoint(), "--connect-timeout", "0"]
        assert cli.batsim([*map(str, arguments), *endpoint]) == 1
        return capsys.readouterr().err

    def test_all_problems_of_a_workload_are_told(self, files, tmp_path, capsys):
        jobs = [
            {"id": 0, "profile": "hundrd"},
            {"id": 1, "profile": "pause", "res": 0},
            {"id": 1, "profile": "pause", "subtime": -3},
            {"id": 3, "profile": "many"},
            {"id": 4, "profile": "pause", "walltime": "x"},
            {"id": [], "profile": "pause"},
            "job",
        ]
        profiles = PROFILES | {
            "data": {"type": "data_staging"},
            "many": {"type": "parallel", "cpu": [1, 2], "com": [0, 0, 0, 0]},
            "short": {"type": "parallel", "cpu": [1, 2], "com": [0]},
            "round": {"type": "composed", "seq": ["round"]},
            "kind": {"type": "parallel_homogenous", "cpu": 1, "com": 0},
            "no cpu": {"type": "parallel_homogeneous", "com": 0},
        }
        path = tmp_path / "wrong.json"
        rows = [job if isinstance(job, str) else {"subtime": 0, "res": 1} | job for job in jobs]
        path.write_text(json.dumps({"nb_res": 0, "jobs": rows, "profiles": profiles}))
        lines = self.run(capsys, *files, "-w", path).splitlines()
        assert all(line.startswith(f"error: {path}: ") for line in lines)
        assert [line.removeprefix(f"error: {path}: ").split(": ")[0] for line in lines] == [
            "nb_res",
            "profiles.data.type",
            "profiles.short.com",
            "profiles.round.seq[0]",
            "profiles.kind.type",
            "profiles.no cpu.cpu",
            "jobs[0].profile",
            "jobs[1].res",
            "jobs[2].subtime",
            "jobs[3].res",
            "jobs[4].walltime",
            "jobs[5].id",
            "jobs[6]",
        ]
        text = "\n".join(lines)
        assert "Did you mean 'hundred'?" in text and "Did you mean 'parallel_homogeneous'?" in text
        assert "'data_staging' is not simulated here" in text

    @pytest.mark.parametrize("depth", [3_000, 100_000])
    def test_what_is_nested_too_deeply(self, depth, files, tmp_path, capsys):
        levels = {str(level): {"type": "composed", "seq": [str(level + 1)]} for level in range(depth)}
        first = workload_file(tmp_path, [], levels, "levels.json")
        check_refused(1, self.run(capsys, *files, "-w", first), f"{first}: is nested too deeply")
        path = tmp_path / "brackets.json"
        path.write_text("[" * depth + "]" * depth)
        check_refused(1, self.run(capsys, *files, "-w", path), f"{path}: is nested too deeply")

    @pytest.mark.parametrize("option", ["-p", "-w"])
    @pytest.mark.parametrize(
        "content", [None, "", "\0\xff\1", "folder", '{"jobs": NaN}', "[]", "<platform/>"]
    )
    def test_files_that_are_none(self, option, content, files, tmp_path, capsys):
        path = tmp_path / "file"
        if content == "folder":
            path.mkdir()
        elif content is not None:
            path.write_text(content, "latin-1")
        files[files.index(option) + 1] = str(path)
        check_refused(1, self.run(capsys, *files), f"error: {path}:")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b'{"jobs": [\n  {"id" 1}]}', ":2:9: not valid JSON"),
            (b'{"jobs": "\xff"}', ": byte 10 is not UTF-8"),
            (b'{"jobs": [], "nb_res": NaN}', ": holds NaN"),
            (b'{"jobs": [], "user": 1e400}', ": holds 1e400"),
            (b"[]", ": $: is not a JSON object"),
        ],
    )
    def test_where_a_workload_is_no_json(self, content, words, files, tmp_path, capsys):
        path = tmp_path / "file"
        path.write_bytes(content)
        check_refused(1, self.run(capsys, *files, "-w", path), f"error: {path}{words}")

    def test_ids_come_once(self, files, tmp_path, capsys):
        jobs = [{"id": "a", "profile": "pause"}, {"id": "w2!b", "profile": "pause"}] * 2
        path = workload_file(tmp_path, jobs[:3], PROFILES, "twice.json")
        check_refused(
            1, self.run(capsys, *files, "-w", path), f"{path}: jobs: the id 'a' comes more than once"
        )

    @pytest.mark.parametrize(
        "entity",
        [
            '<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">',
            '<!ENTITY b SYSTEM "file:///etc/passwd">',
            '<!ENTITY b SYSTEM "http://localhost:9/secret">',
        ],
    )
    def test_entities_are_refused(self, entity, files, tmp_path, capsys):
        path = tmp_path / "hostile.xml"
        text = Path(files[1]).read_text()
        path.write_text(
            f"<!DOCTYPE platform [{entity}]>" + text[text.index("<platform") :].replace("host_0000", "&b;")
        )
        files[1] = str(path)
        check_refused(1, self.run(capsys, *files), f"{path}: entities are not allowed")

    def test_a_platform_that_sleeps(self, files, capsys):
        platform = Path(files[1])
        prop = '<prop id="sleep_pstates" value="1:1:1"/></host>'
        platform.write_text(platform.read_text().replace("</host>", prop, 1))
        check_refused(1, self.run(capsys, *files, "-E"), "sleep_pstates", "the real Batsim", "leave out -E")

    def test_power_that_is_not_told(self, files, capsys):
        platform = Path(files[1])
        prop = '<prop id="wattage_per_state" value="20:20:20, 5:5:5"/>'
        platform.write_text(platform.read_text().replace(prop, ""))
        check_refused(1, self.run(capsys, *files, "-E"), "host_0000", "0 of its 2 P-states", "leave out -E")

    def test_a_master_that_is_not_there(self, files, capsys):
        check_refused(1, self.run(capsys, *files, "-m", "masterhost"), "Did you mean 'master_host'?")


class TestWrongOptions:
    def refused(self, capsys, *arguments: str) -> str:
        with pytest.raises(SystemExit) as stop:
            cli.batsim(arguments)
        assert stop.value.code == 2
        return capsys.readouterr().err

    @pytest.mark.parametrize(
        "option",
        [
            *("-W", "--workflow", "--WS", "--workflow-start", "-r", "--add-role-to-hosts", "--events"),
            *("--sg-cfg", "--enable-redis", "--no-sched", "--dump-execution-context"),
        ],
    )
    def test_options_of_batsim_for_what_is_not_simulated(self, option, files, capsys):
        assert f"{option} is not supported here" in self.refused(capsys, *files, option, "value")

    def test_unknown_options_name_themselves(self, files, capsys):
        assert "--enable-sharing" in self.refused(capsys, *files, "--enable-sharing")

    def test_a_platform_is_needed(self, capsys):
        assert "-p/--platform" in self.refused(capsys)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["-s", "nowhere"], "-s 'nowhere' is no endpoint"),
            (["-s", "tcp://localhost:seven"], "is no endpoint"),
            (["--mmax", "-1"], "--mmax -1"),
            (["--connect-timeout", "nan"], "--connect-timeout nan"),
            (["--connect-timeout=-1"], "--connect-timeout -1"),
            (["--mmax", "4"], "4 machines are asked for"),
            (["--sched-cfg-file", "/nowhere"], "--sched-cfg-file /nowhere"),
        ],
    )
    def test_values_that_cannot_be(self, arguments, words, files, capsys):
        assert cli.batsim([*files, "--connect-timeout", "0", *arguments]) == 2
        errors = capsys.readouterr().err
        assert words in errors and errors.count("\n") == 1

    def test_a_workload_is_needed(self, files, capsys):
        assert cli.batsim([*files[:2], "--connect-timeout", "0"]) == 2
        assert "name one with -w" in capsys.readouterr().err

    @pytest.mark.parametrize("is_given", [True, False])
    def test_reuse_of_profiles_is_told(self, is_given, files):
        options = ["--enable-dynamic-jobs"] + ["--enable-profile-reuse"] * is_given

        def answer(message: bytes) -> bytes:
            registered = ("NOTIFY", {"type": "registration_finished"})
            begins = told(json.loads(message), "SIMULATION_BEGINS")
            return reply(0, registered) if begins else reject_all(message)

        status, messages = run_dropin(answer, *files, *options)
        (begins,) = told(json.loads(messages[0]), "SIMULATION_BEGINS")
        assert (status, begins["config"]["profile-reuse-enabled"]) == (0, is_given)

    def test_accepted_without_effect(self, files, tmp_path):
        accepted = ["--disable-schedule-tracing", "--disable-storage-sharing", "--enable-profile-reuse"]
        status, _ = run_dropin(
            reject_all, *files, *accepted, "--sg-log", "x", "--disable-machine-state-tracing"
        )
        assert status == 0
        assert {path.name for path in (tmp_path / "results").iterdir()} == {
            "out_jobs.csv",
            "out_schedule.csv",
        }

    def test_version_of_simgrid(self, capsys):
        with pytest.raises(SystemExit) as ended:
            cli.batsim(["--simgrid-version"])
        assert ended.value.code == 0
        assert capsys.readouterr().out == "3.29.0\n"


class TestSchedulersThatAreNotThere:
    def test_something_else_listens(self, files, capsys):
        """A server that takes the connection, and is silent."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            endpoint = f"tcp://127.0.0.1:{server.getsockname()[1]}"
            started = time.perf_counter()
            status = cli.batsim([*files, "-s", endpoint, "--connect-timeout", "1"])
        assert time.perf_counter() - started < 60
        check_refused(status, capsys.readouterr().err, f"no scheduler listens at {endpoint}")

    def test_a_reply_in_parts(self, files, capsys):
        status, _ = run_dropin(lambda message: [reply(0), b"more"], *files)
        check_refused(status, capsys.readouterr().err, "the scheduler's reply to", "has 2 parts")

    def test_one_that_starts_nothing(self, files, capsys):
        status, _ = run_dropin(lambda message: reply(json.loads(message)["now"]), *files)
        errors = capsys.readouterr().err
        check_refused(status, errors, "nothing will happen", "first w0!", "machines; let it start or reject")

    def test_one_that_never_ends_its_registration(self, files, capsys):
        status, _ = run_dropin(reject_all, *files, "--enable-dynamic-jobs")
        check_refused(status, capsys.readouterr().err, "may yet register jobs", "registration_finished")

    def test_nobody_listens(self, files, capsys):
        endpoint = free_endpoint()
        started = time.perf_counter()
        status = cli.batsim([*files, "-s", endpoint, "--connect-timeout", "1"])
        assert 1 <= time.perf_counter() - started < 60
        check_refused(status, capsys.readouterr().err, f"no scheduler listens at {endpoint}", "-s")

    @pytest.mark.parametrize("when", [0, 1, 2])
    def test_it_vanishes(self, when, files, tmp_path, capsys):
        count = iter(range(3))

        def answer(message: bytes) -> bytes | None:
            return reply(json.loads(message)["now"]) if next(count) < when else None

        started = time.perf_counter()
        status, messages = run_dropin(answer, *files)
        assert time.perf_counter() - started < 60
        told_kind = json.loads(messages[-1])["events"][0]["type"]
        check_refused(status, capsys.readouterr().err, "has gone away without a reply", told_kind)
        assert not list((tmp_path / "results").glob("*"))

    def test_it_listens_late(self, files, tmp_path):
        endpoint = free_endpoint()
        command = subprocess.Popen([COMMAND, *files, "-s", endpoint], stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)

        with Scheduler(reject_all, endpoint):
            errors = command.communicate(timeout=PATIENCE)[1]
        assert command.returncode == 0 and "3 s simulated; wrote" in errors


class TestInterruption:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_in_the_middle(self, number, files, tmp_path):
        has_begun, may_go_on = threading.Event(), threading.Event()

        def answer(message: bytes) -> None:
            has_begun.set()
            may_go_on.wait(PATIENCE)

        with Scheduler(answer) as scheduler:
            command = subprocess.Popen(
                [COMMAND, *files, "-s", scheduler.endpoint], stderr=subprocess.PIPE, text=True
            )
            assert has_begun.wait(PATIENCE)
            os.kill(command.pid, number)
            errors = command.communicate(timeout=PATIENCE)[1]
            may_go_on.set()
        assert command.returncode == 130
        assert errors == "interrupted at 0 s of simulated time; nothing was written\n"
        assert not list((tmp_path / "results").glob("*"))


class TestTargets:
    def test_a_folder_that_is_a_file_is_told_before_anything_else(self, files, tmp_path, capsys):
        (tmp_path / "results").write_text("in the way")
        status = cli.batsim([*files, "-w", "nowhere.json"])
        check_refused(
            status, capsys.readouterr().err, f"{tmp_path / 'results'} cannot be written", "it is a file"
        )

    def test_a_folder_that_cannot_be_made(self, files, capsys):
        files[-1] = "/proc/nowhere/out"  # not even the superuser makes one there
        check_refused(cli.batsim(files), capsys.readouterr().err, "/proc/nowhere cannot be written: No such")

    @pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
    def test_a_folder_without_permission(self, files, tmp_path, capsys):
        (tmp_path / "results").mkdir(mode=0o500)
        check_refused(cli.batsim(files), capsys.readouterr().err, "is read-only; name another")

    def test_a_name_that_is_a_folder(self, files, tmp_path, capsys):
        (tmp_path / "results" / "out_schedule.csv").mkdir(parents=True)
        status, _ = run_dropin(reject_all, *files)
        check_refused(status, capsys.readouterr().err, "out_schedule.csv is no regular file")
        assert [path.name for path in (tmp_path / "results").iterdir()] == ["out_schedule.csv"]
