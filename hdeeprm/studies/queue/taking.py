"""Taking the next run, and saying how it ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .adding import add_again
from .queue import Queue
from .records import CAUSE, OUTCOME, STOPPED, WORKER

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


class Taker:
    """Takes the next run that waits.

    It never takes one that Optuna would invent: its own ``ask`` does so when another worker was faster.

    It remembers which runs waited when it last went through all of them, so that taking one of many does not
    mean to look at all.

    Args:
        queue: Where runs wait.
        worker: Identity of who takes them.
        limit: Number of runs that the study is cut down to, the first ones; None: all.
    """

    def __init__(self, queue: Queue, worker: str, limit: int | None = None) -> None:
        self._queue, self._worker, self._limit = queue, worker, limit
        self._candidates: deque[int] = deque()

    def take(self) -> FrozenTrial | None:
        """The next run, now the worker's; None where none waits."""
        with self._queue.locked():
            taken = self._first_of_candidates()
            if taken is None:
                self._candidates.extend(self._waiting())
                taken = self._first_of_candidates()
        return taken

    def _waiting(self) -> list[int]:
        from optuna.trial import TrialState

        # In the order of putting in: a run that kills its workers comes after all others each time.
        attempts = sorted(self._queue.asked_for(self._limit).values(), key=lambda trial: trial.number)
        return [trial._trial_id for trial in attempts if trial.state is TrialState.WAITING]

    def _first_of_candidates(self) -> FrozenTrial | None:
        from optuna.trial import TrialState

        storage = self._queue.storage
        while self._candidates:
            number = self._candidates.popleft()
            if storage.get_trial(number).state is not TrialState.WAITING:
                continue
            storage.set_trial_user_attr(number, WORKER, self._worker)
            if storage.set_trial_state_values(number, TrialState.RUNNING):
                return storage.get_trial(number)
        return None


def finish(
    queue: Queue,
    trial: FrozenTrial,
    state: str,
    outcome: Mapping[str, Any],
    values: Sequence[float] | None = None,
) -> bool:
    """Say how a run ended.

    Args:
        queue: Where it was taken from.
        trial: The attempt.
        state: COMPLETE, PRUNED or FAIL.
        outcome: Metrics, error and times, ready for JSON.
        values: Of the metrics that count, for COMPLETE; of PRUNED the last one reported, if there is one.

    Returns:
        Whether that counts: not where the run was given to another, because this worker was taken for dead.
    """
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.trial import TrialState

    with queue.lock:
        try:
            queue.storage.set_trial_user_attr(trial._trial_id, OUTCOME, dict(outcome))
            queue.storage.set_trial_state_values(trial._trial_id, TrialState[state], values)
        except UpdateFinishedTrialError:
            return False
    return True


def put_back(queue: Queue, trial: FrozenTrial, cause: str = STOPPED) -> bool:
    """End an attempt without a result and put its run in again; not if another has done so already."""
    from optuna.trial import TrialState

    with queue.locked():
        present = queue.storage.get_trial(trial._trial_id)
        if present.state.is_finished():
            return False
        queue.storage.set_trial_user_attr(trial._trial_id, CAUSE, cause)
        queue.storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        add_again(queue, queue.storage.get_trial(trial._trial_id))
    return True
