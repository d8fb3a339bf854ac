"""What the sampler picks for a run, and the study as pruners see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from .queue.records import POINT, RUN
from .space import distributions

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.trial import FrozenTrial

    from .file import StudyFile
    from .queue import Queue
    from .queue.views import PointStudy


class Studies:
    """The study as samplers and pruners see it: one for each point of a searched grid.

    Each is kept, since some pruners remember what they have seen of one.

    Args:
        file: The study.
        queue: Its queue.
        pruner: Stops runs.
    """

    def __init__(self, file: StudyFile, queue: Queue, pruner: BasePruner) -> None:
        self._file, self._queue, self._pruner = file, queue, pruner
        self._by_point: dict[str, PointStudy] = {}

    def of(self, trial: FrozenTrial) -> PointStudy:
        """The one that a run belongs to; without a search all runs are one study."""
        from optuna.samplers import RandomSampler

        from .queue.views import PointStudy

        point: Mapping[str, Any] | None = trial.user_attrs[POINT] if self._file.search else None
        key = json.dumps(point, sort_keys=True)
        if key not in self._by_point:
            self._by_point[key] = PointStudy(self._queue, point, RandomSampler(), self._pruner)
        return self._by_point[key]


def sampled(file: StudyFile, queue: Queue, study: PointStudy, trial: FrozenTrial) -> dict[str, Any]:
    """What the sampler picks for a run; what it picked before, if the run was put in again.

    Every run has a sampler of its own, seeded by the run's number, so that it does not matter who takes it.
    Of a sequence that all runs share, only one worker at a time takes the next point.
    """
    if not file.search:
        return {}
    import optuna

    from .samplers import is_of_one_sequence, new_sampler, one_sequence

    seed = int(np.random.SeedSequence(trial.user_attrs[RUN]).generate_state(1)[0])
    study.sampler = new_sampler(file.sampler, seed, file.path.parent)
    with ExitStack() as alone:
        if is_of_one_sequence(type(study.sampler)):
            alone.enter_context(queue.locked())
            alone.enter_context(one_sequence())
        asked = optuna.trial.Trial(study, trial._trial_id)
        for name, distribution in distributions(file.search).items():
            asked._suggest(name, distribution)
        return dict(asked.params)


def sampled_study(file: StudyFile, queue: Queue, trial: FrozenTrial) -> tuple[PointStudy, dict[str, Any]]:
    """The study of a run, and what the sampler picks for it, where no pruner takes part."""
    from optuna.pruners import NopPruner

    study = Studies(file, queue, NopPruner()).of(trial)
    return study, sampled(file, queue, study, trial)
