"""Whether anybody still works at a study, as far as can be told from here."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hdeeprm.studies.launchers import new_launcher
from hdeeprm.studies.liveness import is_worker_alive

if TYPE_CHECKING:
    from hdeeprm.studies.file import StudyFile

SECONDS_BETWEEN = 10.0
"""Between two times that workers are asked for: a cluster has better things to do."""
NOBODY = "no worker is alive; hdeeprm study run goes on with what is left"
UNKNOWN = "nobody here can tell whether the workers are alive"


class Holders:
    """Who has runs; a worker between two of them has none for a moment, so nobody is found missing at once.

    Args:
        file: The study.
    """

    def __init__(self, file: StudyFile) -> None:
        self._file, self._launcher = file, new_launcher("local", file)
        self._asked = -float("inf")
        self._last = self._state = ""

    def state(self, workers: Iterable[str]) -> str:
        """What is to be known of the workers; empty where one is alive.

        Args:
            workers: Identities of those that have runs.
        """
        if time.monotonic() - self._asked > SECONDS_BETWEEN or self._last != self._state:
            found = self._look(workers)
            self._state = found if found in ("", self._last) else self._state
            self._last, self._asked = found, time.monotonic()
        return self._state

    def _look(self, workers: Iterable[str]) -> str:
        """As above, by asking for one after the other until one is alive."""
        state = NOBODY
        for worker in dict.fromkeys(workers):
            alive = is_worker_alive(worker, self._file, self._launcher)
            if alive:
                return ""
            state = UNKNOWN if alive is None else state
        return state
