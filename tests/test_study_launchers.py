"""One study file on every launcher: the same results, run for run."""

from pathlib import Path

import pytest

from hdeeprm.studies import Study
from hdeeprm.studies.queue.records import Status
from study_drivers import kinds, new_study, require_ray, run

FUNCTION = """
run = "objective.py:measure"
metric = "loss"
seeds = [1, 2]
sampler = "random"
trials = 3
[grid]
shape = ["round", "square"]
[search]
rate = {low = 1e-4, high = 1e-1, log = true}
size = {low = 16, high = 256, step = 16}
[slurm]
time = "0:10:00"
[ray]
num_cpus = 1
"""
OBJECTIVE = """
def measure(options, report):
    for step in range(1, 4):
        report(step, options["rate"] / step)
    return {"loss": options["rate"] * options["size"] + options["seed"], "letters": len(options["shape"])}
"""
OWN_RUNS = """
seeds = [1, 2]
[options]
platform_file_path = "learning"
workload_file_path = "learning"
nb_resources = 4
[grid]
selection = ["first-high_gflops", "first-low_power"]
"""
RANKS = """
command = "srun --ntasks=2 {exact} python3 {{folder}}/program.py {{size}}"
metric = "loss"
[grid]
size = [1, 2, 3, 4]
[slurm]
ntasks = 2
"""
RANK_PRINTS = """
import os, sys
if os.environ["SLURM_PROCID"] == "0":
    print("loss")
    print(float(sys.argv[1]) * float(os.environ["SLURM_NTASKS"]))
"""


def results(study: Path) -> list[tuple]:
    """Everything that must not depend on who ran it."""
    runs = Study(study).runs
    assert all(one.status is Status.COMPLETE for one in runs.values()), runs
    return [(r.number, r.options, r.seed, r.metrics, r.per_seed, r.reports) for r in runs.values()]


def results_on(launcher: str, folder: Path, text: str) -> list[tuple]:
    """Results of a study by two workers of a launcher; "slurm step": inside an allocation of two tasks."""
    study = new_study(folder / launcher, text, objective=OBJECTIVE)
    if launcher == "slurm step":
        run(study, before=("salloc", "--quiet", "--ntasks=2"))
    else:
        run(study, "--on", launcher, "--workers", "2")
    assert kinds(study) == {launcher}
    return results(study)


def test_the_same_function_everywhere(slurm, tmp_path):
    require_ray()
    wanted = results_on("local", tmp_path, FUNCTION)
    assert len(wanted) == 6
    for launcher in ("slurm", "slurm step", "ray"):
        assert results_on(launcher, tmp_path, FUNCTION) == wanted


def test_the_same_runs_of_the_project_everywhere(slurm, tmp_path):
    require_ray()
    wanted = results_on("local", tmp_path, OWN_RUNS)
    assert len(wanted) == 4
    assert len({run[3]["makespan"] for run in wanted}) > 1
    for launcher in ("slurm", "ray"):
        assert results_on(launcher, tmp_path, OWN_RUNS) == wanted


@pytest.mark.parametrize("way", ["array", "allocation"])
def test_runs_of_several_tasks_of_which_one_reports(slurm, tmp_path, way):
    exact = "--exact" if way == "allocation" else ""
    study = new_study(tmp_path / way, RANKS.format(exact=exact), program=RANK_PRINTS)
    before = ("salloc", "--quiet", "--ntasks=4") if way == "allocation" else ()
    run(study, "--on", "slurm", "--workers", "2", before=before)
    assert [one.metrics["loss"] for one in Study(study).runs.values()] == [2.0, 4.0, 6.0, 8.0]
