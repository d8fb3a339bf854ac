"""Where runs have their files."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hdeeprm.studies.queue.records import AFTER, ATTEMPT, REQUEUED, RUN

from .experiment import can_go_on

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

RUNS = "runs"  # folder of the run directories


def run_directory(folder: Path, number: int) -> Path:
    """Where a run has its files."""
    return folder / RUNS / f"{number:04d}"


def fresh_directory(folder: Path, trial: FrozenTrial) -> Path:
    """The directory of a run; that of an earlier attempt is kept beside it under the attempt's number.

    Training that was broken off goes on where it was, in its own directory.
    """
    place = run_directory(folder, trial.user_attrs[RUN])
    former = trial.user_attrs[ATTEMPT] - 1
    if former and not goes_on(folder, trial):
        with suppress(FileNotFoundError):
            place.rename(place.with_name(f"{place.name}-{former}"))
    return place


def goes_on(folder: Path, trial: FrozenTrial) -> bool:
    """Whether an attempt goes on with training that the one before it could not end."""
    is_broken_off = trial.user_attrs[ATTEMPT] > 1 and trial.user_attrs.get(AFTER) in REQUEUED
    return is_broken_off and can_go_on(run_directory(folder, trial.user_attrs[RUN]))
