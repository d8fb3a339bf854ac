"""The workload model of Cirne and Berman: rigid jobs whose users ask for a time and use a part of it.

Source: W. Cirne and F. Berman, "A comprehensive model of the supercomputer workload", WWC-4, 2001. Sizes and
requested times are log-uniform, sizes mostly powers of two; the run time is the requested time x an
accuracy that is gamma distributed; the arrivals of a day follow a polynomial of degree eight. The paper's
constants describe four logs of the 1990s; the parameters here are always fitted, see ``fitted.json``. The
paper's cancelled jobs are left out, since a simulation never sees them, and so is the moldability of the
authors' later model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.generators.arrivals import BUCKETS_PER_DAY, SECONDS_PER_DAY, count_half_hours
from hdeeprm.workloads.generators.drawing import SHORTEST_MAX_RUN_TIME, DrawnJobs
from hdeeprm.workloads.generators.gamma import fit_gamma
from hdeeprm.workloads.generators.log_uniform import LogUniform, fit_log_uniform
from hdeeprm.workloads.generators.sample import TraceSample
from hdeeprm.workloads.workload import FloatArray, IntArray

POLYNOMIAL_DEGREE = 8
"""Of the arrivals over the day, as in the paper."""

LEAST_WEIGHT = 0.01
"""Of a half hour, where the polynomial dips below: the arrivals' clock must not stand still."""

TRIMMED = 0.001
"""Share of the requests left out at either end, among which are slips such as a year."""

LEAST_ACCURACY = 1e-6
"""A job that used nothing of its time counts as this; the fit takes logarithms."""


@dataclass(frozen=True)
class CirneModel:
    """Parameters of the model."""

    cores: LogUniform
    power_of_two_probability: float  # of parallel jobs
    requested_time: LogUniform  # s
    accuracy_shape: float  # of run time / requested time; above 1 counts as 1: the job ends at its limit
    accuracy_scale: float
    mean_gap: float  # s
    day_polynomial: tuple[float, ...]  # intensity, lowest power first, over the day as -1 to 1

    @property
    def longest_run_time(self) -> float:
        """Seconds: no job runs longer than the longest time asked for."""
        return max(self.requested_time.high, SHORTEST_MAX_RUN_TIME)

    @property
    def cycle(self) -> CirneModel:
        """This model, which has the day cycle itself."""
        return self

    def day_weights(self) -> FloatArray:
        """Relative intensity of arrivals in each half hour from midnight, shape (48,), mean 1."""
        curve = np.polynomial.polynomial.polyval(_half_hours(), self.day_polynomial)
        weights = np.maximum(curve, LEAST_WEIGHT * max(float(curve.mean()), LEAST_WEIGHT))
        return np.asarray(weights / weights.mean(), dtype=np.float64)

    def draw(self, num_jobs: int, largest: int, max_run_time: float, rng: np.random.Generator) -> DrawnJobs:
        """Draws sizes, requests, what is used of them, and gaps; longer requests are cut."""
        cores = self._draw_cores(num_jobs, largest, rng)
        requested = np.ceil(np.minimum(self.requested_time.draw(num_jobs, rng), max_run_time))
        accuracy = np.minimum(rng.gamma(self.accuracy_shape, self.accuracy_scale, num_jobs), 1.0)
        run_time = np.maximum(np.floor(np.minimum(requested * accuracy, max_run_time)), 1.0)
        return DrawnJobs(rng.exponential(self.mean_gap, num_jobs), cores, run_time, requested)

    def _draw_cores(self, num_jobs: int, largest: int, rng: np.random.Generator) -> IntArray:
        sizes = self.cores.draw(num_jobs, rng)
        power = 2.0 ** np.rint(np.log2(sizes))
        is_power = (rng.random(num_jobs) < self.power_of_two_probability) & (sizes > 1.0)
        bound = 2.0 ** np.floor(np.log2(largest))  # the largest power that fits
        return np.where(is_power, np.minimum(power, bound), np.clip(np.rint(sizes), 1, largest)).astype(
            np.int64
        )

    def parameters(self) -> Mapping[str, Any]:
        """All parameters by name, as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> CirneModel:
        """The model of what :meth:`parameters` gave."""
        return cls(
            **dict(parameters)
            | {
                "cores": LogUniform(**parameters["cores"]),
                "requested_time": LogUniform(**parameters["requested_time"]),
                "day_polynomial": tuple(parameters["day_polynomial"]),
            }
        )


def fit_cirne(sample: TraceSample) -> CirneModel:
    """Fits the model to a trace.

    Raises:
        WorkloadError: If no job of the trace has a requested time.
    """
    asked = ~np.isnan(sample.requested_time)
    if not asked.any():
        raise WorkloadError(
            f"{sample.source}: no job has a requested time (field 9), which the model 'cirne' is built on; "
            "take model 'lublin' or 'jann'"
        )
    requested = np.maximum(sample.requested_time[asked], 1.0)
    accuracy = np.clip(sample.run_time[asked] / requested, LEAST_ACCURACY, 1.0)
    parallel = sample.cores[sample.cores > 1]
    powers = np.count_nonzero((parallel & (parallel - 1)) == 0)
    return CirneModel(
        fit_log_uniform(sample.cores.astype(np.float64)),
        float(powers / max(len(parallel), 1)),
        fit_log_uniform(np.clip(requested, *np.quantile(requested, (TRIMMED, 1.0 - TRIMMED)))),
        *fit_gamma(accuracy),
        mean_gap=max(float(np.diff(sample.submit_time).mean()), 1.0),
        day_polynomial=_fit_day(sample.submit_time),
    )


def _half_hours() -> FloatArray:
    """Middles of the half hours of a day, on a scale from -1 to 1, shape (48,)."""
    return (np.arange(BUCKETS_PER_DAY) + 0.5) * 2.0 / BUCKETS_PER_DAY - 1.0


def _fit_day(submit_time: FloatArray) -> tuple[float, ...]:
    """Least squares over the half hours; even where the trace is shorter than a day."""
    if submit_time[-1] - submit_time[0] < SECONDS_PER_DAY:
        return (1.0,)
    counts = count_half_hours(submit_time)
    fit = np.polynomial.polynomial.polyfit(_half_hours(), counts / counts.mean(), POLYNOMIAL_DEGREE)
    return tuple(float(coefficient) for coefficient in fit)
