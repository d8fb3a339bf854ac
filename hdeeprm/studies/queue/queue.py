"""The queue of a study in its journal: opened, looked at, and written to under one lock."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import StudyError
from hdeeprm.studies.needs import load_optuna

from .place import JOURNAL, check_place, make_folder
from .records import CAUSE, DROPPED, FILE, LEFT_OUT, PLANNED, RUN, Run

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, TrialState

    from hdeeprm.studies.file.model import StudyFile

NAME = "study"  # of the one study in the journal


class Queue:
    """The runs of a study, as its journal has them.

    Who may only read can look at a study that is there.

    Args:
        folder: The study's folder.
        directions: Whether less or more of each metric is better; makes the journal if it is not there.

    Raises:
        StudyError: If there is no journal, and none is to be made, or the folder is no study's.
        JournalError: If the journal cannot be read, or has a line that is no entry.
    """

    def __init__(self, folder: Path, directions: Sequence[str] | None = None) -> None:
        optuna = load_optuna()
        from .journal import Journal
        from .locking import JournalLock
        from .storage import QueueStorage

        self.folder = folder.absolute()  # a function that is run here may change the working directory
        path = self.folder / JOURNAL
        check_place(folder)
        if directions is None and not path.exists():
            raise StudyError(f"{folder}: the study was not started yet; start it with: hdeeprm study run")
        if directions is not None:
            make_folder(folder)
        self.lock = JournalLock(path)
        with self.lock.for_reading() if directions is None else self.lock:  # the latter makes the file
            self.journal = Journal(path, self.lock)
            self.storage = QueueStorage(self.journal)
            names = [study.study_name for study in self.storage.get_all_studies()]
            if NAME not in names:
                self._create(optuna, directions)
        self.id = self.storage.get_study_id_from_name(NAME)

    def _create(self, optuna: Any, directions: Sequence[str] | None) -> None:
        if directions is None:
            raise StudyError(f"{self.folder / JOURNAL}: holds no study; start it anew with --anew")
        before = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(logging.WARNING)
        try:
            ways = [optuna.study.StudyDirection[direction.upper()] for direction in directions]
            self.storage.create_new_study(ways, NAME)
        finally:
            optuna.logging.set_verbosity(before)

    def refresh(self) -> None:
        """Read on what others have written; everything else does so too."""
        self.storage.get_study_directions(self.id)

    # What the journal says

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the journal says of the study."""
        return self.storage.get_study_user_attrs(self.id)

    @property
    def directions(self) -> tuple[str, ...]:
        """Whether less or more of each metric is better."""
        return tuple(way.name.lower() for way in self.storage.get_study_directions(self.id))

    def note(self, key: str, value: Any) -> None:
        """Let the journal say something of the study."""
        self.storage.set_study_user_attr(self.id, key, value)

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """Attempts of planned runs, all or those in some states, in the order of their numbers."""
        trials = self.storage.get_all_trials(self.id, deepcopy=False, states=states or None)
        return [trial for trial in trials if PLANNED in trial.user_attrs and RUN in trial.user_attrs]

    def trial(self, number: int) -> FrozenTrial:
        """An attempt by its number in the journal."""
        trial_id = self.storage.get_trial_id_from_study_id_trial_number(self.id, number)
        return self.storage.get_trial(trial_id)

    def latest(self) -> dict[int, FrozenTrial]:
        """The last attempt of every run, by the run's number in rising order."""
        found = {trial.user_attrs[RUN]: trial for trial in self.trials()}
        return dict(sorted(found.items()))

    def asked_for(self, limit: int | None = None) -> dict[int, FrozenTrial]:
        """The last attempt of every run that the study asks for, by the run's number in rising order.

        Args:
            limit: Number of runs that the study is cut down to, the first ones; None: all.
        """
        left_out = set(self.facts.get(LEFT_OUT, ()))
        found = (
            (number, trial)
            for number, trial in self.latest().items()
            if number not in left_out and trial.user_attrs.get(CAUSE) != DROPPED
        )
        return dict(islice(found, limit))

    def former(self, trial: FrozenTrial) -> FrozenTrial:
        """The attempt of the same run before one that is not the first."""
        run = trial.user_attrs[RUN]
        attempts = [other for other in self.trials() if other.user_attrs[RUN] == run]
        return max(
            (other for other in attempts if other.number < trial.number), key=lambda other: other.number
        )

    def runs(self) -> dict[int, Run]:
        """Every run that the study asks for, by its number in rising order."""
        return {number: Run.of(trial) for number, trial in self.asked_for().items()}

    def run(self, number: int) -> Run:
        """One run.

        Raises:
            StudyError: If there is none of this number.
        """
        runs = self.runs()
        if number not in runs:
            raise StudyError(f"run {number}: there is none; the study has runs 0 to {max(runs, default=0)}")
        return runs[number]

    def file(self) -> dict[str, Any]:
        """The study file as it was when the study was last run."""
        content: dict[str, Any] = self.facts.get(FILE, {})
        return content

    # Changing it

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else changes the queue meanwhile, and all that others have changed is known."""
        with self.lock:
            self.refresh()
            yield

    def is_planned(self) -> bool:
        """Whether the runs were put in."""
        return FILE in self.facts


def open_queue(file: StudyFile) -> Queue:
    """The queue of a study file, made if it is not there."""
    return Queue(file.folder, file.directions)
