"""Workers that train the arms of a landscape on a simulated clock, with an Optuna study in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import optuna
from optuna.trial import TrialState

from hdeeprm.studies.pruners.marks import inherited_step

from .generation import Landscape

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

ARM = "arm"


class Step(NamedTuple):
    """One epoch of one run."""

    tick: int
    epoch: int
    arm: int


class _Run:
    """A run of the study: an arm, from an epoch on."""

    def __init__(self, trial: optuna.Trial, arms: tuple[int, ...]) -> None:
        self.trial = trial
        self.arm = int(trial.suggest_categorical(ARM, arms))
        self.epoch = inherited_step(trial.user_attrs)


class _Queue:
    """The runs to come: those that the pruner has put there, then the arms in order."""

    def __init__(self, study: optuna.Study, num_arms: int) -> None:
        self._study = study
        self._arms = tuple(range(num_arms))
        self._fresh = iter(self._arms)

    def take(self) -> _Run | None:
        """The next run, or None where there is none."""
        if not self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            arm = next(self._fresh, None)
            if arm is None:
                return None
            self._study.enqueue_trial({ARM: arm})
        return _Run(self._study.ask(), self._arms)


def run_clock(
    pruner: BasePruner, landscape: Landscape, num_workers: int, seed: int
) -> tuple[list[Step], int]:
    """Train until no run is left.

    Args:
        pruner: Is told the observed losses, at steps from 1 on, and asked after each but a run's last.
        landscape: The arms and their losses.
        num_workers: How many runs go on at the same time.
        seed: Of the study.

    Returns:
        All steps in order of time, and how many runs were stopped.
    """
    study = _new_study(pruner, seed)
    queue = _Queue(study, landscape.num_arms)
    losses = landscape.observed.tolist()
    slots: list[_Run | None] = [None] * num_workers
    steps: list[Step] = []
    num_stopped = tick = 0
    while True:
        slots = [run or queue.take() for run in slots]
        if not any(slots):
            return steps, num_stopped
        for slot, run in enumerate(slots):
            if run is None:
                continue
            steps.append(Step(tick, run.epoch, run.arm))
            state = _train(study, run, losses)
            num_stopped += state == TrialState.PRUNED
            if state is not None:
                slots[slot] = None
        tick += 1


def _train(study: optuna.Study, run: _Run, losses: list[list[float]]) -> TrialState | None:
    """Train a run by an epoch; its state where this was its last one."""
    loss = losses[run.epoch][run.arm]
    run.epoch += 1
    run.trial.report(loss, run.epoch)
    if run.epoch == len(losses):
        study.tell(run.trial, loss)
        return TrialState.COMPLETE
    if run.trial.should_prune():
        study.tell(run.trial, state=TrialState.PRUNED)
        return TrialState.PRUNED
    return None


def _new_study(pruner: BasePruner, seed: int) -> optuna.Study:
    """A study in memory; its name is fixed, for Hyperband takes its brackets from it."""
    sampler = optuna.samplers.RandomSampler(seed=seed)  # samples nothing: every arm is given
    with quiet_optuna():
        return optuna.create_study(study_name=f"race-{seed}", sampler=sampler, pruner=pruner)


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """While Optuna says nothing of studies in memory."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
