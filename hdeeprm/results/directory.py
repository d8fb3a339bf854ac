"""The run directory: where one run leaves all that it found out, marked as such by its run.json."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from hdeeprm.errors import RunDirectoryError

from .atomic import cannot_write, open_atomically

MARKER = "run.json"
FORMAT = "hdeeprm-run"
FORMAT_VERSION = 1
DEFAULT_ROOT = Path("runs")

Outcome = Literal["complete", "incomplete", "failed"]
"""How a run ended: with all jobs, broken off, by an error. Until then it is *running*."""
STATUSES = ("running", *get_args(Outcome))

FILES = (
    MARKER,
    "options.json",
    "versions.json",
    "progress.json",
    "insights.log",
    "out_jobs.csv",
    "out_schedule.csv",
    "decisions.csv",
    "rewards.csv",
    "losses.csv",
    "episodes.csv",
    "action_preferences.csv",
    "over_utilization_core.csv",
    "over_utilization_mem.csv",
    "over_utilization_mem_bw.csv",
    "metrics.json",
    "checkpoints/*.pt",
    "tensorboard/events.out.tfevents.*",
)
"""Every file that a run may write, as patterns relative to its directory; nothing else is ever deleted."""


class RunDirectory:
    """The directory of a run that is under way.

    Args:
        path: The directory, which :meth:`create` has made.
        state: The content of its run.json.
    """

    def __init__(self, path: Path, state: dict[str, Any]) -> None:
        self.path = path
        self._state = state

    @classmethod
    def create(cls, path: str | Path) -> RunDirectory:
        """Make a directory for a new run, its parents too; an empty one is taken as it is.

        Raises:
            RunDirectoryError: If there is another run, a file or a directory with something in it, or the
                place cannot be written.
        """
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _claim(path)
        except RunDirectoryError:
            raise
        except OSError as error:
            raise cannot_write(Path(error.filename or path), error) from error
        directory = cls(path, _opening_state())
        try:
            directory._mark()
        except BaseException:
            (path / MARKER).unlink(missing_ok=True)
            raise
        return directory

    @classmethod
    def reopen(cls, path: str | Path) -> RunDirectory:
        """Go on with a run that was broken off or has failed, which is *running* again from now on.

        Raises:
            RunDirectoryError: If there is no run that :func:`check_unfinished` lets go on, or its run.json
                cannot be written.
        """
        state = dict(check_unfinished(path))
        for key in ("ended", "reason"):
            state.pop(key, None)
        resumed = [*state.get("resumed", []), _wall_clock()]
        directory = cls(Path(path), state | _under_way() | {"resumed": resumed})
        directory._mark()
        return directory

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """A file of the directory to write to, which appears whole or not at all.

        Args:
            name: One that ``FILES`` knows, with ``/`` where it lies deeper; its folder is made.

        Raises:
            RunDirectoryError: If it cannot be written; an older file of that name is left as it was.
        """
        target = self.path / name
        try:
            if target.parent != self.path:
                target.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(target, error) from error
        with open_atomically(target) as file:
            yield file

    def write(self, name: str, content: str | bytes | Iterable[str]) -> Path:
        """Write a file of the directory whole, from one text or from blocks of it, and return its path.

        Raises:
            RunDirectoryError: As of :meth:`open`.
        """
        with self.open(name) as file:
            blocks = [content] if isinstance(content, str | bytes) else content
            for block in blocks:
                file.write(block.encode() if isinstance(block, str) else block)
        return self.path / name

    def finish(self, status: Outcome, **facts: Any) -> None:
        """Say in run.json how the run ended, with further facts such as ``reason`` (anything JSON can hold).

        Raises:
            RunDirectoryError: If run.json cannot be written.
        """
        if status not in STATUSES[1:]:
            raise ValueError(f"{status!r} is no end of a run; one of {', '.join(STATUSES[1:])}")
        for key in ("pid", "machine"):
            self._state.pop(key, None)
        self._state |= {"status": status, "ended": _wall_clock(), **facts}
        self._mark()

    def _mark(self) -> None:
        self.write(MARKER, json.dumps(self._state, indent=2) + "\n")


def default_run_directory(options_stem: str) -> Path:
    """A directory that does not exist yet: runs/STEM-YYYYmmdd-HHMMSS, with -2, -3 … where that is taken."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    path, number = DEFAULT_ROOT / f"{options_stem}-{stamp}", 1
    while os.path.lexists(path):
        number += 1
        path = DEFAULT_ROOT / f"{options_stem}-{stamp}-{number}"
    return path


def run_name(path: Path) -> str:
    """Name of a run's directory; of a repeat, which is but a number there, with that of the one it is in.

    >>> run_name(Path("/runs/first")), run_name(Path("/runs/first/2"))
    ('first', 'first/2')
    """
    path = path.resolve()
    return f"{path.parent.name}/{path.name}" if path.name.isdecimal() else path.name


def read_status(path: str | Path) -> Mapping[str, Any]:
    """What run.json says of a run: ``status``, ``started``, ``ended`` and the facts it was finished with.

    Raises:
        RunDirectoryError: If the directory is not one of a run that this version can read.
    """
    marker = Path(path) / MARKER
    try:
        if marker.is_symlink():
            raise RunDirectoryError(
                f"{marker} is a symbolic link, which no run makes; name the directory itself"
            )
        if marker.exists() and not marker.is_file():
            raise RunDirectoryError(f"{marker} is no regular file; name a run directory")
        state = json.loads(marker.read_bytes())
    except FileNotFoundError:
        raise RunDirectoryError(f"{path} holds no run: it has no {MARKER}; name a run directory") from None
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, RunDirectoryError):
            raise
        raise RunDirectoryError(f"{marker} cannot be read: {error}; name a run directory") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise RunDirectoryError(f"{marker} is not that of an {FORMAT}; name a run directory")
    if state.get("format_version") != FORMAT_VERSION or state.get("status") not in STATUSES:
        raise RunDirectoryError(
            f"{marker} is of another version of the format, {state.get('format_version')}; this one reads "
            f"{FORMAT_VERSION}. Use the HDeepRM that made the run, which its versions.json tells"
        )
    return state


def check_unfinished(path: str | Path) -> Mapping[str, Any]:
    """What run.json says of a run that was broken off, has failed or has died.

    Raises:
        RunDirectoryError: If there is no run, or it still goes on, or it is complete.
    """
    state = read_status(path)
    if is_active(state):
        raise RunDirectoryError(
            f"{path}: this run is still going on; end it first, or wait for it. If the machine that it ran "
            f'on is gone, write "incomplete" as its status in {MARKER}'
        )
    if state["status"] == "complete":
        raise RunDirectoryError(f"{path}: this run is complete; there is nothing to go on with")
    return state


def is_run(path: Path) -> bool:
    """Whether a directory, itself and not through a link, is marked as that of a run."""
    try:
        read_status(path)
    except RunDirectoryError:
        return False
    return not path.is_symlink()


def is_active(state: Mapping[str, Any]) -> bool:
    """Whether a run may still be going on; one that was started on another machine may."""
    if state["status"] != "running":
        return False
    pid = state.get("pid")
    return state.get("machine") != _machine() or not isinstance(pid, int) or _is_alive(pid)


def _claim(path: Path) -> None:
    """Make the directory this run's and no other's, even where two runs try at once."""
    try:
        path.mkdir()
    except FileExistsError:
        check_vacant(path)
    try:
        open(path / MARKER, "x").close()
    except FileExistsError:
        _refuse_run(path)


def check_vacant(path: Path) -> None:
    """Refuse a place for a run where something is already.

    Raises:
        RunDirectoryError: If there is another run, a file or a directory with something in it.
    """
    if not os.path.lexists(path):
        return
    if not path.is_dir():
        raise RunDirectoryError(f"{path} exists and is no directory; choose another place")
    if is_run(path):
        _refuse_run(path)
    if any(path.iterdir()):
        raise RunDirectoryError(
            f"{path} is not empty and holds no run; choose a new or an empty directory with -o, "
            "so that nothing of yours gets mixed up"
        )


def _refuse_run(path: Path) -> None:
    raise RunDirectoryError(
        f"{path} already holds a run; choose another directory with -o, or remove that run with hdeeprm-clean"
    )


def _opening_state() -> dict[str, Any]:
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "started": _wall_clock(),
        **_under_way(),
    }


def _under_way() -> dict[str, Any]:
    return {"status": "running", "pid": os.getpid(), "machine": _machine()}


def _wall_clock() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _machine() -> str:
    """A word that tells this machine from others without naming it."""
    return hashlib.blake2b(platform.node().encode(), digest_size=8).hexdigest()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
