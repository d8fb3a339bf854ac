"""Ray starts workers: on a real local cluster, with workers that take their runs from a folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from file_queue_worker import FileQueuePlan, elsewhere, make_queue, names, run_counts, workers
from hdeeprm.errors import DependencyNotInstalled, StudyError
from hdeeprm.studies.launchers.identity import parse_identity
from study_drivers import require_ray
from waiting import PATIENCE, wait_until

TESTS = Path(__file__).parent
NUM_CPUS = 2


@pytest.fixture(scope="module")
def ray() -> Iterator[object]:
    require_ray()
    import ray

    os.environ["HDEEPRM_EARLIER"] = "of the cluster's start"
    ray.init(num_cpus=NUM_CPUS, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield ray
    ray.shutdown()
    del os.environ["HDEEPRM_EARLIER"]


def new_launcher(folder: Path, **table: object):
    from hdeeprm.studies.launchers.ray import RayLauncher

    return RayLauncher(table, folder)


def start(study: Path, num_workers: int, *arguments: str, **table: object):
    launcher = new_launcher(study.with_suffix(""), **table)
    launcher.start(FileQueuePlan(study, num_workers, arguments))
    return launcher


def test_every_task_is_a_worker(ray, tmp_path):
    study = make_queue(tmp_path, 8)
    launcher = start(study, 2, "0.3")
    assert launcher.num_alive() == 2
    wait_until(lambda: len(workers(study)) == 2)
    seen = list(workers(study))
    assert {place.kind for worker in seen if (place := parse_identity(worker))} == {"ray"}
    assert [launcher.is_alive(worker) for worker in seen] == [True, True]
    wait_until(lambda: not launcher.num_alive())
    assert [launcher.is_alive(worker) for worker in seen] == [False, False]
    assert run_counts(study) == [1] * 8
    assert all(worker in launcher.log_text() for worker in seen)


def test_a_worker_has_the_environment_of_the_study(ray, tmp_path, monkeypatch):
    monkeypatch.setenv("HDEEPRM_EARLIER", "of the study's start")
    monkeypatch.setenv("HDEEPRM_STUDY_LIMIT", "7")
    monkeypatch.chdir(tmp_path)
    study = make_queue(tmp_path, 1)
    launcher = start(study, 1, "0", num_cpus=2)
    wait_until(lambda: not launcher.num_alive())
    (told,) = workers(study).values()
    assert told["prefix"] == sys.prefix
    assert told["cwd"] == str(tmp_path)
    assert told["HDEEPRM_STUDY_LIMIT"] == "7"
    assert told["HDEEPRM_EARLIER"] == "of the study's start"
    assert told["OMP_NUM_THREADS"] == os.environ.get("OMP_NUM_THREADS", "2")


def test_workers_wait_until_there_is_room(ray, tmp_path):
    study = make_queue(tmp_path, 4)
    launcher = start(study, 2, "0.3", num_cpus=2, memory=1_000_000)
    wait_until(lambda: names(study, "running"))
    assert launcher.num_alive() == 2
    assert len(workers(study)) == 1
    wait_until(lambda: not launcher.num_alive())
    assert run_counts(study) == [1] * 4


def test_stopped_workers_give_their_runs_back(ray, tmp_path):
    study = make_queue(tmp_path, 300)
    launcher = start(study, NUM_CPUS + 1, "0.3")
    wait_until(lambda: len(names(study, "done")) >= 3 and len(workers(study)) == NUM_CPUS)
    launcher.stop()
    wait_until(lambda: not launcher.num_alive())
    assert names(study, "running") == []
    assert 3 <= len(names(study, "done")) < 300
    assert len(workers(study)) == NUM_CPUS
    assert "ray:" not in launcher.log_text().replace("worker ray:", "")
    again = start(study, 2, "0")
    wait_until(lambda: not again.num_alive())
    assert run_counts(study) == [1] * 300


def test_a_worker_that_is_killed_is_gone(ray, tmp_path):
    study = make_queue(tmp_path, 1)
    launcher = start(study, 1, "30")
    wait_until(lambda: names(study, "running"))
    (worker,) = workers(study)
    place = parse_identity(worker)
    assert place is not None
    os.kill(place.pid, signal.SIGKILL)
    wait_until(lambda: not launcher.num_alive())
    assert launcher.is_alive(worker) is False
    assert names(study, "running") == ["0000"]


def test_a_task_that_fails_says_why(ray, tmp_path):
    study = make_queue(tmp_path, 1)
    launcher = new_launcher(tmp_path / "queue")
    plan = FileQueuePlan(study, 1)
    object.__setattr__(plan, "command", lambda: (str(tmp_path / "nothing here"),))
    launcher.start(plan)
    wait_until(lambda: not launcher.num_alive())
    assert "nothing here" in launcher.log_text()


def test_another_machine_is_asked(ray, tmp_path):
    launcher = new_launcher(tmp_path)
    here = parse_identity("ray:ab:elsewhere:1:1")
    assert here is not None
    assert launcher.is_alive(str(here)) is None
    assert launcher.is_alive("local:elsewhere:1:1") is None
    node = ray.nodes()[0]["NodeManagerHostname"]
    from hdeeprm.studies.launchers.identity import local_id

    assert launcher._cluster.is_alive(local_id(os.getpid()), node) is True
    assert launcher._cluster.is_alive(f"local:{node}:{os.getpid()}:1", node) is False
    assert launcher._cluster.is_alive(elsewhere(local_id(os.getpid())), "elsewhere") is None


def test_what_a_local_cluster_can_never_give(ray, tmp_path):
    study = make_queue(tmp_path, 1)
    with pytest.raises(StudyError, match=r"ray.num_cpus: a worker needs 64, and this machine has 2"):
        start(study, 1, "0", num_cpus=64)
    with pytest.raises(StudyError, match=r"ray.num_gpus: a worker needs 99, and this machine has \d"):
        start(study, 1, "0", num_gpus=99)


IN_ANOTHER_PROCESS = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from file_queue_worker import FileQueuePlan
from hdeeprm.studies.launchers.ray import RayLauncher
if __name__ == "__main__":
    study = Path({study!r})
    launcher = RayLauncher({table!r}, study.with_suffix(""))
    launcher.start(FileQueuePlan(study, 2, ({seconds!r},)))
    while launcher.num_alive():
        time.sleep(0.05)
"""


def in_another_process(study: Path, seconds: str, **table: object) -> subprocess.Popen[bytes]:
    code = IN_ANOTHER_PROCESS.format(tests=str(TESTS), study=str(study), seconds=seconds, table=table)
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)


def test_the_cluster_of_an_address_outlives_a_killed_study(ray, tmp_path):
    study = make_queue(tmp_path, 12)
    address = ray.get_runtime_context().gcs_address
    with in_another_process(study, "0.3", address=address) as driver:
        wait_until(lambda: len(names(study, "done")) >= 2)
        driver.kill()
    seen = list(workers(study))
    launcher = new_launcher(tmp_path / "queue")
    wait_until(lambda: not any(launcher.is_alive(worker) for worker in seen))
    for name in names(study, "running"):  # what recovery does with the runs of workers that are gone
        (tmp_path / "running" / name).rename(tmp_path / "todo" / name)
    with in_another_process(study, "0", address=address) as driver:
        assert driver.wait(PATIENCE) == 0
    assert run_counts(study) == [1] * 12


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:1", "ray://127.0.0.1:1"])
def test_an_address_where_nothing_is(tmp_path, address):
    code = IN_ANOTHER_PROCESS.format(
        tests=str(TESTS), study=str(tmp_path), seconds="0", table={"address": address}
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"StudyError: ray.address: '{address}' cannot be reached: " in done.stderr


def test_where_ray_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DependencyNotInstalled, match=r"pip install 'hdeeprm\[ray\]'"):
        new_launcher(tmp_path)


def test_all_wrong_keys_and_values_are_told_at_once(tmp_path):
    with pytest.raises(StudyError) as caught:
        new_launcher(tmp_path, num_cpu=2, num_gpus=-1, memory="4 GB", address=6379)
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        "ray.num_cpu: unknown; one of address, num_cpus, num_gpus, memory. Did you mean 'num_cpus'?"
    )
    assert lines[1].startswith("ray.num_gpus: -1 is no amount")
    assert lines[2] == "ray.memory: '4 GB' is no amount; 0 bytes or more is"
    assert lines[3].startswith("ray.address: 6379 is no address")
    assert len(lines) == 4
