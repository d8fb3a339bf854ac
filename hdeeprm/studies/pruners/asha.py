"""Asynchronous successive halving, with every rung looked at again at every report."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from optuna.pruners import BasePruner
from optuna.study import StudyDirection

from hdeeprm.errors import StudyError
from hdeeprm.studies.numbers import is_number

from .arguments import is_whole, refuse_wrong
from .rungs import RungValues, rung_steps, values_at_rungs

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial


class AshaPruner(BasePruner):
    """Stops a run that is not among the best 1 / reduction_factor at a rung.

    The rungs are min_t x reduction_factor^k, up to max_t, in steps counted from 1. At each report, and for
    each rung that the run has passed, it is stopped if its value there is NaN or worse than the
    1 / reduction_factor percentile of the values of all runs at that rung, its own included. So a run that
    did well at a rung is stopped later if enough better ones have passed there meanwhile, unlike with ``sha``
    [after Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning"].

    Args:
        reduction_factor: Of so many runs one passes; above 1.
        min_t: The first rung, in steps.
        max_t: No rung lies above, in steps.

    Raises:
        StudyError: If an argument is out of its range.
    """

    def __init__(self, reduction_factor: float = 4, min_t: int = 1, max_t: int = 50) -> None:
        is_factor = is_number(reduction_factor) and reduction_factor > 1
        refuse_wrong(
            (
                ("reduction_factor", reduction_factor, is_factor, "a number above 1"),
                ("min_t", min_t, is_whole(min_t, 1), "a whole number of at least 1"),
                ("max_t", max_t, is_whole(max_t, 1), "a whole number of at least 1"),
            )
        )
        if max_t < min_t:
            raise StudyError(f"pruner.max_t: {max_t} lies below min_t, {min_t}; exchange them")
        self._reduction_factor = reduction_factor
        self._rungs = rung_steps(min_t, reduction_factor, max_t)
        self._values: WeakKeyDictionary[Study, RungValues] = WeakKeyDictionary()

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether a run shall stop after its last report."""
        own = values_at_rungs(trial.intermediate_values, self._rungs)
        if not own:
            return False
        if any(math.isnan(value) for value in own):
            return True
        values = self._values.setdefault(study, RungValues(self._rungs))
        values.update(study.get_trials(deepcopy=False))
        largest = study.direction == StudyDirection.MAXIMIZE
        is_worse = operator.lt if largest else operator.gt
        return any(
            is_worse(value, values.cutoff(index, self._reduction_factor, largest))
            for index, value in enumerate(own)
        )
