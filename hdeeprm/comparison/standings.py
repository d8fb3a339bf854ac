"""What a comparison has found: values of every episode, and who stands where by one of the metrics."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from hdeeprm.errors import OptionsError, did_you_mean
from hdeeprm.options.agent_names import resolved

from .measures import HIGHER_IS_BETTER, metric_of
from .setting import Setting
from .statistics import (
    UNKNOWN,
    FloatArray,
    Interval,
    gain_interval,
    gain_percent,
    holm,
    mean_interval,
    paired_p_value,
)


@dataclass(frozen=True)
class Standing:
    """Where a contender stands by one metric; statistics are over windows, each the mean of its seeds.

    Attributes:
        name: The contender's label.
        mean: Of the metric.
        interval: 95 % bootstrap interval of the mean; NaN for a single window.
        difference: ``mean`` less that of the baseline, in the metric's unit.
        gain: How much better than the baseline, in % of the baseline's mean; positive is better.
        gain_interval: 95 % bootstrap interval of the gain, windows drawn in pairs.
        p_value: Of the paired permutation test that there is no difference, two-sided; 1 where all are 0.
        p_holm: The same corrected for the number of contenders.
    """

    name: str
    mean: float
    interval: Interval
    difference: float = math.nan
    gain: float = math.nan
    gain_interval: Interval = UNKNOWN
    p_value: float = math.nan
    p_holm: float = math.nan


class Failure(NamedTuple):
    """A contender that failed, where it did so first, and how."""

    contender: str
    window: int
    first_job: int
    seed: int
    problem: str
    num_episodes: int  # in which it failed

    def __str__(self) -> str:
        where = f"window {self.window} (from job {self.first_job}), seed {self.seed}"
        more = f" (the first of {self.num_episodes} such episodes)" if self.num_episodes > 1 else ""
        return f"contender {self.contender!r}: {where}: {self.problem}{more}"


@dataclass(frozen=True, eq=False)
class Comparison:
    """A comparison by one metric, and the values of all of them.

    Attributes:
        setting: What all had in common.
        values: For each contender, in the order given, and each metric: float64, shape (windows, seeds), NaN
            where it failed. Contenders that draw nothing have one seed.
        failures: Contenders that failed somewhere, which have no standing.
        metric: Name of the metric that the standings are by.
        baseline: The contender that gains are over: the one asked for, else the best fixed pair; None where
            there is none.
        standings: The contenders that never failed, the best one first.
        notes: What the reader should know.
    """

    setting: Setting
    values: Mapping[str, Mapping[str, FloatArray]]
    fixed_pairs: frozenset[str]
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    metric: str = ""
    baseline: str | None = None
    standings: tuple[Standing, ...] = ()

    @property
    def higher_is_better(self) -> bool:
        """Whether more of the metric is better."""
        return self.metric in HIGHER_IS_BETTER

    def windows(self, contender: str, metric: str) -> FloatArray:
        """Mean over seeds of a metric in each window, shape (windows,)."""
        return np.asarray(self.values[contender][metric].mean(axis=1))

    def by(self, metric: str, baseline: str | None = None) -> Comparison:
        """The same episodes judged by another metric, over another baseline.

        Args:
            metric: Name of a metric or of an objective.
            baseline: Label of a contender; None takes the best fixed pair. Having been chosen on these very
                windows, that one looks better than it is, so that gains over it are rather too small.

        Raises:
            OptionsError: If one is unknown.
        """
        chosen = replace(self, metric=metric_of(metric))
        failed = {failure.contender for failure in self.failures}
        present = [name for name in self.values if name not in failed]
        base = chosen._baseline(baseline, present)
        standings = _corrected([chosen._standing(name, base) for name in present])
        sign = -1.0 if chosen.higher_is_better else 1.0
        ranked = sorted(standings, key=lambda one: (math.isnan(one.mean), sign * one.mean))
        return replace(chosen, baseline=base, standings=tuple(ranked))

    def _baseline(self, asked: str | None, present: list[str]) -> str | None:
        """The contender asked for, else the best fixed pair, if it is among those present."""
        if asked is not None:
            label = checked_baseline(asked, self.values)
            return label if label in present else None
        sign = -1.0 if self.higher_is_better else 1.0
        means = {name: sign * self.windows(name, self.metric).mean() for name in present}
        pairs = [name for name in present if name in self.fixed_pairs and not math.isnan(means[name])]
        return min(pairs, key=means.__getitem__, default=None)

    def _standing(self, name: str, baseline: str | None) -> Standing:
        values = self.windows(name, self.metric)
        standing = Standing(name, float(values.mean()), mean_interval(values))
        if baseline is None or baseline == name:
            return standing
        base = self.windows(baseline, self.metric)
        return replace(
            standing,
            difference=float(values.mean() - base.mean()),
            gain=float(gain_percent(values, base, self.higher_is_better)),
            gain_interval=gain_interval(values, base, self.higher_is_better),
            p_value=paired_p_value(values - base),
        )


def _corrected(standings: list[Standing]) -> list[Standing]:
    """The standings with p values corrected for their number."""
    p_values = holm([standing.p_value for standing in standings])
    return [replace(one, p_holm=p) for one, p in zip(standings, p_values, strict=True)]


def checked_baseline(asked: str, contenders: Collection[str]) -> str:
    """Label of the contender that gains are to be over.

    Raises:
        OptionsError: If there is no such contender.
    """
    label = asked if asked in contenders else resolved(asked)
    if label not in contenders:
        raise OptionsError(
            f"baseline: {asked!r} is not among the contenders ({', '.join(contenders)}); add it to "
            f"--agents.{did_you_mean(asked, contenders)}"
        )
    return label
