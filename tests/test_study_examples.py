"""Programs that make a study and whose function its workers import, the documentation's among them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from waiting import PATIENCE

pytest.importorskip("optuna")

from hdeeprm.studies.queue import Queue, Status
from study_files import write
from test_documentation import blocks

PROGRAM = """
from hdeeprm.studies import Study

def square(options):
    return options["x"] ** 2

if __name__ == "__main__":
    study = Study(run=square, grid={"x": [1, 2, 3, 4]})
    study.run()
    print([run.metrics["value"] for run in study.runs.values()])
"""
GUARD = 'if __name__ == "__main__":'
EXAMPLES = [block for block in blocks("python") if "Study(" in block.values[0]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(program: Path) -> subprocess.CompletedProcess[str]:
    """A Python program that has ended, with two local workers."""
    wanted = {"HDEEPRM_STUDY_ON": "local", "HDEEPRM_STUDY_WORKERS": "2"}
    words = [sys.executable, str(program)]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, **wanted}
    )


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_of_the_documentation_run_as_files(folder: Path, text: str) -> None:
    done = ran(write(folder, text, "program.py"))
    assert done.returncode == 0, done.stderr
    studies = list(folder.glob("*.toml"))
    assert studies
    for path in studies:
        queue = Queue(path.with_suffix(""))
        assert {run.status for run in queue.runs().values()} <= {Status.COMPLETE, Status.PRUNED}
        # One worker may have done everything before the other begins.
        assert 1 <= len(list(queue.folder.glob("worker-*.log"))) <= 2


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 3


def unguarded(text: str) -> str:
    before, _, after = text.partition(GUARD)
    return before + textwrap.dedent(after)


def test_a_program_without_the_guard_runs_nothing_and_says_so(folder: Path) -> None:
    done = ran(write(folder, unguarded(PROGRAM), "program.py"))
    assert done.returncode == 1
    assert "Study(run = ...) is reached while" in done.stderr and GUARD in done.stderr
    assert {path.name for path in folder.iterdir()} == {"program.py", "square.toml"}
    assert "_hdeeprm_study" not in (folder / "square.toml").read_text()


def test_workers_find_what_lies_beside_the_program_wherever_the_study_is(folder: Path) -> None:
    (folder / "programs").mkdir()
    write(folder / "programs", "def squared(x):\n    return x**2\n", "helper.py")
    text = PROGRAM.replace('options["x"] ** 2', "squared(options['x'])").replace("run=square", "run=function")
    function = "from helper import squared\n\ndef function(options):\n    return squared(options['x'])\n"
    write(folder / "programs", function, "functions.py")
    program = write(folder / "programs", "from functions import function\n" + text, "program.py")
    done = ran(program)
    assert done.stdout == "[1, 4, 9, 16]\n", done.stderr
    assert f'run = "{folder}/programs/functions.py:function"' in (folder / "function.toml").read_text()
