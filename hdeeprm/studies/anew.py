"""Beginning a study from nothing: its folder is laid aside, once nobody is at it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hdeeprm.errors import JournalError, RunDirectoryError, StudyError

from .launchers import new_launcher
from .liveness import is_worker_alive
from .needs import load_optuna
from .queue.place import JOURNAL, check_place, is_study
from .queue.records import RUN, WORKER

if TYPE_CHECKING:
    from .file import StudyFile

Holders = Mapping[str, str]
"""What workers have, by their identity, such as ``run 3``."""


def refuse_live(file: StudyFile, takes_unknown: bool) -> None:
    """Refuse to lay a study aside at which others still are.

    Args:
        file: The study.
        takes_unknown: Whether workers of which nobody can tell whether they live are taken for dead.

    Raises:
        StudyError: If so; the message says how to end them.
    """
    if not is_study(file.folder):
        return
    holders = _holders(file.folder)
    launcher = new_launcher("local", file)
    alive = {worker: is_worker_alive(worker, file, launcher) for worker in holders}
    lines = [_still(what, worker) for worker, what in holders.items() if alive[worker]]
    if not takes_unknown:
        lines += [_perhaps_still(what, worker) for worker, what in holders.items() if alive[worker] is None]
    if lines:
        raise StudyError("\n".join(lines))


def _still(what: str, worker: str) -> str:
    return (
        f"--anew: {what}: worker {worker} still has it; stop its hdeeprm study run, or end it with SIGTERM "
        "or the cluster's own means"
    )


def _perhaps_still(what: str, worker: str) -> str:
    return (
        f"--anew: {what}: nobody here can tell whether worker {worker} still lives; end it, tell of the run "
        "where it was asked for, or give it up with --retry unknown"
    )


def _holders(folder: Path) -> Holders:
    """Who has runs; of a journal that cannot be read to its end, who has ever had one."""
    load_optuna()
    from optuna.trial import TrialState

    from .queue import Queue

    try:
        running = Queue(folder).trials(TrialState.RUNNING)
    except StudyError:  # it holds no study, of which nobody can have a run
        return {}
    except JournalError:
        return dict.fromkeys(_all_workers(folder / JOURNAL), "a run, as far as the damaged journal tells")
    return {trial.user_attrs.get(WORKER, ""): f"run {trial.user_attrs[RUN]}" for trial in running}


def _all_workers(journal: Path) -> list[str]:
    """Workers that the lines of a journal name that are whole."""
    from .queue.entries import ATTRIBUTE, parsed

    found = []
    try:
        lines = journal.read_bytes().splitlines()
    except OSError as error:
        raise RunDirectoryError(f"{journal}: cannot be read: {error.strerror}") from error
    for line in lines:
        with suppress(ValueError):
            found += [parsed(line).get(ATTRIBUTE, {}).get(WORKER, "")]
    return [worker for worker in dict.fromkeys(found) if worker]


def lay_aside(folder: Path) -> Path | None:
    """Rename the folder of a study, so that it begins from nothing; None if there is none.

    Raises:
        StudyError: If it is the user's own.
        RunDirectoryError: If it cannot be renamed.
    """
    check_place(folder)
    if not is_study(folder):
        return None
    number = 1
    while (aside := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    try:
        return folder.rename(aside)
    except OSError as error:
        raise RunDirectoryError(f"{folder}: cannot be renamed to {aside}: {error.strerror}") from error
