"""Whether workers still live, and taking back the runs of those that do not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hdeeprm.errors import HDeepRMError

from .launchers import Launcher, new_launcher
from .launchers.identity import is_process_alive, parse_identity, worker_id
from .queue.records import Status
from .queue.recovery import recover

if TYPE_CHECKING:
    from .file import StudyFile
    from .progress import Progress
    from .queue import Queue

logger = logging.getLogger("hdeeprm.studies")

ASKED = "asked:"
"""Beginning of the identity of who asks for a run and tells of it later, or never: nobody can know."""


class Recovery:
    """Puts runs in again whose worker is gone.

    Args:
        file: The study.
        queue: Its queue.
        launcher: Is asked first; after it the launcher of the worker's own kind.
    """

    def __init__(self, file: StudyFile, queue: Queue, launcher: Launcher) -> None:
        self._file, self._queue, self._launcher = file, queue, launcher
        self._unknown: frozenset[int] = frozenset()

    def recover(self, takes_unknown: bool = False) -> None:
        """Look for workers that are gone.

        Args:
            takes_unknown: Whether runs of which nobody can tell whether their worker lives are taken back.
        """
        own = worker_id()

        def is_alive(worker: str) -> bool | None:
            # Another thread may be at it, or an earlier call that failed has left it.
            known = worker != own
            alive = is_worker_alive(worker, self._file, self._launcher) if known else None
            return False if alive is None and takes_unknown else alive

        again, unknown = recover(self._queue, is_alive)
        self._unknown = frozenset(unknown)
        for number in again:
            logger.debug("run %d: its worker is gone; it is put in again", number)

    def is_all_that_can_be(self, progress: Progress) -> bool:
        """Whether no run is left but those of workers of which nobody can tell whether they live."""
        return not progress.counts.get(Status.WAITING) and self._unknown.issuperset(progress.running)

    def notices(self, progress: Progress) -> tuple[str, ...]:
        """What the user should know of the runs that are left."""
        found = []
        if unknown := [str(number) for number in progress.running if number in self._unknown]:
            found.append(
                f"runs {', '.join(unknown)}: nobody here can tell whether their workers still live, so they "
                "are left alone; --retry unknown takes them back"
            )
        if waiting := progress.counts.get(Status.WAITING):
            found.append(f"{waiting} runs still wait; run the study again to go on")
        return tuple(found)


def is_worker_alive(worker: str, file: StudyFile, launcher: Launcher) -> bool | None:
    """Whether a worker still runs; None where nobody here can tell, as of who has asked for a run."""
    if worker.startswith(ASKED):
        return None
    alive = launcher.is_alive(worker)
    return _by_own_launcher(worker, file) if alive is None else alive


def _by_own_launcher(worker: str, file: StudyFile) -> bool | None:
    """Whether a worker lives, by the launcher of its kind, where that is here."""
    identity = parse_identity(worker)
    if identity is None or identity.kind == "local":
        return is_process_alive(worker)
    try:
        return new_launcher(identity.kind, file).is_alive(worker)
    except HDeepRMError:
        return None
