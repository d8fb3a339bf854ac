"""New parameters near good ones: what population-based training tries next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

if TYPE_CHECKING:
    import numpy as np
    from optuna.distributions import BaseDistribution

FACTORS = (0.8, 1.2)
"""By which a number is multiplied [Jaderberg et al. 2017, "Population Based Training of Neural Networks"]."""


def explored(
    values: Mapping[str, Any],
    distributions: Mapping[str, BaseDistribution],
    resample_probability: float,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Parameters near those given: each one drawn anew, or else a number times 0.8 or 1.2.

    A choice has no neighbours, so it stays unless it is drawn anew. Results lie within the bounds and on the
    steps of their distributions.

    Args:
        values: The parameters to start from, by name.
        distributions: What they may be, by name.
        resample_probability: That of drawing one anew, 0 to 1.
        rng: Where random numbers come from.
    """
    return {
        name: _drawn(distribution, rng)
        if rng.random() < resample_probability
        else _perturbed(values[name], distribution, rng)
        for name, distribution in distributions.items()
    }


def _drawn(distribution: BaseDistribution, rng: np.random.Generator) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[int(rng.integers(len(distribution.choices)))]
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    low, high = distribution.low, distribution.high
    if distribution.log:
        return _fitted(math.exp(rng.uniform(math.log(low), math.log(high))), distribution, round)
    if distribution.step is None:
        return float(rng.uniform(low, high))
    num_steps = round((high - low) / distribution.step)
    return _fitted(low + distribution.step * int(rng.integers(num_steps + 1)), distribution, round)


def _perturbed(value: Any, distribution: BaseDistribution, rng: np.random.Generator) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return value
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    factor = FACTORS[int(rng.integers(2))]
    moved = value * factor
    # Away from the old value, so that small integers move at all.
    return _fitted(moved, distribution, math.ceil if moved > value else math.floor)


def _fitted(value: float, distribution: FloatDistribution | IntDistribution, rounded: Any) -> float | int:
    """The value within the bounds and on a step of its distribution."""
    low, high, step = distribution.low, distribution.high, distribution.step
    if step is not None:
        value = low + rounded((value - low) / step) * step
    value = min(max(value, low), high)
    return int(value) if isinstance(distribution, IntDistribution) else float(value)
