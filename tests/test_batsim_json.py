"""Batsim JSON workloads: HDeepRM's profile fields, what is derived, and all that can be wrong."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import numpy as np
import pytest

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads import Workload, workload_from_json
from hdeeprm.workloads.batsim_json import parse_batsim_json
from workload_files import SHIPPED, shared

PROFILE: dict[str, Any] = {
    "type": "parallel_homogeneous",
    "com": 0,
    "cpu": 8e9,
    "req_time": 20,
    "req_ops": 16e9,
    "mem": 1500,
    "mem_bw": 4,
}


def job(**values: Any) -> dict[str, Any]:
    return {"id": 0, "subtime": 0, "res": 2, "profile": "p"} | values


def parse(*jobs: dict[str, Any], nb_jobs: int | None = None, **profile: Any) -> Workload:
    content = {"nb_res": 4, "jobs": list(jobs), "profiles": {"p": PROFILE | profile}}
    return parse_batsim_json(json.dumps(content).encode(), "w.json", nb_jobs)


def refusal(content: Any) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(WorkloadError) as caught:
        parse_batsim_json(data, "w.json")
    return str(caught.value)


def test_all_fields() -> None:
    jobs = parse(job(walltime=90))
    assert (jobs.name, jobs.job_ids, jobs.profiles) == ("w.json", ("0",), ("p",))
    assert (jobs.requested_cores[0], jobs.requested_time[0], jobs.walltime[0]) == (2, 20, 90)
    assert (jobs.memory_kb[0], jobs.bandwidth_mb_per_s[0]) == (1_500_000, 4000)
    assert (jobs.work_flop[0], jobs.requested_work_flop[0]) == (8e9, 16e9)
    assert jobs.run_time[0] == 10  # half of the requested work, so half of the requested time
    assert jobs.notes == ()


def test_work_follows_from_the_time() -> None:
    jobs = parse(job(), cpu=None, req_ops=None)
    assert np.isnan(jobs.work_flop[0])
    assert np.isnan(jobs.requested_work_flop[0])
    assert jobs.run_time[0] == 20


def test_run_time_that_only_the_platform_knows() -> None:
    assert np.isnan(parse(job(), req_ops=None).run_time[0])
    assert np.isnan(parse(job(), req_ops=0).run_time[0])


@pytest.mark.parametrize(("walltime", "expected"), [(-1, 1), (None, 1), (7, 7)])
def test_requested_time_falls_back(walltime: float | None, expected: float) -> None:
    jobs = parse(job(walltime=walltime), req_time=None)
    assert jobs.requested_time.tolist() == [expected]
    assert "no req_time" in jobs.notes[0]


def test_missing_requests_are_zero() -> None:
    jobs = parse(job(), mem=None, mem_bw=None, com=None)
    assert (jobs.memory_kb[0], jobs.bandwidth_mb_per_s[0]) == (0, 0)
    assert math.isinf(jobs.walltime[0])


def test_parts_of_units_are_rounded_up() -> None:
    assert parse(job(), mem=0.0015).memory_kb.tolist() == [2]
    assert parse(job(), mem=4.35, mem_bw=0.1).memory_kb.tolist() == [4350]


def test_order_and_origin() -> None:
    jobs = parse(job(id=9, subtime=5), job(id=10, subtime=5), job(id="x", subtime=3.5))
    assert jobs.job_ids == ("x", "10", "9")
    assert jobs.submit_time.tolist() == [0, 1.5, 1.5]
    assert jobs.origin == 3.5
    assert "out of order" in jobs.notes[0]


def test_nb_jobs() -> None:
    some = [job(id=number, subtime=number) for number in range(4)]
    assert parse(*some, nb_jobs=2).job_ids == ("0", "1")
    assert "all are taken" in parse(*some, nb_jobs=5).notes[0]
    with pytest.raises(WorkloadError, match="nb_jobs"):
        parse(*some, nb_jobs=0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"id": None}, "w.json: jobs[0].id: None"),
        ({"id": True}, "jobs[0].id: True"),
        ({"subtime": -1}, "jobs[0].subtime: -1; give a finite number of at least 0"),
        ({"subtime": "0"}, "jobs[0].subtime: '0'"),
        ({"subtime": None}, "jobs[0].subtime: is missing"),
        ({"res": 0}, "jobs[0].res: 0; give a finite number of at least 1"),
        ({"res": 1.5}, "jobs[0].res: 1.5; give a whole number"),
        ({"res": 1e300}, "jobs[0].res: 1e+300"),
        ({"res": 10**400}, "jobs[0].res: 1000"),
        ({"profile": "q"}, "jobs[0].profile: 'q' is not among the profiles"),
        ({"profile": None}, "jobs[0].profile: None"),
        ({"walltime": 0}, "jobs[0].walltime: 0 s"),
        ({"walltime": -3}, "jobs[0].walltime: -3"),
    ],
)
def test_wrong_jobs(values: dict[str, Any], message: str) -> None:
    assert message in refusal({"jobs": [job(**values)], "profiles": {"p": PROFILE}})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"type": "delay"}, "w.json: profiles.p.type: 'delay' is not simulated; supported is parallel_homog"),
        ({"com": 5}, "profiles.p.com: 5: communication is not simulated; give 0 (used by jobs[0])"),
        ({"cpu": -1}, "profiles.p.cpu: -1"),
        ({"cpu": True}, "profiles.p.cpu: True"),
        ({"cpu": None, "req_time": None}, "profiles.p: has neither cpu (flop per core) nor req_time (s)"),
        ({"req_time": 0}, "profiles.p.req_time: 0 s"),
        ({"mem": -1}, "profiles.p.mem: -1"),
        ({"mem": 1e300}, "profiles.p.mem: 1e+300 is beyond"),
        ({"mem_bw": "4"}, "profiles.p.mem_bw: '4'"),
    ],
)
def test_wrong_profiles(values: dict[str, Any], message: str) -> None:
    assert message in refusal({"jobs": [job()], "profiles": {"p": PROFILE | values}})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], "w.json: $: is not a JSON object"),
        ({}, "w.json: jobs: missing, empty or no list"),
        ({"jobs": [], "profiles": {}}, "jobs: missing, empty"),
        ({"jobs": [job()]}, "profiles: missing"),
        ({"jobs": [3], "profiles": {}}, "jobs[0]: is not a JSON object"),
        ({"jobs": [job()], "profiles": {"p": 3}}, "profiles.p: is not a JSON object"),
        ({"jobs": [job(), job()], "profiles": {"p": PROFILE}}, "the id '0' comes more than once"),
        (b'{"jobs": [\n  {"id" 1}]}', "w.json:2:9: not valid JSON"),
        (b'{"jobs": NaN}', "w.json: holds NaN"),
        (b'{"jobs": "\xff"}', "is not UTF-8"),
        (b"[" * 100_000, "w.json: is nested too deeply"),
        (b'{"nb_res": ' + b"1" * 5000 + b"}", "cannot be read as JSON"),
    ],
)
def test_wrong_files(content: Any, message: str) -> None:
    assert message in refusal(content)


def test_all_problems_at_once_and_no_more_than_can_be_read() -> None:
    message = refusal({"jobs": [job(id=number, res=0) for number in range(50)], "profiles": {"p": PROFILE}})
    assert len(message.splitlines()) == 21
    assert "jobs[19].res" in message
    assert message.endswith("... and 30 more problems")


def test_unused_profiles_may_be_anything() -> None:
    content = {"jobs": [job()], "profiles": {"p": PROFILE, "q": {"type": "smpi"}}}
    assert parse_batsim_json(json.dumps(content).encode(), "w.json").num_jobs == 1


def test_gzip(tmp_path: Any) -> None:
    path = tmp_path / "w.json"
    path.write_bytes(gzip.compress(json.dumps({"jobs": [job()], "profiles": {"p": PROFILE}}).encode()))
    assert workload_from_json(path).num_jobs == 1


def test_shipped_learning_workload() -> None:
    jobs = workload_from_json(SHIPPED / "learning.json")
    assert jobs.requested_cores.tolist() == [1, 1]
    assert jobs.requested_time.tolist() == jobs.run_time.tolist() == [5, 5]
    assert jobs.work_flop.tolist() == jobs.requested_work_flop.tolist() == [21e9, 21e9]
    assert jobs.memory_kb.tolist() == [8_000_000] * 2
    assert jobs.bandwidth_mb_per_s.tolist() == [24_000] * 2


def test_every_recorded_run() -> None:
    paths = sorted(shared("golden", "runs").glob("*/workload.json.gz"))
    assert paths
    for path in paths:
        jobs = workload_from_json(path)
        entries = json.loads(gzip.decompress(path.read_bytes()))["jobs"]
        assert jobs.num_jobs == len(entries)
        assert sorted(jobs.job_ids) == sorted(str(entry["id"]) for entry in entries)
        assert np.isfinite(jobs.run_time).all()
        assert np.isfinite(jobs.work_flop).all()


def test_recorded_walltimes() -> None:
    jobs = workload_from_json(shared("golden", "micro", "E9_walltime", "workload.json"))
    assert jobs.walltime.tolist() == jobs.requested_time.tolist() == [5, 10]


def test_recorded_communication_is_refused() -> None:
    path = shared("golden", "micro", "H1_com_same_node_2", "workload.json")
    with pytest.raises(WorkloadError, match="communication is not simulated"):
        workload_from_json(path)
