"""What ``hdeeprm study worker`` does: a worker of a study that is there, or that it puts in itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from hdeeprm.errors import JournalError, json_path

from .file import StudyFile, load_study
from .logs import logged
from .queue import Queue
from .queue.place import JOURNAL, check_name, is_study
from .worker import Worker

EXIT_STOPPED = 143
"""What a process that SIGTERM has ended returns by custom."""


def work_on(
    path: Path, sets: Sequence[str] = (), limit: int | None = None, max_runs: int | None = None
) -> int:
    """Take runs of a study until none is left.

    Args:
        path: The study file; what counts is what it was when the study was run, so that a file that is being
            edited confuses nobody.
        sets: Values in the place of the file's, where the runs are not put in yet.
        limit: Number of runs that the study is cut down to.
        max_runs: Number of runs after which the worker ends.

    Returns:
        Exit code: 0, or 143 where a signal has asked the worker to end.

    Raises:
        HDeepRMError: If the study cannot be worked on.
    """
    file, queue = opened(path, sets)
    worker = Worker(file, queue, limit)
    with logged(file.folder, worker.id):
        worker.work(max_runs)
    return EXIT_STOPPED if worker.was_stopped else 0


def opened(path: Path, sets: Sequence[str] = ()) -> tuple[StudyFile, Queue]:
    """A study and its queue with all runs put in.

    Raises:
        HDeepRMError: If it cannot be opened.
    """
    folder = path.with_suffix("")
    if is_study(folder):
        queue = Queue(folder)
        if queue.is_planned():
            check_name(queue.facts, path)
            return _as_planned(queue).located(path), queue
    from .driver import prepared

    file = load_study(path, sets)
    return file, prepared(file)


def _as_planned(queue: Queue) -> StudyFile:
    """The study file as the journal has it.

    Raises:
        JournalError: If this is none.
    """
    try:
        return StudyFile.model_validate(queue.file())
    except ValidationError as error:
        places = ", ".join(json_path(detail["loc"]) for detail in error.errors(include_url=False))
        raise JournalError(
            f"{queue.folder / JOURNAL}: has a study file with wrong {places}; bring it back from a copy, or "
            "begin from nothing with --anew, which keeps the folder aside"
        ) from None
