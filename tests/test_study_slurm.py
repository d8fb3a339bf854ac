"""SLURM starts workers: on a real SLURM of two nodes, with workers that take their runs from a folder."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from file_queue_worker import FileQueuePlan, elsewhere, make_queue, names, run_counts, workers
from hdeeprm.errors import StudyError
from hdeeprm.studies.launchers.identity import parse_identity
from hdeeprm.studies.launchers.slurm import SlurmLauncher
from hdeeprm.studies.launchers.slurm.table import sbatch_arguments
from slurm_cluster import CPUS_PER_NODE, NODES
from waiting import PATIENCE, wait_until

NUM_CPUS = CPUS_PER_NODE * len(NODES)
TESTS = Path(__file__).parent


def start(
    study: Path, num_workers: int, *arguments: str, table: dict[str, object] | None = None
) -> SlurmLauncher:
    launcher = SlurmLauncher(table or {}, study.with_suffix(""))
    launcher.start(FileQueuePlan(study, num_workers, arguments))
    return launcher


def test_every_task_of_an_array_is_a_worker(slurm, tmp_path):
    study = make_queue(tmp_path, 8)
    launcher = start(study, 3, "0.3")
    assert launcher.num_alive() == 3
    wait_until(lambda: len(workers(study)) == 3)
    jobs = {told["SLURM_JOB_ID"]: worker for worker, told in workers(study).items()}
    assert len(jobs) == 3
    for job, worker in jobs.items():
        assert worker.startswith(f"slurm:{job}:")
        assert launcher.is_alive(worker) is True
        assert launcher.is_alive(elsewhere(worker)) is True
    wait_until(lambda: not launcher.num_alive())
    for worker in jobs.values():
        assert launcher.is_alive(worker) is False
        assert launcher.is_alive(elsewhere(worker)) is False
    assert run_counts(study) == [1] * 8
    assert all(worker in launcher.log_text() for worker in jobs.values())


def test_of_workers_that_it_did_not_start_it_knows_those_of_this_machine(slurm, tmp_path):
    launcher = SlurmLauncher({}, tmp_path)
    assert launcher.is_alive("local:elsewhere:1:1") is None
    assert launcher.is_alive("slurm:999999:elsewhere:1:1") is False
    assert launcher.is_alive("slurm:999999.0.1:elsewhere:1:1") is False
    assert launcher.num_alive() == 0


def test_a_worker_has_the_environment_of_the_study(slurm, tmp_path, monkeypatch):
    monkeypatch.setenv("HDEEPRM_STUDY_LIMIT", "7")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.chdir(tmp_path)
    study = make_queue(tmp_path / "100% sure", 1)
    launcher = start(study, 1, "0", table={"cpus_per_task": 2, "comment": "two words", "exclusive": True})
    wait_until(lambda: not launcher.num_alive())
    (told,) = workers(study).values()
    assert told["prefix"] == sys.prefix
    assert told["cwd"] == str(tmp_path)
    assert told["HDEEPRM_STUDY_LIMIT"] == "7"
    assert told["PATH"] == os.environ["PATH"]
    assert told["OMP_NUM_THREADS"] == told["SLURM_CPUS_PER_TASK"] == "2"
    assert told["SLURM_JOB_NAME"] == "queue"
    assert "starts" in launcher.log_text()


def test_an_array_that_is_cancelled_is_completed_by_another(slurm, tmp_path):
    study = make_queue(tmp_path, 120)
    launcher = start(study, 4, "0.2")
    wait_until(lambda: len(names(study, "done")) >= 6)
    subprocess.run(["scancel", "--name=queue"], check=True)
    wait_until(lambda: not launcher.num_alive())
    assert 6 <= len(names(study, "done")) < 120
    again = start(study, 4, "0.01")
    wait_until(lambda: not again.num_alive())
    assert run_counts(study) == [1] * 120


def test_stopping_ends_what_runs_and_what_waits(slurm, tmp_path):
    study = make_queue(tmp_path, 2 * NUM_CPUS)
    launcher = start(study, 2 * NUM_CPUS, "300")
    wait_until(lambda: len(names(study, "running")) == NUM_CPUS)
    assert launcher.num_alive() == 2 * NUM_CPUS
    wait_until(lambda: "waits: Resources" in launcher.log_text())
    launcher.stop()
    wait_until(lambda: not launcher.num_alive())
    assert len(names(study, "todo")) == 2 * NUM_CPUS
    assert len(workers(study)) == NUM_CPUS
    launcher.stop()


IN_AN_ALLOCATION = """
import json, os, sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from file_queue_worker import FileQueuePlan, elsewhere, names, workers
from hdeeprm.studies.launchers.identity import find_launcher
from hdeeprm.studies.launchers.slurm import SlurmLauncher
study, num_stop = Path({study!r}), {num_stop}
launcher = SlurmLauncher({{"partition": "not used here"}}, study.with_suffix(""))
launcher.start(FileQueuePlan(study, {num_workers}, {arguments!r}))
told = {{"launcher": find_launcher(), "alive": launcher.num_alive()}}
if num_stop:
    while len(names(study, "done")) < num_stop:
        time.sleep(0.02)
    told["known"] = [[launcher.is_alive(one), launcher.is_alive(elsewhere(one))] for one in workers(study)]
    launcher.stop()
while launcher.num_alive():
    time.sleep(0.05)
told["known at the end"] = [launcher.is_alive(elsewhere(one)) for one in workers(study)]
told["log"] = launcher.log_text()
print(json.dumps(told))
"""


def in_an_allocation(study: Path, num_workers: int, *arguments: str, salloc: str, num_stop: int = 0) -> dict:
    """What a study sees that is started inside ``salloc``; stops its workers after some runs if asked to."""
    code = IN_AN_ALLOCATION.format(
        tests=str(TESTS), study=str(study), num_workers=num_workers, arguments=arguments, num_stop=num_stop
    )
    command = ["salloc", "--quiet", *salloc.split(), sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_inside_an_allocation_one_srun_starts_the_workers(slurm, tmp_path):
    study = make_queue(tmp_path, 12)
    told = in_an_allocation(study, 4, "0.1", salloc="--ntasks=4")
    assert told["launcher"] == "slurm"
    assert told["alive"] == 4
    places = [parse_identity(worker) for worker in workers(study)]
    assert sorted(place.task.partition(".")[2] for place in places if place) == ["0.0", "0.1", "0.2", "0.3"]
    assert {seen["SLURMD_NODENAME"] for seen in workers(study).values()} == set(NODES)
    assert all(seen["prefix"] == sys.prefix for seen in workers(study).values())
    assert run_counts(study) == [1] * 12
    assert told["known at the end"] == [False] * 4


def test_inside_an_allocation_stopped_workers_give_their_runs_back(slurm, tmp_path):
    study = make_queue(tmp_path, 20)
    told = in_an_allocation(study, 3, "0.3", salloc="--ntasks=3", num_stop=4)
    assert told["known"] == [[True, True]] * 3
    assert told["known at the end"] == [False] * 3
    assert names(study, "running") == []
    assert 4 <= len(names(study, "done")) < 20
    in_an_allocation(study, 3, "0", salloc="--ntasks=3")
    assert run_counts(study) == [1] * 20


def test_a_srun_that_is_refused_is_told_in_its_own_words(slurm, tmp_path):
    study = make_queue(tmp_path, 1)
    told = in_an_allocation(study, 100, "0", salloc="--ntasks=1")
    assert "More processors requested than permitted" in told["log"]
    assert names(study, "todo") == ["0000"]


RANKS = ("sh", "-c", 'test "$SLURM_PROCID" != 0 || echo "rank 0 of $SLURM_NTASKS"')


def printed(study: Path) -> list[str]:
    return [path.read_text() for path in (study.parent / "done").iterdir()]


def test_a_run_of_several_tasks_in_an_array(slurm, tmp_path):
    study = make_queue(tmp_path, 4)
    launcher = start(study, 2, "0", "srun", "--ntasks=2", *RANKS, table={"ntasks": 2})
    wait_until(lambda: not launcher.num_alive())
    assert [path.read_text() for path in (tmp_path / "done").iterdir()] == ["rank 0 of 2\n"] * 4, (
        launcher.log_text()
    )


def test_runs_of_several_tasks_side_by_side_inside_an_allocation(slurm, tmp_path):
    study = make_queue(tmp_path, 4)
    told = in_an_allocation(study, 2, "0", "srun", "--ntasks=2", "--exact", *RANKS, salloc="--ntasks=4")
    assert told["alive"] == 2
    assert printed(study) == ["rank 0 of 2\n"] * 4, told["log"]


def test_a_refused_submission_is_told_in_slurms_own_words(slurm, tmp_path):
    study = make_queue(tmp_path, 1)
    with pytest.raises(StudyError, match=r"sbatch refused: .*invalid partition specified: nope"):
        start(study, 1, "0", table={"partition": "nope"})
    with pytest.raises(StudyError, match=r"sbatch refused: .*unrecognized option '--partitoin=debug'"):
        start(study, 1, "0", table={"partitoin": "debug"})


def test_where_no_controller_answers(slurm, tmp_path, monkeypatch):
    study = make_queue(tmp_path, 1)
    launcher = start(study, 1, "1")
    broken = tmp_path / "slurm.conf"
    broken.write_text(slurm.read_text().replace("SlurmctldPort=", "SlurmctldPort=1#") + "MessageTimeout=1\n")
    with monkeypatch.context() as context:
        context.setenv("SLURM_CONF", str(broken))
        with pytest.raises(StudyError, match=r"sbatch refused: .*Unable to contact slurm controller"):
            start(study, 1, "0")
        time.sleep(0.3)
        assert launcher.num_alive() == 1  # as it was last known
        assert launcher.is_alive("slurm:1:elsewhere:1:1") is None
    wait_until(lambda: not launcher.num_alive())
    assert run_counts(study) == [1]


def test_where_slurm_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    study = make_queue(tmp_path, 1)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with pytest.raises(StudyError, match=r"sbatch was not found; .* or with --on local"):
        start(study, 1, "0")
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    with pytest.raises(StudyError, match=r"srun was not found; .* --on local"):
        start(study, 1, "0")


def test_the_table_is_passed_on():
    table = {
        "time": "1:00:00",
        "gres": "gpu:1",
        "cpus_per_task": 4,
        "hold": True,
        "requeue": False,
        "p": "long",
    }
    assert sbatch_arguments(table) == [
        "--time=1:00:00",
        "--gres=gpu:1",
        "--cpus-per-task=4",
        "--hold",
        "-plong",
    ]


def test_all_that_cannot_be_passed_on_is_told_at_once():
    with pytest.raises(StudyError) as caught:
        SlurmLauncher({"array": "1-10", "time": "1", "W": True, "partition": ["a", "b"]}, Path())
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("slurm.array: cannot be set: the number of workers gives it")
    assert lines[1].startswith("slurm.W: cannot be set")
    assert lines[2].startswith("slurm.partition: ['a', 'b'] is no option of sbatch")
    assert len(lines) == 3


def test_loading_the_launcher_loads_no_optional_library():
    code = "import sys, hdeeprm.studies.launchers.slurm; print(*{'ray', 'optuna'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == []
