"""Workers on SLURM and Ray that are ended in the middle: nothing is lost, and nothing is run twice."""

import signal
import subprocess
import time

import pytest

from hdeeprm.studies import Study
from hdeeprm.studies.queue.records import Status
from study_drivers import (
    PLANNED,
    PRINTS,
    PROGRAM,
    check_program,
    driver,
    kinds,
    new_study,
    require_ray,
    run,
    wait_for_some,
)
from waiting import PATIENCE

CANCELS_ITSELF = """
import os, pathlib, subprocess, sys
before = pathlib.Path(__file__ + ".before")
if not before.exists():
    before.touch()
    command = "sleep 0.2; scancel " + os.environ["SLURM_JOB_ID"]
    subprocess.Popen(command, shell=True, start_new_session=True)
    sys.exit("so fails a srun when SLURM starts no more steps of a job that is about to be cancelled")
print("loss")
print(1)
"""


def test_a_cancelled_array_whose_driver_is_lost_is_completed_later(slurm, tmp_path):
    study = new_study(tmp_path / "killed", PROGRAM, program=PRINTS)
    with driver(study, "--on", "slurm", "--workers", "3") as process:
        wait_for_some(study, 5, process)
        process.kill()
    subprocess.run(["scancel", "--name=study"], check=True)
    while subprocess.check_output(["squeue", "--noheader"]):
        time.sleep(0.05)
    runs = Study(study).runs
    complete = {number: one.ended for number, one in runs.items() if one.status is Status.COMPLETE}
    assert 5 - 3 <= len(complete) < len(PLANNED)  # each worker may have had one whose end it had not told
    assert Status.FAILED not in {one.status for one in runs.values()}
    run(study, "--on", "slurm", "--workers", "3")
    check_program(study)
    assert {number: Study(study).runs[number].ended for number in complete} == complete


def test_a_driver_goes_on_with_another_array_where_one_was_cancelled(slurm, tmp_path):
    study = new_study(tmp_path / "cancelled", PROGRAM, program=PRINTS)
    with driver(study, "--on", "slurm", "--workers", "3") as process:
        wait_for_some(study, 5, process)
        subprocess.run(["scancel", "--name=study"], check=True)
        printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, printed
    check_program(study)


@pytest.mark.parametrize("launcher", ["slurm", "ray"])
def test_what_was_interrupted_on_a_cluster_is_completed_here(slurm, tmp_path, launcher):
    if launcher == "ray":
        require_ray()
    study = new_study(tmp_path / launcher, PROGRAM, program=PRINTS)
    with driver(study, "--on", launcher, "--workers", "2") as process:
        wait_for_some(study, 4, process)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert f"of {len(PLANNED)} runs are complete" in printed
    assert {one.status for one in Study(study).runs.values()} == {Status.COMPLETE, Status.WAITING}
    run(study, "--on", "local", "--workers", "2")
    check_program(study)
    assert kinds(study) == {launcher, "local"}


def test_a_program_that_fails_since_its_worker_is_cancelled_is_run_again(slurm, tmp_path):
    text = 'command = "python3 {folder}/program.py"\nmetric = "loss"\nseeds = [1, 2]\n'
    study = new_study(tmp_path / "itself", text, program=CANCELS_ITSELF)
    run(study, "--on", "slurm", "--workers", "1")
    assert [one.status for one in Study(study).runs.values()] == [Status.COMPLETE] * 2


def test_workers_that_still_wait_for_room_are_cancelled_once_no_run_is_left(slurm, tmp_path):
    study = new_study(tmp_path / "busy", PROGRAM, program=PRINTS)
    others = ["sbatch", "--ntasks=3", "--output=/dev/null", "--wrap=sleep 300"]
    subprocess.run(others, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    with driver(study, "--on", "slurm", "--workers", "3", "--limit", "6") as process:
        wait_for_some(study, 1, process)
        waiting = ["squeue", "--noheader", "--name=study", "--states=PENDING", "--format=%i"]
        subprocess.run(["scontrol", "hold", *subprocess.check_output(waiting, text=True).split()], check=True)
        printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, printed
    assert not subprocess.check_output(["squeue", "--noheader", "--name=study"])
    subprocess.run(["scancel", "--name=wrap"], check=True)
