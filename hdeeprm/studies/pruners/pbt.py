"""Population-based training as a pruner: variants of the best runs go on in the place of the worst."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from optuna.pruners import BasePruner
from optuna.study import StudyDirection

from hdeeprm.studies.numbers import is_number

from .arguments import is_whole, refuse_wrong
from .exploring import explored
from .marks import inherited_step, put_in_place

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

FloatArray = npt.NDArray[np.float64]


class PbtPruner(BasePruner):
    """Stops a run that is among the worst and puts a variant of one of the best into the queue.

    Every ``interval`` steps a run is compared with the values at the same step of all runs that have been
    there, at whatever time. If it is among the worst ``quantile``, it is stopped. Its successor takes over
    the parameters of one of the best ``quantile``, each changed or drawn anew, and goes on at that step from
    what this run had learnt: its user attribute ``inherits`` names both. An objective that cannot go on from
    there starts at the beginning [after Jaderberg et al. 2017, "Population Based Training of Neural
    Networks"].

    In a study of planned runs the successor is the next one that waits, so their number stays; where all
    have begun, no run is stopped any more.

    Args:
        interval: Steps between two comparisons.
        max_t: Steps of a whole run; none is stopped from there on. None: not known.
        quantile: Part of the runs that is stopped, and part that is copied; at most 0.5.
        resample_probability: That of a parameter to be drawn anew.
        seed: Of all random choices, which depend on it, the run and the step only.

    Raises:
        StudyError: If an argument is out of its range.
    """

    def __init__(
        self,
        interval: int = 5,
        max_t: int | None = None,
        quantile: float = 0.25,
        resample_probability: float = 0.25,
        seed: int = 0,
    ) -> None:
        is_part = is_number(quantile) and 0 < quantile <= 0.5
        is_probability = is_number(resample_probability) and 0 <= resample_probability <= 1
        refuse_wrong(
            (
                ("interval", interval, is_whole(interval, 1), "a whole number of at least 1"),
                ("max_t", max_t, max_t is None or is_whole(max_t, 1), "a whole number of at least 1"),
                ("quantile", quantile, is_part, "a number above 0, at most 0.5,"),
                ("resample_probability", resample_probability, is_probability, "a number from 0 to 1"),
                ("seed", seed, is_whole(seed, 0), "a whole number of at least 0"),
            )
        )
        self._interval = interval
        self._max_t = math.inf if max_t is None else max_t
        self._quantile = quantile
        self._resample_probability = resample_probability
        self._seed = seed

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether a run shall stop after its last report; if so, its successor waits in the queue."""
        step = trial.last_step
        if step is None or not self._is_due(trial, step):
            return False
        runs = [run for run in study.get_trials(deepcopy=False) if step in run.intermediate_values]
        badness = _badness([run.intermediate_values[step] for run in runs], study.direction)
        order = np.argsort(badness, kind="stable")
        num_exchanged = int(len(runs) * self._quantile)
        worst = order[len(runs) - num_exchanged :]
        own = next((index for index in worst if runs[index].number == trial.number), None)
        if own is None:
            return False
        rng = np.random.default_rng([self._seed, trial.number, step])
        best = order[int(rng.integers(num_exchanged))]
        if not badness[own] > badness[best]:
            return False
        parent = runs[best]
        values = explored(parent.params, parent.distributions, self._resample_probability, rng)
        return put_in_place(study, trial, values, parent.number, step)

    def _is_due(self, trial: FrozenTrial, step: int) -> bool:
        """Whether a run has come to a comparison since its last report, or since where it went on from."""
        start = inherited_step(trial.user_attrs)
        before = max((earlier for earlier in trial.intermediate_values if earlier != step), default=start)
        return step // self._interval > max(before, start) // self._interval and step < self._max_t


def _badness(values: list[float], direction: StudyDirection) -> FloatArray:
    """The values such that less is better, and NaN worst."""
    signed = np.array(values) * (-1.0 if direction == StudyDirection.MAXIMIZE else 1.0)
    return np.where(np.isnan(signed), np.inf, signed)
