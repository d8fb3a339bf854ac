"""Hyper-Erlang distributions of common order, matched to three moments.

A value comes from one of two Erlang distributions with the same number of stages. Used for workloads by
J. Jann et al., "Modeling of workload in MPPs", JSSPP 1997; the matching is that of M. Johnson and
M. Taaffe, "Matching moments to phase distributions: mixtures of Erlang distributions of common order",
Stochastic Models 5(4), 1989.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hdeeprm.workloads.workload import FloatArray

MOST_STAGES = 100
"""More stages are as good as a constant: the deviation is below a tenth of the mean."""


@dataclass(frozen=True)
class HyperErlang:
    """With probability ``p`` the sum of ``order`` exponential stages of mean ``stage``, else of ``other``."""

    p: float
    order: int
    stage: float  # mean of one stage, in the unit of the values
    other: float

    def moment(self, power: int) -> float:
        """Raw moment E[X^power] = order (order + 1) ... (order + power - 1) E[stage^power]."""
        return _rising(self.order, power) * (self.p * self.stage**power + (1.0 - self.p) * self.other**power)

    def draw(self, num_values: int, rng: np.random.Generator) -> FloatArray:
        """Values, not negative, shape (num_values,)."""
        stage = np.where(rng.random(num_values) < self.p, self.stage, self.other)
        return rng.gamma(self.order, stage)


def fit_hyper_erlang(values: FloatArray) -> HyperErlang:
    """The one of least order that has the first three moments of the values.

    Divided by the rising factorials of the order, the moments are those of the two stage means, which are
    then the roots of x^2 - s x + q with s = (a3 - a1 a2) / d, q = (a1 a3 - a2^2) / d, d = a2 - a1^2. Where
    no order up to :data:`MOST_STAGES` can have them, as when all values are alike, it is an Erlang
    distribution that has the mean and nearly the variance.

    Args:
        values: Not negative, with a mean above 0, shape (num_values,).

    Returns:
        The distribution.
    """
    mean = float(values.mean())
    relative = values / mean  # so that no power overflows
    moments = [float((relative**power).mean()) for power in (1, 2, 3)]
    for order in range(1, MOST_STAGES + 1):
        a1, a2, a3 = (moment / _rising(order, power) for power, moment in enumerate(moments, start=1))
        spread = a2 - a1 * a1
        if spread > 0.0 and a1 * a3 > a2 * a2:
            total = (a3 - a1 * a2) / spread
            product = (a1 * a3 - a2 * a2) / spread
            large = (total + math.sqrt(max(total * total - 4.0 * product, 0.0))) / 2.0
            small = product / large
            if large > small:
                return HyperErlang((large - a1) / (large - small), order, small * mean, large * mean)
    order = min(max(round(1.0 / max(moments[1] - 1.0, 1.0 / MOST_STAGES)), 1), MOST_STAGES)
    return HyperErlang(1.0, order, mean / order, mean / order)


def _rising(order: int, power: int) -> float:
    return float(math.prod(range(order, order + power)))
