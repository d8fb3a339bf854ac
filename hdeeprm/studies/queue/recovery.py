"""Runs whose worker is gone, and runs that are to be tried once more."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from .adding import add_again
from .queue import Queue
from .records import CAUSE, GONE, OUTCOME, REQUEUED, RUN, WORKER, Status, status_of

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

MAX_DEATHS = 5
"""After so many workers have died of a run, it counts as failed: it may well be what kills them."""

IsAlive = Callable[[str], bool | None]


def recover(queue: Queue, is_alive: IsAlive) -> tuple[list[int], list[int]]:
    """Put the runs of workers that are gone in again, and those that a worker could not put back in time.

    Args:
        queue: The study's.
        is_alive: Whether a worker still runs, by its identity; None where nobody can tell.

    Returns:
        Numbers of the runs put in again, and of those that are left alone since nobody can tell.
    """
    from optuna.trial import TrialState

    running = queue.trials(TrialState.RUNNING)
    workers = {trial.user_attrs.get(WORKER, "") for trial in running}
    alive = {worker: is_alive(worker) for worker in workers}  # may take long: nobody waits for the lock
    unknown = [trial.user_attrs[RUN] for trial in running if alive[trial.user_attrs.get(WORKER, "")] is None]
    again = []
    with queue.locked():
        for trial in queue.trials(TrialState.RUNNING):
            if alive.get(trial.user_attrs.get(WORKER, ""), True) is False:
                _bury(queue, trial)
        for number, trial in queue.asked_for().items():
            if trial.state is TrialState.FAIL and trial.user_attrs.get(CAUSE) in REQUEUED:
                add_again(queue, trial)
                again.append(number)
    return again, unknown


def _bury(queue: Queue, trial: FrozenTrial) -> None:
    """End the attempt of a worker that is gone."""
    from optuna.trial import TrialState

    number = trial.user_attrs[RUN]
    deaths = 1 + sum(
        other.user_attrs[RUN] == number and other.user_attrs.get(CAUSE) == GONE for other in queue.trials()
    )
    if deaths < MAX_DEATHS:
        queue.storage.set_trial_user_attr(trial._trial_id, CAUSE, GONE)
    else:
        message = f"{deaths} workers died of it, the last one {trial.user_attrs.get(WORKER, '')}"
        error = {"type": "WorkerDied", "message": message, "traceback": ""}
        queue.storage.set_trial_user_attr(trial._trial_id, OUTCOME, {"error": error})
    queue.storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)


def retry(queue: Queue, statuses: Collection[Status], numbers: Collection[int] | None = None) -> list[int]:
    """Put runs in again that ended in some way, or in any way if their numbers are given."""
    again = []
    with queue.locked():
        for number, trial in queue.asked_for().items():
            is_named = numbers is None or number in numbers
            if is_named and status_of(trial) in statuses:
                add_again(queue, trial)
                again.append(number)
    return again
