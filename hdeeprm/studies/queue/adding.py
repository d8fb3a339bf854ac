"""Runs on their way into the queue: for the first time, or once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .records import AFTER, ATTEMPT, CAUSE, KEY, OUTCOME, PLANNED, POINT, RETRIED, RUN, SEED, TRIAL, WORKER

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from hdeeprm.studies.space.grid import PlannedRun

    from .queue import Queue

FIXED = "fixed_params"


def add_run(queue: Queue, number: int, planned: PlannedRun) -> None:
    """Put a run in."""
    attributes = {
        PLANNED: True,
        RUN: number,
        KEY: planned.key,
        POINT: dict(planned.point),
        SEED: planned.seed,
        TRIAL: planned.trial,
        ATTEMPT: 1,
    }
    _add(queue, attributes)


def add_again(queue: Queue, trial: FrozenTrial) -> None:
    """Put the run of an attempt that has ended in once more, with what the sampler had picked for it.

    To be called with the queue locked, after a look at whether nobody else has done so.
    """
    former = trial.user_attrs
    attributes = {key: value for key, value in former.items() if key not in (WORKER, OUTCOME, CAUSE)}
    attributes |= {ATTEMPT: former.get(ATTEMPT, 1) + 1, AFTER: former.get(CAUSE, RETRIED)}
    _add(queue, attributes, trial)


def _add(queue: Queue, attributes: dict[str, Any], former: FrozenTrial | None = None) -> None:
    from optuna.trial import TrialState, create_trial

    # Optuna's own way to say that nobody else picks them. What else a pruner has noted belongs to what the
    # attempt before has reported, which counts only where training goes on.
    fixed = former.system_attrs.get(FIXED, {}) | former.params if former else {}
    queue.storage.create_new_trial(
        queue.id,
        create_trial(
            state=TrialState.WAITING,
            params=former.params if former else {},
            distributions=former.distributions if former else {},
            user_attrs=attributes,
            system_attrs={FIXED: fixed} if fixed else {},
        ),
    )
