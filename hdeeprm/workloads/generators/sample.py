"""What a model is fitted to, and compared with: the usable jobs of a trace."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.generators.arrivals import SECONDS_PER_DAY
from hdeeprm.workloads.loading import find_workload
from hdeeprm.workloads.records import read_records, usable_records
from hdeeprm.workloads.settings import TraceSettings
from hdeeprm.workloads.swf import SwfTrace, read_swf
from hdeeprm.workloads.workload import FloatArray, IntArray

FEWEST_JOBS = 30
"""A model has up to a dozen parameters; fewer jobs would say nothing about them."""


@dataclass(frozen=True, eq=False)
class TraceSample:
    """Jobs in order of submission; shapes (num_jobs,), not a number where the trace does not know."""

    source: str
    submit_time: FloatArray  # s since the midnight before the first job, local where the header tells
    cores: IntArray
    run_time: FloatArray  # s
    requested_time: FloatArray  # s
    memory_kb: FloatArray  # per core, in the unit of the trace where it is not KB
    num_cores: int  # of the machine; of the largest job where the trace does not say

    @property
    def load(self) -> float:
        """Offered load, sum(cores x run time) / (num_cores x seconds of submissions), or infinity."""
        span = float(np.ptp(self.submit_time))
        work = float((self.cores * self.run_time).sum())
        return work / (self.num_cores * span) if span > 0.0 else math.inf


def read_sample(path: str | Path) -> TraceSample:
    """Reads the jobs of a trace that a model can be fitted to.

    Args:
        path: SWF trace, plain or gzip, or the name of a shipped one.

    Returns:
        Its usable jobs.

    Raises:
        WorkloadError: If the trace is not found or cannot be read, or its usable jobs are too few or all
            came at once.
    """
    trace = read_swf(find_workload(path))
    sample = sample_of(trace)
    if len(sample.cores) < FEWEST_JOBS:
        raise WorkloadError(
            f"{trace.source}: {len(sample.cores)} of {trace.num_records} records can be used; a model "
            f"needs at least {FEWEST_JOBS} jobs with a run time, a submit time and processors"
        )
    if sample.load == math.inf:
        raise WorkloadError(
            f"{trace.source}: all jobs came at once; a model of arrivals needs a span of time"
        )
    return sample


def sample_of(trace: SwfTrace) -> TraceSample:
    """The jobs of a trace that have a run time, a submission and a number of cores; perhaps none."""
    settings = TraceSettings()
    records = read_records(trace, settings)
    usable, _ = usable_records(records, settings, needs_run_time=True)
    order = usable[np.argsort(records.submit_time[usable], kind="stable")]
    submit_time = records.submit_time[order]
    first = float(submit_time[0]) if len(order) else 0.0
    cores = records.processors[order].astype(np.int64)
    known = records.time_was_requested[order]
    return TraceSample(
        trace.source,
        submit_time - first + (_time_of_day(trace.header) + first) % SECONDS_PER_DAY,
        cores,
        records.run_time[order],
        np.where(known, records.requested_time[order], np.nan),
        records.memory_kb[order],
        max(_machine_size(trace), int(cores.max(initial=1))),
    )


def _machine_size(trace: SwfTrace) -> int:
    """Processors of the machine in the header, else 0."""
    match = re.match(r"\d{1,9}", trace.header.get("MaxProcs", trace.header.get("MaxNodes", "")))
    return int(match.group()) if match else 0


def _time_of_day(header: Mapping[str, str]) -> float:
    """Seconds after midnight of time 0: local where the header tells the clock time, else UTC, else 0."""
    clock = re.search(r"(\d?\d):(\d\d):(\d\d)", header.get("StartTime", ""))
    if clock:
        hours, minutes, seconds = map(float, clock.groups())
        return (3600.0 * hours + 60.0 * minutes + seconds) % SECONDS_PER_DAY
    start = re.match(r"\d{1,15}", header.get("UnixStartTime", ""))
    return float(start.group()) % SECONDS_PER_DAY if start else 0.0
