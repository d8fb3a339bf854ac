"""What a run tells on the way: kept in the journal, and judged by the pruner."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import StudyError
from hdeeprm.studies.pruned import Pruned

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

    from hdeeprm.studies.queue import Queue
    from hdeeprm.studies.stopping import StopSignal


class Reporter:
    """The ``report`` of one attempt.

    Args:
        queue: Where what is told is kept.
        trial: The attempt.
        directory: Of the run.
        stop: Signals wait while the journal is written.
        study: As the pruner sees it; None where nothing may stop the run.
        inherited: What the run goes on from, in population-based training.
    """

    def __init__(
        self,
        queue: Queue,
        trial: FrozenTrial,
        directory: Path,
        stop: StopSignal,
        study: optuna.Study | None = None,
        inherited: Mapping[str, Any] | None = None,
    ) -> None:
        self._queue, self._trial, self._directory, self._stop = queue, trial, directory, stop
        self._study, self.inherited = study, inherited or {}
        self.offset, self.last_step, self.last_value = 0, -1, math.nan
        self.is_silent = False
        """Whether what is told is left out, since the pruner judges whole seeds only."""
        self.num_told = 0

    @property
    def directory(self) -> Path:
        """The run's own directory, made at first use."""
        self._directory.mkdir(parents=True, exist_ok=True)
        return self._directory

    def __call__(self, step: int, value: float) -> None:
        """Tell a value at a step.

        Args:
            step: A whole number of at least 0; of several values at a step the first one counts.
            value: Of the metric, or of what stands for it.

        Raises:
            Pruned: If the pruner wants the run to stop.
            StudyError: If step or value is none.
        """
        step, value = _checked(step, value)
        self.num_told += 1
        if not self.is_silent:
            self.tell(self.offset + step, value)

    def tell(self, step: int, value: float) -> None:
        """The same, counted over all seeds of the run."""
        if step <= self.last_step:
            return
        self.last_step, self.last_value = step, value
        with self._stop.held():
            self._queue.storage.set_trial_intermediate_value(self._trial._trial_id, step, value)
            is_pruned = self._study is not None and self._judged(self._study)
        if is_pruned:
            raise Pruned(f"pruned at step {step} with {value:g}")

    def carry_over(self, former: FrozenTrial) -> None:
        """Take over what an attempt that is gone on with has told; what is told again does not count."""
        with self._stop.held(), self._queue.journal.together():
            for step, value in sorted(former.intermediate_values.items()):
                self._queue.storage.set_trial_intermediate_value(self._trial._trial_id, step, value)
                self.last_step, self.last_value = step, value
            for key, noted in former.system_attrs.items():  # such as the rungs that it has passed
                if key not in self._trial.system_attrs:
                    self._queue.storage.set_trial_system_attr(self._trial._trial_id, key, noted)

    def _judged(self, study: optuna.Study) -> bool:
        """Whether the pruner wants the run to stop; it may change what waits in the queue."""
        with self._queue.locked():
            return study.pruner.prune(study, self._queue.storage.get_trial(self._trial._trial_id))

    def next_seed(self) -> None:
        """Steps go on from here."""
        self.offset, self.num_told = max(self.last_step, 0), 0


def _checked(step: object, value: object) -> tuple[int, float]:
    try:
        whole, real = int(step), float(value)  # type: ignore[call-overload, arg-type] # that is the question
    except (TypeError, ValueError):
        raise StudyError(
            f"report({step!r:.40}, {value!r:.40}): a whole number and a number are wanted"
        ) from None
    if whole != step or whole < 0:
        raise StudyError(f"report: step {step!r:.40}: a whole number of at least 0 is wanted")
    return whole, real
