"""The workload model of Jann and others: ranges of sizes, each with gaps and run times of its own.

Source: J. Jann, P. Pattnaik, H. Franke, F. Wang, J. Skovira and J. Riordan, "Modeling of workload in MPPs",
JSSPP 1997. Sizes are divided at the powers of two; the gaps and run times of each range are hyper-Erlang
distributions of common order that have the first three moments of those observed. There is no day cycle
and no requested time. The paper's tables describe the SP2 of the Cornell Theory Center; the parameters
here are always fitted, see ``fitted.json``. Where the jobs of a range lie within it is a choice of this
project: at its most common size with the share observed, else anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from hdeeprm.workloads.generators.arrivals import BUCKETS_PER_DAY
from hdeeprm.workloads.generators.drawing import SHORTEST_MAX_RUN_TIME, DrawnJobs
from hdeeprm.workloads.generators.hyper_erlang import HyperErlang, fit_hyper_erlang
from hdeeprm.workloads.generators.sample import TraceSample
from hdeeprm.workloads.workload import FloatArray, IntArray

FEWEST_IN_RANGE = 30
"""Jobs that a range needs for three moments to mean anything; a smaller one is joined to the next."""

SHORTEST_MEAN_GAP = 1.0
"""Seconds; jobs that all came at once are spread by this, so that a clock can run over them."""


@dataclass(frozen=True)
class SizeRange:
    """The jobs of ``smallest`` to ``largest`` cores."""

    smallest: int
    largest: int
    common: int  # the most common size of the range
    share_of_common: float  # of the jobs of the range; the others have any size, this one included
    gap: HyperErlang  # s between submissions of this range
    run_time: HyperErlang  # s

    def draw_sizes(self, num_jobs: int, rng: np.random.Generator) -> IntArray:
        """Cores of each job, shape (num_jobs,)."""
        anywhere = rng.integers(self.smallest, self.largest + 1, num_jobs)
        return np.where(rng.random(num_jobs) < self.share_of_common, self.common, anywhere)

    def within(self, largest: int) -> SizeRange:
        """The range cut to sizes up to ``largest``, which is in it or above."""
        return replace(self, largest=min(self.largest, largest), common=min(self.common, largest))


@dataclass(frozen=True)
class JannModel:
    """The ranges in ascending order, and the longest run time in seconds."""

    ranges: tuple[SizeRange, ...]
    longest_run_time: float

    @property
    def cycle(self) -> JannModel:
        """This model, whose arrivals are the same all day."""
        return self

    def day_weights(self) -> FloatArray:
        """Even over the day, shape (48,)."""
        return np.ones(BUCKETS_PER_DAY)

    def draw(self, num_jobs: int, largest: int, max_run_time: float, rng: np.random.Generator) -> DrawnJobs:
        """Draws each range's arrivals, which are merged, and the jobs; longer run times are cut."""
        ranges = [range_.within(largest) for range_ in self.ranges if range_.smallest <= largest]
        ranges = ranges or [replace(self.ranges[0], smallest=1).within(largest)]
        times, origin = _merged_arrivals(ranges, num_jobs, rng)
        cores = np.empty(num_jobs, dtype=np.int64)
        run_time = np.empty(num_jobs)
        for position, range_ in enumerate(ranges):
            mine = np.flatnonzero(origin == position)
            cores[mine] = range_.draw_sizes(len(mine), rng)
            run_time[mine] = range_.run_time.draw(len(mine), rng)
        run_time = np.maximum(np.floor(np.minimum(run_time, max_run_time)), 1.0)
        return DrawnJobs(np.diff(times, prepend=0.0), cores, run_time)

    def parameters(self) -> Mapping[str, Any]:
        """All parameters by name, as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> JannModel:
        """The model of what :meth:`parameters` gave."""
        ranges = (
            SizeRange(
                **{**range_, "gap": HyperErlang(**range_["gap"])}
                | {"run_time": HyperErlang(**range_["run_time"])}
            )
            for range_ in parameters["ranges"]
        )
        return cls(tuple(ranges), parameters["longest_run_time"])


def fit_jann(sample: TraceSample) -> JannModel:
    """Fits every range of sizes that the trace has jobs enough for."""
    ranges = tuple(_fit_range(sample, smallest, largest) for smallest, largest in _size_ranges(sample.cores))
    return JannModel(ranges, max(float(sample.run_time.max()), SHORTEST_MAX_RUN_TIME))


def _size_ranges(cores: IntArray) -> list[tuple[int, int]]:
    """Bounds of the ranges: powers of two, joined until each holds enough jobs; the rest joins the last."""
    top = int(cores.max())
    bounds: list[tuple[int, int]] = []
    smallest = largest = 1
    while smallest <= top:
        end = min(largest, top)
        if np.count_nonzero((cores >= smallest) & (cores <= end)) >= FEWEST_IN_RANGE:
            bounds.append((smallest, end))
            smallest = end + 1
        elif end == top:
            bounds.append((bounds.pop()[0] if bounds else smallest, top))
            break
        largest *= 2
    return bounds


def _fit_range(sample: TraceSample, smallest: int, largest: int) -> SizeRange:
    mine = (sample.cores >= smallest) & (sample.cores <= largest)
    sizes, counts = np.unique(sample.cores[mine], return_counts=True)
    anywhere = (counts.sum() - counts.max()) / max(largest - smallest, 1) * (largest - smallest + 1)
    gaps = np.diff(sample.submit_time[mine])
    if gaps.mean() < SHORTEST_MEAN_GAP:
        gaps = gaps + SHORTEST_MEAN_GAP
    return SizeRange(
        smallest,
        largest,
        int(sizes[counts.argmax()]),
        float(max(1.0 - anywhere / counts.sum(), 0.0)),
        fit_hyper_erlang(gaps),
        fit_hyper_erlang(np.maximum(sample.run_time[mine], 1.0)),
    )


def _merged_arrivals(
    ranges: Sequence[SizeRange], num_jobs: int, rng: np.random.Generator
) -> tuple[FloatArray, IntArray]:
    """The first arrivals of all ranges together: seconds and position of the range, shapes (num_jobs,)."""
    rates = np.array([1.0 / range_.gap.moment(1) for range_ in ranges])
    batches = np.ceil(rates / rates.sum() * num_jobs).astype(np.int64) + 10
    arrivals = [np.cumsum(r.gap.draw(n, rng)) for r, n in zip(ranges, batches.tolist(), strict=True)]
    while True:
        first = int(np.argmin([times[-1] for times in arrivals]))  # known the least far
        known = arrivals[first][-1]
        if sum(int(np.searchsorted(times, known, side="right")) for times in arrivals) >= num_jobs:
            break
        more = known + np.cumsum(ranges[first].gap.draw(int(batches[first]), rng))
        arrivals[first] = np.concatenate((arrivals[first], more))
    times = np.concatenate(arrivals)
    origin = np.repeat(np.arange(len(ranges)), [len(part) for part in arrivals])
    order = np.argsort(times, kind="stable")[:num_jobs]
    return times[order], origin[order]
