"""How runs, workers and ``study run`` end: by any exception, by Ctrl-C, beside other workers."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from hdeeprm.studies import Study
from hdeeprm.studies.driver import prepared
from hdeeprm.studies.launchers.identity import local_id
from hdeeprm.studies.queue import Queue
from hdeeprm.studies.queue.recovery import recover
from hdeeprm.studies.queue.taking import Taker
from hdeeprm.studies.worker import Worker
from study_files import command, ended, traces, tracing_study, write
from waiting import PATIENCE, wait_until


def statuses(queue: Queue) -> list[str]:
    return [run.status.value for run in queue.runs().values()]


def study_of(folder: Path, body: str, text: str = "[grid]\nx = [0, 1, 2]\n") -> Path:
    """A study of a function with some body."""
    (folder / "f.py").write_text(
        f"import os, signal, sys, time\n\n\ndef f(options):\n{body}\n    return 0.0\n"
    )
    return write(folder, f'run = "f.py:f"\n{text}')


# Exceptions and signals


@pytest.mark.parametrize(
    ("error", "workers"),
    [
        ("KeyboardInterrupt", "0"),
        ("KeyboardInterrupt", "1"),
        ("SystemExit", "0"),
        ("GeneratorExit", "0"),
        ("BaseException", "0"),
    ],
)
def test_a_run_that_raises_what_is_no_exception_fails_once(tmp_path: Path, error: str, workers: str) -> None:
    path = study_of(tmp_path, f"    if options['x'] == 1:\n        raise {error}('my own')")
    code, out, errors = ended("run", path, "--on", "local", "--workers", workers)
    assert code == 1, errors
    queue = Queue(tmp_path / "study")
    assert statuses(queue) == ["complete", "failed", "complete"]
    assert len(queue.trials()) == 3  # nothing was tried again
    assert f"run 1 failed: {error}: my own" in out
    assert queue.run(1).error["traceback"].rstrip().endswith(f"{error}: my own")


@pytest.mark.parametrize(
    ("caught", "done", "workers"),
    [("ValueError", "pass", "0"), ("KeyboardInterrupt", "sys.exit(3)", "1"), ("BaseException", "1 / 0", "0")],
    ids=["unheard", "exits", "fails"],
)
def test_ctrl_c_puts_the_run_back_however_the_run_takes_it(
    tmp_path: Path, caught: str, done: str, workers: str
) -> None:
    way = f"    try:\n        time.sleep(30)\n    except {caught}:\n        {done}"
    path = study_of(tmp_path, f"    open(__file__ + '.begun', 'w').close()\n{way}")
    driver = command("run", path, "--on", "local", "--workers", workers)
    wait_until((tmp_path / "f.py.begun").exists)
    driver.send_signal(signal.SIGINT)
    _, errors = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 130 and "stopped" in errors
    queue = Queue(tmp_path / "study")
    recover(queue, lambda worker: False)
    assert statuses(queue) == ["waiting"] * 3


def test_ctrl_c_that_a_run_hears_by_a_handler_of_its_own_stops_the_worker(tmp_path: Path) -> None:
    own = "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    file = Study(study_of(tmp_path, f"{own}    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(5)")).file
    queue = prepared(file)
    worker = Worker(file, queue)
    assert worker.work() == 1 and worker.was_stopped
    assert statuses(queue) == ["failed", "waiting", "waiting"]  # no run is taken for ever


# Beside other workers


def test_runs_of_others_are_waited_for(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 3, pause=0.7)
    other = command("worker", file.path, "--max-runs-per-worker", "1")
    wait_until(lambda: bool(traces(tmp_path)))
    for workers in ("1", "0"):
        code, out, errors = ended("run", file.path, "--on", "local", "--workers", workers, "--limit", "1")
        assert code == 0 and "1 complete" in out, errors
    other.communicate()
    assert traces(tmp_path) == {"begin 0": 1, "end 0": 1}


@pytest.mark.parametrize("workers", [1, 0])
def test_runs_of_others_that_are_killed_meanwhile_are_taken_over(
    tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hdeeprm.studies.driver.RECOVERY", 0.5)
    (tmp_path / "f.py").write_text(
        "import os, time\n\n\ndef f(options):\n    first = not os.path.exists(__file__ + '.begun')\n"
        "    open(__file__ + '.begun', 'w').close()\n    time.sleep(60 if first else 0)\n    return 0.0\n"
    )
    path = write(tmp_path, 'run = "f.py:f"\n')
    other = command("worker", path)
    wait_until((tmp_path / "f.py.begun").exists)
    began = time.monotonic()
    threading.Timer(1.0, other.kill).start()
    assert Study(path).run("local", workers=workers).is_success
    assert time.monotonic() - began > 1.0  # it has waited
    other.communicate()
    assert Queue(tmp_path / "study").run(0).attempt == 2


@pytest.mark.parametrize("workers", ["1", "0"])
def test_runs_that_are_left_make_the_exit_status_one(tmp_path: Path, workers: str) -> None:
    file = tracing_study(tmp_path, 2, pause=0.0)
    Taker(prepared(file), "local:elsewhere:1:1").take()
    code, out, errors = ended("run", file.path, "--on", "local", "--workers", workers)
    assert code == 1 and "note: runs 0: nobody here can tell whether their workers still live" in errors
    assert "1 complete, 1 running" in out or "1 running" in out
    flags = ("--workers", "0", "--retry", "unknown", "--max-runs-per-worker", "1")
    assert ended("run", file.path, *flags)[0] == 0


def test_what_this_process_has_left_behind_is_not_waited_for(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 2, pause=0.0)
    Taker(prepared(file), local_id(os.getpid())).take()  # as by a call that a full disk has ended
    progress = Study(file.path).run(workers=0)
    assert not progress.is_success and progress.running == (0,) and len(progress.notices) == 1
    assert Study(file.path).run(workers=0, retry=["unknown"]).is_success


def test_runs_that_wait_at_the_end_are_told_of(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 3, pause=0.0)
    code, _, errors = ended("run", file.path, "--workers", "0", "--max-runs-per-worker", "2")
    assert code == 1 and "note: 1 runs still wait; run the study again to go on" in errors


# Before anything is written


@pytest.mark.parametrize("on", ["slurm", "ray"])
def test_this_process_alone_is_nowhere_else(tmp_path: Path, on: str) -> None:
    file = tracing_study(tmp_path, 1)
    code, _, errors = ended("run", file.path, "--on", on, "--workers", "0")
    assert code == 2 and f"workers: 0 means this very process, and on {on} would mean others" in errors
    code, _, errors = ended("run", file.path, HDEEPRM_STUDY_ON=on, HDEEPRM_STUDY_WORKERS="0")
    assert code == 2 and "leave one of the two out" in errors
    assert not file.folder.exists()


def test_an_unknown_place_is_told_of_with_workers_0_too(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 1)
    code, _, errors = ended("run", file.path, "--on", "slrum", "--workers", "0")
    assert code == 2 and "Did you mean 'slurm'?" in errors


@pytest.mark.parametrize("flags", [(), ("--anew",)])
@pytest.mark.parametrize("missing", ["slurm", "srun", "ray", "cluster"])
def test_a_launcher_that_is_not_there_is_told_of_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, flags: tuple[str, ...]
) -> None:
    file = tracing_study(tmp_path, 1)
    on, message = "slurm", "slurm: sbatch was not found; start the study where SLURM's commands are"
    monkeypatch.setenv("PATH", str(tmp_path))
    if missing == "srun":
        monkeypatch.setenv("SLURM_JOB_ID", "1")
        message = message.replace("sbatch", "srun")
    elif missing == "ray":
        monkeypatch.setitem(sys.modules, "ray", None)
        on, message = "ray", "pip install 'hdeeprm[ray]'"
    elif missing == "cluster":
        pytest.importorskip("ray")
        write(tmp_path, file.path.read_text() + '[ray]\naddress = "127.0.0.1:1"\n')
        on, message = "ray", "ray.address: '127.0.0.1:1' cannot be reached"
    if flags:
        file.folder.mkdir()
        (file.folder / "journal.log").touch()
    code, _, errors = ended("run", file.path, "--on", on, *flags)
    assert code in (1, 2) and message in errors
    assert not (tmp_path / "study-1").exists() and file.folder.exists() == bool(flags)
