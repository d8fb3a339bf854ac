"""The losses of one arm: what a run that plays on a landscape reports."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hdeeprm.errors import StudyError

from .generation import DEFAULT_ARMS, DEFAULT_EPOCHS, FloatArray, Landscape, landscape_of_seed
from .shape import Shape, ShapeSpec, load_shape

NUM_KEPT = 8
"""Landscapes that a process remembers, so that its runs of one study draw theirs once."""


class ArmLosses(NamedTuple):
    """The losses of one arm.

    Attributes:
        observed: What a training would report, shape (num_epochs,), 0 to 1.
        true: The same without noise.
    """

    observed: FloatArray
    true: FloatArray


def arm_losses(
    shape: ShapeSpec = "default",
    arm: int = 0,
    num_arms: int = DEFAULT_ARMS,
    num_epochs: int = DEFAULT_EPOCHS,
    seed: int = 0,
    noise: str = "linear",
) -> ArmLosses:
    """Losses of one arm of a landscape; all arms of a seed belong to the same landscape, in every process.

    Args:
        shape: What :func:`load_shape` takes.
        arm: 0 to num_arms - 1.
        num_arms: Arms of the whole landscape.
        num_epochs: Epochs of a whole training.
        seed: Of the landscape, at least 0.
        noise: ``"linear"`` or ``"exponential"``.

    Raises:
        StudyError: If an argument is not allowed.
    """
    landscape = _landscape(load_shape(shape), num_arms, num_epochs, seed, noise)
    if isinstance(arm, bool) or not isinstance(arm, int) or not 0 <= arm < num_arms:
        raise StudyError(f"landscape.arm: a whole number, 0 to {num_arms - 1}, is wanted; {arm!r} was given")
    return ArmLosses(landscape.observed[:, arm], landscape.true[:, arm])


@lru_cache(maxsize=NUM_KEPT)
def _landscape(shape: Shape, num_arms: int, num_epochs: int, seed: int, noise: str) -> Landscape:
    landscape = landscape_of_seed(shape, num_arms, num_epochs, seed, noise)
    for losses in (landscape.true, landscape.observed):
        losses.flags.writeable = False
    return landscape
