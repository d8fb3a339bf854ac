"""Studies that are run from the command line, for tests."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hdeeprm.studies import Study
from hdeeprm.studies.queue.records import RUN
from waiting import PATIENCE, wait_until

PROGRAM = """
command = "python3 {folder}/program.py {size} {seed}"
metric = "loss"
seeds = [1, 2, 3, 4]
[grid]
size = [1, 2, 3, 4, 5]
"""
PRINTS = """
import sys, time
time.sleep(0.15)
with open(__file__ + ".ended", "a") as file:
    file.write(f"{sys.argv[1]} {sys.argv[2]}\\n")
print("loss")
print(float(sys.argv[1]) + float(sys.argv[2]) / 10)
"""
PLANNED = [f"{size} {seed}" for size in range(1, 6) for seed in range(1, 5)]


def require_ray() -> None:
    """Skip where Ray is not installed; in continuous integration that is a failure."""
    if importlib.util.find_spec("ray") is None:
        reason = "Ray is not installed: pip install 'hdeeprm[ray]'"
        pytest.fail(reason, pytrace=False) if "HDEEPRM_CI" in os.environ else pytest.skip(reason)


def new_study(folder: Path, text: str, **files: str) -> Path:
    """A study file in a folder of its own, and Python files beside it."""
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content)
    path = folder / "study.toml"
    path.write_text(text)
    return path


@contextmanager
def driver(study: Path, *arguments: str, before: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """``hdeeprm study run``, begun; killed where it has not ended in the end."""
    command = (*before, sys.executable, "-m", "hdeeprm", "study", "run", str(study), *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run(study: Path, *arguments: str, before: tuple[str, ...] = ()) -> None:
    """``hdeeprm study run`` until it has ended well."""
    with driver(study, *arguments, before=before) as process:
        printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, printed


def kinds(study: Path) -> set[str]:
    """Who started the workers: local, slurm, slurm step or ray."""
    parts = {tuple(one.worker.split(":")[:2]) for one in Study(study).runs.values()}
    return {f"{kind} step" if kind == "slurm" and "." in task else kind for kind, task in parts}


def wait_for_some(study: Path, number: int, process: subprocess.Popen[str]) -> None:
    """Until so many runs of PROGRAM have ended."""
    wait_until(lambda: len(ended(study)) >= number or process.poll() is not None)
    assert process.poll() is None, process.stdout and process.stdout.read()


def ended(study: Path) -> list[str]:
    """The runs of PROGRAM that were run to their end, once for each time."""
    path = study.parent / "program.py.ended"
    return sorted(path.read_text().splitlines()) if path.exists() else []


def check_program(study: Path) -> None:
    """PROGRAM has exactly its planned runs, each complete once.

    A program may have done all its work when it is ended, just not have been waited for: it runs again.
    """
    from optuna.trial import TrialState

    queue = Study(study).queue
    runs = queue.runs().values()
    assert [f"{one.point['size']} {one.seed}" for one in runs] == PLANNED
    complete = [trial.user_attrs[RUN] for trial in queue.trials(TrialState.COMPLETE)]
    assert sorted(complete) == list(range(len(PLANNED))), complete
    assert all(one.metrics["loss"] == one.point["size"] + (one.seed or 0) / 10 for one in runs)
    assert sorted(set(ended(study))) == PLANNED
