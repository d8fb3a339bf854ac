"""A worker that takes files from a folder: what launchers are tested with, without the rest of a study.

usage: file_queue_worker.py FOLDER SECONDS [COMMAND ...]

Each file of FOLDER/todo is one run of SECONDS. It is moved to FOLDER/running, then to FOLDER/done, with one
more line for each time that it is run to its end. SIGTERM moves it back. FOLDER/workers has a file for each
worker.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from hdeeprm.studies.launchers.base import WorkerPlan
from hdeeprm.studies.launchers.identity import parse_identity, worker_id

_FOLDERS = ("todo", "running", "done", "workers")


@dataclass(frozen=True)
class FileQueuePlan(WorkerPlan):
    """Workers of this script."""

    def command(self) -> tuple[str, ...]:
        return (sys.executable, __file__, str(self.study.parent), *self.arguments)


def make_queue(folder: Path, num_runs: int) -> Path:
    """Make the folders, and return where the study file would be."""
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True)
    for number in range(num_runs):
        (folder / "todo" / f"{number:04}").touch()
    return folder / "queue.toml"


def names(study: Path, state: str) -> list[str]:
    """What a folder of the queue of that place holds."""
    return sorted(path.name for path in (study.parent / state).iterdir())


def run_counts(study: Path) -> list[int]:
    """How often each of the finished runs was run to its end."""
    return [len(path.read_text().splitlines()) for path in sorted((study.parent / "done").iterdir())]


def workers(study: Path) -> dict[str, dict[str, str]]:
    """Surroundings of each worker that has started, by its identity."""
    files = (study.parent / "workers").glob("*.json")
    return {told["id"]: told for told in (json.loads(path.read_text()) for path in files)}


def elsewhere(worker: str) -> str:
    """The identity as if the worker's machine were another, so that it has to be asked for."""
    identity = parse_identity(worker)
    assert identity is not None
    return str(identity._replace(host="elsewhere"))


def _introduce(folder: Path) -> None:
    told = {**os.environ, "id": worker_id(), "prefix": sys.prefix, "cwd": str(Path.cwd())}
    path = folder / "workers" / worker_id()
    path.write_text(json.dumps(told))
    path.rename(f"{path}.json")
    print(f"worker {worker_id()} starts", flush=True)


def _take(folder: Path) -> Path | None:
    for path in sorted((folder / "todo").iterdir()):
        with contextlib.suppress(FileNotFoundError):
            return path.rename(folder / "running" / path.name)
    return None


def _work(folder: Path, seconds: float, command: list[str]) -> None:
    while run := _take(folder):
        try:
            printed = subprocess.check_output(command, text=True) if command else "ran\n"
            time.sleep(seconds)
        except SystemExit:
            run.rename(folder / "todo" / run.name)
            raise
        with run.open("a") as file:
            file.write(printed)
        run.rename(folder / "done" / run.name)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _introduce(Path(sys.argv[1]))
    _work(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
