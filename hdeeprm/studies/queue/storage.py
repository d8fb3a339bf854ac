"""Optuna's storage, which tells the line of the journal that it could make nothing of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optuna.storages import JournalStorage

from .entries import STUDY, TRIAL, WRITER
from .journal import Journal


class QueueStorage(JournalStorage):
    """The attempts that a journal tells of.

    Args:
        journal: Read on from where it was read last.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        super().__init__(journal)

    def _sync_with_backend(self) -> None:
        """Read on; called by all methods.

        Raises:
            JournalError: If a line that another has written means nothing, at each call anew.
        """
        seen = self._replay_result
        for entry in self._journal.read_logs(seen.log_number_read):
            try:
                seen.apply_logs((entry,))
                _check_known(seen, entry)
            except Exception as error:
                if entry[WRITER] == seen.worker_id:  # by which Optuna refuses what it was asked for
                    raise
                line, seen.log_number_read = seen.log_number_read, seen.log_number_read - 1
                text = " ".join(f"{type(error).__name__} {error}".split())
                raise self._journal.error_at(line, f"is no entry of a study: {text}") from error


def _check_known(seen: Any, entry: Mapping[str, Any]) -> None:
    """See that an entry is about something that is there; Optuna leaves it out in silence.

    Raises:
        KeyError: If it is not.
    """
    if TRIAL in entry:
        seen.get_trial(entry[TRIAL])
    elif STUDY in entry:
        seen.get_study(entry[STUDY])
