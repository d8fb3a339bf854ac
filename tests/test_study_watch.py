"""``hdeeprm study show --watch``: how a study goes that others run, until it is over."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from hdeeprm.studies.driver import prepared
from hdeeprm.studies.launchers.identity import local_id, worker_id
from hdeeprm.studies.queue import Status
from hdeeprm.studies.queue.taking import Taker
from hdeeprm.studies.showing.holders import NOBODY, UNKNOWN, Holders
from hdeeprm.studies.showing.watching import MAX_IN_PROGRESS, progress_table
from study_files import command, run_of, tracing_study
from waiting import PATIENCE

pytest.importorskip("optuna")


@pytest.mark.parametrize(
    ("workers", "state"),
    [
        ([], NOBODY),
        (["local:{host}:{pid}:1"], NOBODY),
        (["local:{host}:{pid}:1", "local:elsewhere:1:1"], UNKNOWN),
        (["asked:1"], UNKNOWN),
        (["local:elsewhere:1:1", "me"], ""),
    ],
)
def test_whether_anybody_still_works(tmp_path: Path, workers: list[str], state: str) -> None:
    _, host, pid, _ = local_id(os.getpid()).split(":")
    names = [worker_id() if name == "me" else name.format(host=host, pid=pid) for name in workers]
    holders = Holders(tracing_study(tmp_path, 1))
    assert holders.state(names) == "", "a worker may be between two runs"
    assert holders.state(names) == state


def test_runs_in_progress_are_listed_with_what_they_told_last() -> None:
    now = datetime(2024, 1, 1, 12)
    running = [
        run_of(
            number,
            status=Status.RUNNING,
            started=now - timedelta(minutes=number),
            reports={1: 5.0, 10: 0.25},
            worker="local:here:1:\x1b[31m",
        )
        for number in range(MAX_IN_PROGRESS + 3)
    ]
    console = Console(width=160, file=io.StringIO())
    console.print(progress_table(running, now))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    rows = [line for line in text.splitlines() if "0.25 at 10" in line]
    assert len(rows) == MAX_IN_PROGRESS and rows[0].split("│")[1:3] == [" 17  ", " 17.0 min "]
    assert "3 more are in progress" in text and "x = 17, seed 2" in rows[0] and "\x1b" not in text


def test_a_terminal_shows_how_a_study_goes_until_it_is_over(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 3, pause=1.5)
    prepared(file)
    driver = command("run", file.path, "--on", "local", "--workers", "1")
    primary, secondary = pty.openpty()
    watching = subprocess.Popen(
        [sys.executable, "-m", "hdeeprm", "study", "show", str(file.path), "--watch"],
        stdout=subprocess.PIPE,
        stderr=secondary,
        env={**os.environ, "COLUMNS": "120", "TERM": "xterm"},
    )
    os.close(secondary)
    seen = b""
    with suppress(OSError):  # which is how a terminal ends
        while block := os.read(primary, 4096):
            seen += block
    os.close(primary)
    out, _ = watching.communicate(timeout=PATIENCE)
    driver.communicate(timeout=PATIENCE)
    assert watching.returncode == 0 and b"3 runs: 3 complete" in out
    for word in ("of 3 over: ", "rate", "time left", "runs/min", "best", "last report", "x = "):
        assert word.encode() in seen, word


def test_who_watches_a_study_without_workers_is_told(tmp_path: Path) -> None:
    file = tracing_study(tmp_path, 2)
    _, host, pid, _ = local_id(os.getpid()).split(":")
    Taker(prepared(file), f"local:{host}:{pid}:1").take()
    watching = command("show", file.path, "--watch")
    assert watching.stderr is not None
    lines = [watching.stderr.readline() for _ in range(2)]
    assert lines == ["0 of 2 runs, 1 running\n", f"{NOBODY}\n"]
    watching.send_signal(signal.SIGINT)
    _, errors = watching.communicate(timeout=PATIENCE)
    assert watching.returncode == 130 and errors == "looked at no longer; the study goes on\n"
