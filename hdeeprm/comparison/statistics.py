"""How sure a comparison is: bootstrap intervals and a paired test, over windows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Statistic = Callable[..., Any]

NUM_RESAMPLES = 9999
"""With the sample itself 10,000: the least p value above 0 is then 2 / 10,000."""
RESAMPLES_AT_ONCE = 1000
"""So that many windows need little memory."""
CONFIDENCE = 0.95
SEED = 20031
"""Of all resampling: a comparison of the same values always comes to the same figures."""


class Interval(NamedTuple):
    """The bounds of a 95 % confidence interval; NaN where there is none."""

    low: float
    high: float


UNKNOWN = Interval(math.nan, math.nan)


def mean_interval(values: FloatArray) -> Interval:
    """Interval of the mean over windows.

    Bias-corrected and accelerated bootstrap [Efron 1987, "Better bootstrap confidence intervals"]: slowdowns
    are skewed, and so are their means over a few dozen windows. Where it is not defined, as where all values
    are equal, the percentile interval.

    Args:
        values: One for each window; a single one has no interval.
    """
    return _bootstrap((values,), np.mean)


def gain_percent(values: FloatArray, baseline: FloatArray, higher_is_better: bool, axis: int = -1) -> Any:
    """How much better one mean is than another, in % of the latter; positive is better.

    100 x (baseline - mean) / baseline where less is better, 100 x (mean - baseline) / baseline where more is.
    """
    mean, base = np.mean(values, axis=axis), np.mean(baseline, axis=axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(100.0 * (mean - base if higher_is_better else base - mean) / np.abs(base))[()]


def gain_interval(values: FloatArray, baseline: FloatArray, higher_is_better: bool) -> Interval:
    """Interval of :func:`gain_percent`; the windows are drawn in pairs, since both had the same ones."""

    def gain(values: FloatArray, baseline: FloatArray, axis: int = -1) -> Any:
        return gain_percent(values, baseline, higher_is_better, axis)

    return _bootstrap((values, baseline), gain)


def paired_p_value(differences: FloatArray) -> float:
    """Probability of so large a mean difference where there is none, two-sided: the p value.

    Permutation test of the mean: if neither were better, each window's difference would be as likely with the
    other sign [Fisher 1935, "The Design of Experiments", 21; Good 2005, "Permutation, Parametric, and
    Bootstrap Tests of Hypotheses"]. It tests the very mean that is reported; Wilcoxon's signed-rank test
    looks at ranks instead, and may be sure of a difference of the other sign where differences are skewed.
    All signs of up to 13 windows are gone through, for more as many as ``NUM_RESAMPLES`` are drawn.

    Args:
        differences: One for each window.

    Returns:
        1 where all differences are 0; NaN for a single window.
    """
    if not _usable(differences):
        return math.nan
    if not differences.any():
        return 1.0
    from scipy import stats  # here, since it takes a second to import

    found = stats.permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",  # of one sample: signs
        vectorized=True,
        n_resamples=NUM_RESAMPLES,
        batch=RESAMPLES_AT_ONCE,
        random_state=np.random.default_rng(SEED),
    )
    return float(found.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrects p values for their number, so that the chance of any false discovery is bounded.

    The k-th least of m is multiplied by m - k + 1, never below those before it [Holm 1979, "A simple
    sequentially rejective multiple test procedure"]. NaN stays and does not count.

    >>> holm([0.04, 0.01, float("nan"), 0.03])
    [0.06, 0.03, nan, 0.06]
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if not math.isnan(p))
    corrected, least = [math.nan] * len(p_values), 0.0
    for rank, (p, place) in enumerate(known):
        least = max(least, min(1.0, p * (len(known) - rank)))
        corrected[place] = least
    return corrected


def _usable(values: FloatArray) -> bool:
    return len(values) > 1 and bool(np.isfinite(values).all())


def _bootstrap(samples: tuple[FloatArray, ...], statistic: Statistic) -> Interval:
    """Interval of a statistic of samples that are paired."""
    if not all(map(_usable, samples)):
        return UNKNOWN
    from scipy import stats

    # Equal values, and means of a baseline that resampling makes 0, are seen by what comes out.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = stats.bootstrap(
            samples,
            statistic,
            paired=True,
            vectorized=True,
            n_resamples=NUM_RESAMPLES,
            batch=RESAMPLES_AT_ONCE,
            confidence_level=CONFIDENCE,
            method="BCa",
            random_state=np.random.default_rng(SEED),
        )
        tail = (1.0 - CONFIDENCE) / 2.0
        percentiles = np.quantile(found.bootstrap_distribution, (tail, 1.0 - tail))
    for low, high in (found.confidence_interval, percentiles):
        if math.isfinite(low) and math.isfinite(high):
            return Interval(float(low), float(high))
    return UNKNOWN
