"""The workload: the jobs of one trace as flat, immutable arrays in order of submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import WorkloadError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

JOB_LIMIT_PERCENTILE = 99.0
"""Observations are scaled by this percentile of each request, so that outliers do not flatten them."""


@dataclass(frozen=True)
class JobLimits:
    """What observations of the queue are divided by: a high percentile of each request."""

    requested_time: float  # s
    requested_cores: float
    memory_kb: float  # per core
    bandwidth_mb_per_s: float  # per core


@dataclass(frozen=True, eq=False)
class Workload:
    """Jobs in order of submission time, equal times by id as a string.

    All arrays have shape (num_jobs,). Work that depends on the platform is NaN where it follows from a
    time: ``run_time`` x reference speed, ``requested_time`` x reference speed.
    """

    name: str
    job_ids: tuple[str, ...]
    profiles: tuple[str, ...]
    submit_time: FloatArray  # s; the first is 0
    requested_cores: IntArray
    requested_time: FloatArray  # s, the user's estimate, above 0
    run_time: FloatArray  # s at reference speed, true; hidden from agents
    memory_kb: IntArray  # per core
    bandwidth_mb_per_s: IntArray  # per core
    walltime: FloatArray  # s; infinity where the job has no limit
    work_flop: FloatArray  # per core; NaN: run_time x reference speed
    requested_work_flop: FloatArray  # per core; NaN: requested_time x reference speed
    origin: float = 0.0  # s, the trace's own time of the first submission
    skipped: Mapping[str, int] = field(default_factory=dict)  # reason: number of records
    notes: tuple[str, ...] = ()  # what the reader wants the user to know

    def __post_init__(self) -> None:
        if not self.job_ids:
            raise WorkloadError(f"{self.name}: no job is left to run; check nb_jobs and the skipped records")
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    @property
    def num_jobs(self) -> int:
        """Number of jobs."""
        return len(self.job_ids)

    @property
    def job_limits(self) -> JobLimits:
        """The 99th percentile (linear) of each request over the jobs of this workload."""
        requests = (self.requested_time, self.requested_cores, self.memory_kb, self.bandwidth_mb_per_s)
        return JobLimits(*(float(np.percentile(request, JOB_LIMIT_PERCENTILE)) for request in requests))
