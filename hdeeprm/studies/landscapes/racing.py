"""A race: a rule that stops runs early, on a landscape, with several workers on a simulated clock."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hdeeprm.errors import StudyError
from hdeeprm.studies.pruners import PrunerSpec, new_pruner

from .generation import FloatArray, Landscape
from .regrets import IntArray, mean_regret, moving_loss


@dataclass(frozen=True, eq=False)
class Course:
    """What a rule had trained on a landscape; one step is one epoch of one run.

    Attributes:
        landscape: Where it was.
        num_workers: How many trained side by side.
        ticks: When each step was, in epochs of a worker, ascending from 0, shape (num_steps,).
        epochs: Which epoch it was, shape (num_steps,).
        arms: Which arm it trained, shape (num_steps,).
        num_stopped: Runs that the rule stopped.
    """

    landscape: Landscape
    num_workers: int
    ticks: IntArray
    epochs: IntArray
    arms: IntArray
    num_stopped: int

    @cached_property
    def epochs_of_arms(self) -> IntArray:
        """How far each arm got: its number of epochs, shape (num_arms,)."""
        reached = np.zeros(self.landscape.num_arms, dtype=np.int64)
        np.maximum.at(reached, self.arms, self.epochs + 1)
        return reached

    @cached_property
    def mean_regret(self) -> FloatArray:
        """Regret of each epoch, shape (num_epochs,); see :func:`~.regrets.mean_regret`."""
        return mean_regret(self.landscape.true, self.epochs, self.arms, self.num_workers)

    @cached_property
    def cumulative_regret(self) -> FloatArray:
        """Sum of the mean regrets up to each epoch, shape (num_epochs,)."""
        return np.cumsum(self.mean_regret)

    @cached_property
    def moving_loss(self) -> FloatArray:
        """Mean of the smallest observed losses, shape (num_ticks,); see :func:`~.regrets.moving_loss`."""
        seen = self.landscape.observed[self.epochs, self.arms]
        return moving_loss(seen, self.ticks, self.num_workers)


def race(
    schedulers: Sequence[PrunerSpec] | Mapping[str, PrunerSpec],
    landscape: Landscape,
    workers: int,
    seed: int = 0,
) -> dict[str, Course]:
    """Let rules that stop runs early train on the same landscape, each on its own.

    Workers take the arms in order; each trains its run by one epoch at each tick of a clock that they share
    until the run has all epochs or is stopped. A rule that puts runs of its own into the queue
    (population-based training) sees them taken first.

    Args:
        schedulers: The rules, as a study file has them (or as objects, of which copies race), by a name;
            without names, each goes by its own.
        landscape: Where they race.
        workers: How many train side by side, at least 1.
        seed: Of a rule's random choices where it has none of its own, such as Hyperband's brackets.

    Returns:
        What each rule had trained, by its name.

    Raises:
        StudyError: If a rule is not known, a name is not unique, or the number of workers is not allowed.
        DependencyNotInstalled: If Optuna is missing.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise StudyError(f"workers: a whole number of at least 1 is wanted; {workers!r} was given")
    return {name: _course(spec, landscape, workers, seed) for name, spec in named(schedulers).items()}


def named(schedulers: Sequence[PrunerSpec] | Mapping[str, PrunerSpec]) -> dict[str, PrunerSpec]:
    """The rules of a race by their names.

    Raises:
        StudyError: If there is none, or if two go by the same name.
    """
    if isinstance(schedulers, Mapping):
        pairs = list(schedulers.items())
    elif isinstance(schedulers, str):
        pairs = [(schedulers, schedulers)]
    else:
        pairs = [(_name_of(spec), spec) for spec in schedulers]
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(
            f"schedulers: {twice[0]!r} is there twice; give them names: {{name: scheduler, ...}}"
        )
    if not pairs:
        raise StudyError('schedulers: there is none; name one at least, such as ["asha"]')
    return dict(pairs)


def _name_of(spec: PrunerSpec) -> str:
    if isinstance(spec, Mapping):
        return str(spec.get("name"))
    return spec if isinstance(spec, str) else type(spec).__name__


def _course(spec: PrunerSpec, landscape: Landscape, num_workers: int, seed: int) -> Course:
    # A copy: what a pruner has learnt in one race must not matter in the next.
    pruner = copy.deepcopy(new_pruner(spec))
    from .clock import Step, run_clock  # needs Optuna

    steps, num_stopped = run_clock(pruner, landscape, num_workers, seed)
    columns = np.array(steps, dtype=np.int64).reshape(-1, len(Step._fields))
    return Course(landscape, num_workers, columns[:, 0], columns[:, 1], columns[:, 2], num_stopped)
