"""Draws the loss curves of a landscape's arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import StudyError, did_you_mean

from .shape import Normal, Shape, ShapeSpec, Term, load_shape

FloatArray = npt.NDArray[np.float64]

NOISE_NAMES = ("linear", "exponential")
WORST_LOSS = 1.0
DEFAULT_ARMS, DEFAULT_EPOCHS = 100, 25


@dataclass(frozen=True, eq=False)
class Landscape:
    """The losses of some arms (settings that one could train) over some epochs.

    Attributes:
        true: Losses without noise, shape (num_epochs, num_arms), 0 to 1.
        observed: Losses as a training would report them, same shape, 0 to 1.
    """

    true: FloatArray
    observed: FloatArray

    @property
    def num_epochs(self) -> int:
        """Epochs of a whole training."""
        return len(self.true)

    @property
    def num_arms(self) -> int:
        """How many arms there are."""
        return len(self.true[0])


def new_landscape(
    shape: ShapeSpec, num_arms: int, num_epochs: int, rng: np.random.Generator, noise: str = "linear"
) -> Landscape:
    """A landscape of a shape.

    With b0 drawn for every arm, and b1, b2, b3 and a for every arm and term, at epoch t = 0 … num_epochs - 1

        mean[t] = b0 + Σ b1 / ((t + b2)^a + b3)
        true[t] = clip(mean[t], 0, 1)
        observed[t] = clip(N(mean[t], sd[t]), 0, 1)

    where a is clipped to alpha ± alphastd, and sd goes from |N(std_start)| at the first epoch to |N(std_end)|
    at the last. Where a power is no real number (t + b2 below 0, a fraction), t + b2 counts as 0; a mean that
    is not defined is the worst loss, 1.

    Args:
        shape: What :func:`load_shape` takes.
        num_arms: At least 1.
        num_epochs: At least 1.
        rng: Where random numbers come from.
        noise: How sd goes from the first to the last epoch: ``"linear"`` or ``"exponential"``.

    Raises:
        StudyError: If the shape, a number or the noise is not allowed.
    """
    for name, number in (("num_arms", num_arms), ("num_epochs", num_epochs)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise StudyError(
                f"landscape.{name}: a whole number of at least 1 is wanted; {number!r} was given"
            )
    if noise not in NOISE_NAMES:
        nearest = did_you_mean(noise, NOISE_NAMES)
        raise StudyError(f"landscape.noise: {noise!r} is not allowed; {' or '.join(NOISE_NAMES)}.{nearest}")
    drawn = load_shape(shape)
    mean = _means(drawn, num_arms, num_epochs, rng)
    deviation = _deviations(drawn, num_arms, num_epochs, rng, noise)
    observed = mean + deviation * rng.standard_normal(mean.shape)
    return Landscape(np.clip(mean, 0.0, WORST_LOSS), np.clip(observed, 0.0, WORST_LOSS))


def landscape_of_seed(
    shape: ShapeSpec, num_arms: int, num_epochs: int, seed: int, noise: str = "linear"
) -> Landscape:
    """The landscape that a seed always has.

    Args:
        shape: What :func:`load_shape` takes.
        num_arms: At least 1.
        num_epochs: At least 1.
        seed: At least 0.
        noise: ``"linear"`` or ``"exponential"``.

    Raises:
        StudyError: If an argument is not allowed.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise StudyError(f"landscape.seed: a whole number of at least 0 is wanted; {seed!r} was given")
    return new_landscape(shape, num_arms, num_epochs, np.random.default_rng(seed), noise)


def _means(shape: Shape, num_arms: int, num_epochs: int, rng: np.random.Generator) -> FloatArray:
    """Losses before noise and clipping, shape (num_epochs, num_arms)."""
    mean = np.tile(rng.normal(shape.beta0, shape.b0std, num_arms), (num_epochs, 1))
    epochs = np.arange(num_epochs, dtype=np.float64)[:, None]
    with np.errstate(all="ignore"):  # infinities are clipped below
        for term in shape.config_list:
            mean += _values(term, epochs, num_arms, rng)
    return np.where(np.isnan(mean), WORST_LOSS, mean)


def _values(term: Term, epochs: FloatArray, num_arms: int, rng: np.random.Generator) -> FloatArray:
    b1 = rng.normal(term.beta1, term.b1std, num_arms)
    b2 = rng.normal(term.beta2, term.b2std, num_arms)
    b3 = rng.normal(term.beta3, term.b3std, num_arms)
    drawn = rng.normal(term.alpha, term.alphastd, num_arms)
    alpha = np.clip(drawn, term.alpha - term.alphastd, term.alpha + term.alphastd)
    power = np.power(epochs + b2, alpha)
    power = np.where(np.isnan(power), np.power(0.0, alpha), power)
    values: FloatArray = b1 / (power + b3)
    return values


def _deviations(
    shape: Shape, num_arms: int, num_epochs: int, rng: np.random.Generator, noise: str
) -> FloatArray:
    """Standard deviation of the noise, shape (num_epochs, num_arms)."""

    def drawn(normal: Normal) -> FloatArray:
        return np.abs(rng.normal(normal.mu, normal.std, num_arms))

    start, end = drawn(shape.std_start), drawn(shape.std_end)
    part = np.linspace(0.0, 1.0, num_epochs)[:, None]
    if noise == "linear":
        return start + (end - start) * part
    deviation: FloatArray = np.power(start, 1.0 - part) * np.power(end, part)
    return deviation
