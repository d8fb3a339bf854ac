"""Helpers of the tests of studies: files, functions that leave traces, workers that can be killed."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import textwrap
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from hdeeprm.cli import main
from hdeeprm.studies.file import StudyFile, load_study
from hdeeprm.studies.queue import Run, Status

TRACING = """
import os, time

def work(options, report):
    trace(f"begin {options['x']}")
    time.sleep(PAUSE)
    trace(f"end {options['x']}")
    return {"loss": float(options["x"])}

def trace(text):
    # A line that is written in one go, so that a kill leaves all of it or nothing.
    handle = os.open(__file__ + ".trace", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, (text + "\\n").encode())
    os.close(handle)
"""


def write(folder: Path, text: str, name: str = "study.toml") -> Path:
    """A study file of some text, indented or not."""
    path = folder / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def tracing_study(folder: Path, num_runs: int, pause: float = 0.01) -> StudyFile:
    """A study of runs that leave traces; each takes a pause, in s."""
    (folder / "tracing.py").write_text(TRACING.replace("PAUSE", str(pause)), encoding="utf-8")
    text = f'run = "tracing.py:work"\nmetric = "loss"\n[grid]\nx = {list(range(num_runs))}\n'
    return load_study(write(folder, text))


def run_of(number: int, **changes: object) -> Run:
    """A run as the queue of a grid with seeds may have it, complete unless told otherwise."""
    values = {
        "status": Status.COMPLETE,
        "point": {"x": number % 100},
        "seed": number % 3,
        "metrics": {"loss": (number * 7919) % 100003 / 7},
        "seconds": 1.0,
        "cpu_seconds": 0.5,
    }
    return Run(number=number, **{**values, **changes})  # type: ignore[arg-type]


def traces(folder: Path) -> Counter[str]:
    """How often each run began and ended: ``begin 3``, ``end 3``."""
    path = folder / "tracing.py.trace"
    return Counter(path.read_text().splitlines() if path.exists() else [])


def command(*words: str | Path, **environment: str) -> subprocess.Popen[str]:
    """``hdeeprm study`` with some words, under way."""
    return subprocess.Popen(
        [sys.executable, "-m", "hdeeprm", "study", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def ended(*words: str | Path, **environment: str) -> tuple[int, str, str]:
    """Exit code, output and errors of ``hdeeprm study`` with some words, called in this process.

    Workers are processes of their own all the same.
    """
    out, errors = io.StringIO(), io.StringIO()
    with patch.dict(os.environ, environment), redirect_stdout(out), redirect_stderr(errors):
        code = main(["study", *map(str, words)])
    return code, out.getvalue(), errors.getvalue()
