"""Workers are told apart, and it is known whether they are still there."""

import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.studies.launchers import identity
from hdeeprm.studies.launchers.identity import (
    Identity,
    find_launcher,
    is_process_alive,
    local_id,
    parse_identity,
    worker_id,
)

NUMBERS = st.integers(0, 2**31)
HOSTS = st.from_regex(r"[a-z][a-z0-9.-]{0,20}", fullmatch=True)
TASKS = st.one_of(
    st.tuples(st.just("local"), st.just("")),
    st.tuples(st.just("slurm"), st.builds(str, NUMBERS)),
    st.tuples(st.just("slurm"), st.builds("{}.{}.{}".format, NUMBERS, NUMBERS, NUMBERS)),
    st.tuples(st.just("ray"), st.from_regex(r"[0-9a-f]{8}", fullmatch=True)),
)


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    for name in [name for name in os.environ if name.startswith("SLURM_") or name == identity.RAY_TASK]:
        monkeypatch.delenv(name)


@given(task=TASKS, host=HOSTS, pid=NUMBERS, start=NUMBERS)
def test_the_text_has_all_parts(task, host, pid, start):
    parts = Identity(*task, host, pid, start)
    assert parse_identity(str(parts)) == parts


@pytest.mark.parametrize(
    "text", ["", "local:n1:7", "slurm:n1:7:8", "ray:n1:7:8", "local:17:n1:7:8", "pbs:1:n1:7:8"]
)
def test_other_text_is_no_identity(text):
    assert parse_identity(text) is None
    assert is_process_alive(text) is None


def test_a_process_knows_itself_as_others_know_it():
    assert worker_id() == local_id(os.getpid())
    assert is_process_alive(worker_id()) is True


def test_a_process_that_was_killed_is_gone_before_it_is_waited_for():
    with subprocess.Popen(["sleep", "60"]) as process:
        worker = local_id(process.pid)
        assert is_process_alive(worker) is True
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_process_alive(worker) is False
    assert is_process_alive(worker) is False


def test_another_process_with_the_same_pid_is_not_taken_for_the_worker():
    here = parse_identity(worker_id())
    assert here is not None
    assert is_process_alive(str(here._replace(start=here.start - 1))) is False


def test_of_another_machine_nothing_is_known():
    here = parse_identity(worker_id())
    assert here is not None
    assert is_process_alive(str(here._replace(host="elsewhere"))) is None


@pytest.mark.parametrize(
    ("variables", "place", "launcher"),
    [
        ({}, ("local", ""), "local"),
        ({"SLURM_JOB_ID": "17", "SLURM_PROCID": "0"}, ("slurm", "17"), "slurm"),
        ({"SLURM_JOB_ID": "17", "SLURM_STEP_ID": "2", "SLURM_PROCID": "5"}, ("slurm", "17.2.5"), "local"),
        ({"SLURM_JOB_ID": "17", "SLURM_STEP_ID": str(0xFFFFFFFA)}, ("slurm", "17"), "slurm"),
        ({"SLURM_JOB_ID": "17", identity.RAY_TASK: "ab12"}, ("ray", "ab12"), "slurm"),
    ],
)
def test_the_place_is_found(monkeypatch, variables, place, launcher):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = parse_identity(worker_id())
    assert found is not None
    assert (found.kind, found.task) == place
    assert find_launcher() == launcher


def test_finding_out_loads_no_heavy_library():
    code = "import sys, hdeeprm.studies.launchers.identity; print(*{'ray', 'optuna'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == []
