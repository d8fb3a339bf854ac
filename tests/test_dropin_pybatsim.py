"""PyBatsim's own schedulers beside ``hdeeprm-batsim``: two real processes on a free port."""

from __future__ import annotations

import csv
import random
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path

import pytest

from waiting import PATIENCE

pytest.importorskip("batsim", reason="PyBatsim is not installed")

from scheduler_side import free_endpoint, platform_file, workload_file  # needs pyzmq, as PyBatsim does

SCRIPTS = Path(sysconfig.get_path("scripts"))
NUM_MACHINES = 8
NUM_JOBS = 40


@pytest.fixture
def inputs(tmp_path: Path) -> list[str]:
    """Arguments for a contended platform of 8 equal machines."""
    draw = random.Random(4)
    platform = platform_file(tmp_path, [("10f", "20:20:20")] * NUM_MACHINES)
    jobs = [
        {
            "id": number,
            "subtime": round(draw.uniform(1, 100), 2),
            "res": draw.randint(1, NUM_MACHINES),
            "profile": draw.choice(["short", "long"]),
            "walltime": draw.choice([100, 150]),
        }
        for number in range(NUM_JOBS)
    ]
    profiles = {
        "short": {"type": "parallel_homogeneous", "cpu": 50, "com": 0},
        "long": {"type": "parallel_homogeneous", "cpu": 450, "com": 0},
    }
    workload = workload_file(tmp_path, jobs, profiles)
    return ["-p", str(platform), "-w", str(workload), "-e", str(tmp_path / "out")]


def run_both(folder: Path, arguments: list[str], scheduler: str, *flags: str) -> list[dict[str, str]]:
    """Jobs of a run under one of PyBatsim's schedulers; both processes have to end well."""
    endpoint = free_endpoint()
    dropin = subprocess.Popen(
        [SCRIPTS / "hdeeprm-batsim", *arguments, "-s", endpoint], stderr=subprocess.PIPE, text=True
    )
    try:
        pybatsim = subprocess.run(
            [SCRIPTS / "pybatsim", scheduler, "-s", endpoint, *flags],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        errors = dropin.communicate(timeout=PATIENCE)[1]
    finally:
        dropin.kill()
        dropin.wait()
    assert (pybatsim.returncode, dropin.returncode) == (0, 0), f"{errors}\n{pybatsim.stderr[-2000:]}"
    assert "wrote" in errors
    return list(csv.DictReader((folder / "out_jobs.csv").read_text().splitlines()))


def check_all_ran(jobs: list[dict[str, str]]) -> None:
    """Every job did its work, on as many machines as it asked for, and never two on one machine."""
    assert Counter(job["final_state"] for job in jobs) == {"COMPLETED_SUCCESSFULLY": NUM_JOBS}
    changes: list[tuple[float, int, int]] = []
    for job in jobs:
        assert float(job["execution_time"]) == pytest.approx({"short": 5, "long": 45}[job["profile"]])
        num_machines = int(job["requested_number_of_resources"])
        changes.append((float(job["finish_time"]), -num_machines, 0))
        changes.append((float(job["starting_time"]), num_machines, 1))
    in_use = 0
    for _, change, _ in sorted(changes, key=lambda row: (round(row[0], 4), row[2])):
        in_use += change
        assert 0 <= in_use <= NUM_MACHINES


@pytest.mark.parametrize(
    "scheduler",
    [
        "fillerSched",
        "fillerSchedWithEvents",
        "schedFiller",
        "schedFcfs",
        "easyBackfill",
        "schedEasySjfBackfill",
    ],
)
def test_shipped_schedulers_complete(scheduler: str, tmp_path: Path, inputs: list[str]) -> None:
    check_all_ran(run_both(tmp_path, inputs, scheduler))


@pytest.mark.parametrize("scheduler", ["fillerSched", "easyBackfill"])
def test_the_validating_machine_finds_nothing(scheduler: str, tmp_path: Path, inputs: list[str]) -> None:
    check_all_ran(run_both(tmp_path, inputs, scheduler, "--protect"))


def test_a_scheduler_that_shares_machines(tmp_path: Path, inputs: list[str]) -> None:
    jobs = run_both(tmp_path, [*inputs, "--enable-compute-sharing"], "randomSched")
    assert len(jobs) == NUM_JOBS
    assert {job["final_state"] for job in jobs} <= {"COMPLETED_SUCCESSFULLY", "COMPLETED_WALLTIME_REACHED"}
