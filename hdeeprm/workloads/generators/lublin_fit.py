"""The Lublin-Feitelson model fitted to a trace, in the authors' way.

Source: U. Lublin and D. Feitelson, JPDC 63(11), 2003: gamma distributions over logarithms, a mixture of two
for the run times found by expectation maximization, with a share of short jobs that is linear in the size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import gammaln

from hdeeprm.workloads.generators.arrivals import (
    BUCKETS_PER_DAY,
    FIRST_BUCKET,
    LONGEST_LOG_GAP,
    SECONDS_PER_DAY,
    ArrivalModel,
    clock_gaps,
    count_half_hours,
)
from hdeeprm.workloads.generators.drawing import SHORTEST_MAX_RUN_TIME
from hdeeprm.workloads.generators.gamma import fit_gamma
from hdeeprm.workloads.generators.lublin import LublinModel
from hdeeprm.workloads.generators.sample import TraceSample
from hdeeprm.workloads.workload import FloatArray, IntArray

HALF_A_SECOND = 0.5
"""Added before a logarithm is taken: whole seconds stand for what was rounded down to them."""

ROUNDS = 100
KNEES = 200
SURE = 1e-3
"""Shares of a mixture stay this far from 0 and 1, so that no part of it dies out."""


def fit_lublin(sample: TraceSample) -> LublinModel:
    """The model with all its parameters fitted, but for the smallest parallel size.

    The day cycle stays the published one where the trace is shorter than a day.
    """
    cores = sample.cores
    power_of_two = (cores > 1) & ((cores & (cores - 1)) == 0)
    return LublinModel(
        serial_probability=float((cores == 1).mean()),
        power_of_two_probability=float(power_of_two.mean()),
        arrivals=_fit_arrivals(sample.submit_time),
        longest_run_time=max(float(sample.run_time.max()), SHORTEST_MAX_RUN_TIME),
        **_fit_sizes(cores),
        **_fit_run_times(cores, _logs(sample.run_time)),
    )


def _logs(seconds: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.maximum(seconds, 1.0) + HALF_A_SECOND), dtype=np.float64)


def _fit_sizes(cores: IntArray) -> dict[str, float]:
    """The knee of the two-stage uniform, and the share below it: least distance between distributions."""
    low = LublinModel().low
    sizes = np.sort(np.log2(cores[cores > 1]))
    if not len(sizes):
        return {}
    high = float(sizes[-1])
    below = (np.arange(len(sizes)) + 0.5) / len(sizes)
    best = {"medium_below_high": 0.0, "low_probability": 1.0}
    least = np.inf
    for knee in np.linspace(low, high, KNEES + 2)[1:-1]:
        share = float(np.searchsorted(sizes, knee, side="right") / len(sizes))
        line = np.interp(sizes, [low, knee, high], [0.0, share, 1.0])
        distance = float(np.abs(line - below).mean())
        if distance < least:
            least = distance
            best = {"medium_below_high": float(high - knee), "low_probability": share}
    return best


def _fit_run_times(cores: IntArray, logs: FloatArray) -> dict[str, float]:
    """A mixture of two gamma distributions over the logarithm, by expectation maximization."""
    short_share = np.where(logs <= np.median(logs), 0.9, 0.1)
    line = (0.0, 0.5)
    for _ in range(ROUNDS):
        short, long = fit_gamma(logs, short_share), fit_gamma(logs, 1.0 - short_share)
        line = _line(cores, short_share)
        prior = np.clip(line[0] * cores + line[1], SURE, 1.0 - SURE)
        odds = np.log(prior / (1.0 - prior)) + _log_density(logs, *short) - _log_density(logs, *long)
        short_share = np.clip(1.0 / (1.0 + np.exp(-np.clip(odds, -50.0, 50.0))), SURE, 1.0 - SURE)
    if short[0] * short[1] > long[0] * long[1]:
        short, long, line = long, short, (-line[0], 1.0 - line[1])
    return {
        "short_shape": short[0],
        "short_scale": short[1],
        "long_shape": long[0],
        "long_scale": long[1],
        "short_probability_slope": line[0],
        "short_probability_intercept": line[1],
    }


def _line(cores: IntArray, shares: FloatArray) -> tuple[float, float]:
    """Slope per core and intercept of the share of short jobs; flat where all jobs are of one size."""
    if cores.min() == cores.max():
        return 0.0, float(shares.mean())
    slope, intercept = np.polyfit(cores, shares, 1)
    return float(slope), float(intercept)


def _log_density(values: FloatArray, shape: float, scale: float) -> Any:
    return (shape - 1.0) * np.log(values) - values / scale - gammaln(shape) - shape * np.log(scale)


def _fit_arrivals(submit_time: FloatArray) -> ArrivalModel:
    """The cycle from the counts of the half hours, then the gaps on the clock of that cycle."""
    arrivals = replace(ArrivalModel(), rush_to_all=1.0)
    if submit_time[-1] - submit_time[0] >= SECONDS_PER_DAY:
        buckets = np.arange(FIRST_BUCKET, FIRST_BUCKET + BUCKETS_PER_DAY)
        counts = count_half_hours(submit_time)[buckets % BUCKETS_PER_DAY]
        shape, scale = fit_gamma(buckets.astype(np.float64), counts)
        arrivals = replace(arrivals, cycle_shape=shape, cycle_scale=scale)
    log_gaps = _logs(clock_gaps(submit_time, arrivals))
    shape, scale = fit_gamma(log_gaps)
    longest = max(float(log_gaps.max()), LONGEST_LOG_GAP)
    return replace(arrivals, gap_shape=shape, gap_scale=scale, longest_log_gap=longest)
