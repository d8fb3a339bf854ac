"""Races over several seeds: mean and deviation of their regrets and moving losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from hdeeprm.errors import StudyError
from hdeeprm.studies.pruners import PrunerSpec

from .generation import DEFAULT_ARMS, DEFAULT_EPOCHS, FloatArray, landscape_of_seed
from .racing import Course, named, race
from .shape import ShapeSpec, load_shape


class Band(NamedTuple):
    """Mean and standard deviation over seeds of a value that changes with time, each of shape (length,)."""

    mean: FloatArray
    deviation: FloatArray


@dataclass(frozen=True, eq=False)
class Group:
    """The races of one rule, one for each seed.

    Standard deviations are those of the seeds themselves (divided by their number). An epoch that no arm
    reached in a race is left out of the mean.
    """

    name: str
    courses: tuple[Course, ...]

    @property
    def num_workers(self) -> int:
        """How many trained side by side."""
        return self.courses[0].num_workers

    @cached_property
    def mean_regret(self) -> Band:
        """Regret of each epoch, shape (num_epochs,)."""
        return band_over([course.mean_regret for course in self.courses])

    @cached_property
    def cumulative_regret(self) -> Band:
        """Sum of the mean regrets up to each epoch, shape (num_epochs,)."""
        return band_over([course.cumulative_regret for course in self.courses])

    @cached_property
    def moving_loss(self) -> Band:
        """Mean of the smallest losses so far, shape (num_ticks of the longest race,); others keep theirs."""
        losses = [course.moving_loss for course in self.courses]
        length = max(map(len, losses))
        return band_over([np.pad(loss, (0, length - len(loss)), mode="edge") for loss in losses])


def race_groups(
    schedulers: Sequence[PrunerSpec] | Mapping[str, PrunerSpec],
    shape: ShapeSpec = "default",
    workers: int = 4,
    seeds: Sequence[int] = (0,),
    num_arms: int = DEFAULT_ARMS,
    num_epochs: int = DEFAULT_EPOCHS,
    noise: str = "linear",
) -> dict[str, Group]:
    """Race rules on one landscape for each seed; all rules have the same landscapes.

    Args:
        schedulers: As for :func:`race`.
        shape: What :func:`load_shape` takes.
        workers: How many train side by side, at least 1.
        seeds: Of the landscapes and the rules, each at least 0.
        num_arms: Arms of a landscape.
        num_epochs: Epochs of a whole training.
        noise: ``"linear"`` or ``"exponential"``, from the first to the last epoch.

    Returns:
        The races of each rule, by its name.

    Raises:
        StudyError: If an argument is not allowed.
        DependencyNotInstalled: If Optuna is missing.
    """
    if not len(seeds):
        raise StudyError("seeds: there is none; name one at least, such as [1]")
    names = named(schedulers)
    drawn = load_shape(shape)
    courses = []
    for seed in seeds:
        landscape = landscape_of_seed(drawn, num_arms, num_epochs, seed, noise)
        courses.append(race(names, landscape, workers, seed))
    return {name: Group(name, tuple(course[name] for course in courses)) for name in names}


def band_over(rows: Sequence[FloatArray]) -> Band:
    """Mean and standard deviation over rows of one length; NaN where all rows are."""
    values = np.array(rows)
    counts = np.sum(~np.isnan(values), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(values, axis=0) / counts
        deviation = np.sqrt(np.nansum((values - mean) ** 2, axis=0) / counts)
    return Band(mean, deviation)
