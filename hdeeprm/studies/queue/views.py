"""The study as samplers and pruners see it: the runs of one point of the grid, each once."""

from __future__ import annotations

import copy
import json
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

import optuna

from .records import CAUSE, POINT, RUN

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial, TrialState

    from .queue import Queue

from .queue import NAME


class PointStudy(optuna.Study):
    """An Optuna study that holds the runs of one point, each by its last attempt.

    Args:
        queue: Of all runs.
        point: Options of the grid; None: all points.
        sampler: Who picks the parameters.
        pruner: Who stops runs.
    """

    def __init__(
        self, queue: Queue, point: Mapping[str, Any] | None, sampler: BaseSampler, pruner: BasePruner
    ) -> None:
        super().__init__(NAME, queue.storage, sampler=sampler, pruner=pruner)
        self._point = None if point is None else json.dumps(point, sort_keys=True)
        self._is_of_point: dict[int, bool] = {}  # by the number of the trial, which never changes its point

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """The runs of the point."""
        return self._get_trials(deepcopy, states)

    def _get_trials(
        self,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
        use_cache: bool = False,
    ) -> list[FrozenTrial]:
        """As above; samplers of Optuna call this one.

        Optuna's cache, which only its own ``ask`` and ``tell`` empty, would hold the first runs for ever.
        """
        trials = super()._get_trials(deepcopy=False, use_cache=False)
        last = {trial.user_attrs[RUN]: trial for trial in trials if RUN in trial.user_attrs}
        chosen = [
            trial
            for trial in last.values()
            if CAUSE not in trial.user_attrs
            and (states is None or trial.state in states)
            and (self._point is None or self._has_point(trial))
        ]
        chosen.sort(key=lambda trial: trial.number)
        return copy.deepcopy(chosen) if deepcopy else chosen

    def _has_point(self, trial: FrozenTrial) -> bool:
        known = self._is_of_point.get(trial.number)
        if known is None:
            own = json.dumps(trial.user_attrs.get(POINT, {}), sort_keys=True)
            known = self._is_of_point[trial.number] = own == self._point
        return known
