"""What runs of a study say of themselves that pruners heed, as attributes of their trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

PLANNED = "planned"
"""Of a run that the study file asks for."""
INHERITS = "inherits"
"""Of a successor: ``{"run": number of the trial, "step": step}`` that it goes on from."""
_FIXED = "fixed_params"
"""Where Optuna keeps the parameters of a run that waits."""


def inherited_step(attributes: Mapping[str, Any]) -> int:
    """The step that a run goes on from; 0 for one that begins.

    >>> inherited_step({"inherits": {"run": 3, "step": 10}}), inherited_step({})
    (10, 0)
    """
    return int(attributes.get(INHERITS, {}).get("step", 0))


def put_in_place(study: Study, run: FrozenTrial, values: dict[str, Any], parent: int, step: int) -> bool:
    """Have a run with given parameters go on in the place of one that stops.

    In a study of planned runs, the next one that waits for its parameters gets these, so that the number
    of runs stays. In any other study, a run is put into the queue.

    Args:
        study: Where both belong.
        run: The one that stops.
        values: Parameters of the other, by name.
        parent: Number of the run that it goes on from.
        step: Where that was.

    Returns:
        Whether there is one; False where all planned runs have begun.
    """
    inherits = {"run": parent, "step": step}
    if not run.user_attrs.get(PLANNED):
        study.enqueue_trial(values, user_attrs={INHERITS: inherits})
        return True
    heir = _next_planned(study)
    if heir is None:
        return False
    study._storage.set_trial_system_attr(heir._trial_id, _FIXED, values)
    study._storage.set_trial_user_attr(heir._trial_id, INHERITS, inherits)
    return True


def _next_planned(study: Study) -> FrozenTrial | None:
    from optuna.trial import TrialState

    waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    free = (run for run in waiting if run.user_attrs.get(PLANNED) and not run.system_attrs.get(_FIXED))
    return next(free, None)
