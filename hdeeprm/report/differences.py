"""How two runs differ job by job: mean differences on the same jobs, and how sure these are."""

from __future__ import annotations

from typing import NamedTuple

from hdeeprm.comparison.statistics import Interval, mean_interval, paired_p_value
from hdeeprm.metrics import FloatArray
from hdeeprm.plots.binning import block_means, blocks_of
from hdeeprm.plots.comparison import NUM_BLOCKS, OF_JOBS
from hdeeprm.plots.pairing import paired_jobs
from hdeeprm.results.reading import RecordedRun


class Difference(NamedTuple):
    """Difference of a mean between two runs, over the jobs that ended in both."""

    name: str
    num_jobs: int
    baseline: float  # of the first run
    mean: float  # second - first
    interval: Interval  # 95 %
    p_value: float


def differences(baseline: RecordedRun, other: RecordedRun) -> list[Difference]:
    """Paired differences of two runs.

    Raises:
        HDeepRMError: If they are not of one workload.
    """
    first, second = paired_jobs([baseline, other])
    return [
        _difference(name, function(baseline.jobs)[first], function(other.jobs)[second])
        for name, function in OF_JOBS.items()
    ]


def _difference(name: str, baseline: FloatArray, other: FloatArray) -> Difference:
    change = other - baseline
    begins = blocks_of(len(change), NUM_BLOCKS)
    blocks = block_means(change, begins)
    interval, p_value = mean_interval(blocks), paired_p_value(blocks)
    return Difference(name, len(change), float(baseline.mean()), float(change.mean()), interval, p_value)
