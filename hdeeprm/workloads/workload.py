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


LONGEST_TIME = 1e12
"""s; some 30,000 years. Beyond it sums of times lose their fractions."""
SHORTEST_REQUEST = 1e-6
"""s; rewards divide by requested times."""

_RANGES = (
    ("submit_time", 0.0, LONGEST_TIME),
    ("requested_time", SHORTEST_REQUEST, LONGEST_TIME),
    ("run_time", 0.0, LONGEST_TIME),
    ("walltime", 0.0, LONGEST_TIME),
    ("requested_cores", 1, 2**53),
    ("memory_kb", 0, 2**53),
    ("bandwidth_mb_per_s", 0, 10**9),
    ("work_flop", 0.0, 1e30),
    ("requested_work_flop", 0.0, 1e30),
)
"""Least and largest value of each column, in its unit."""


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

    def work_at(self, reference_speed_flops: float) -> tuple[FloatArray, FloatArray]:
        """Work of the jobs, and that which their users ask time for, in flop per core.

        Args:
            reference_speed_flops: flop/s, at which the times of jobs that do not say their work are
                meant.
        """
        work = np.where(np.isnan(self.work_flop), self.run_time * reference_speed_flops, self.work_flop)
        requested = self.requested_time * reference_speed_flops
        return work, np.where(np.isnan(self.requested_work_flop), requested, self.requested_work_flop)

    def __post_init__(self) -> None:
        if not self.job_ids:
            raise WorkloadError(f"{self.name}: no job is left to run; check nb_jobs and the skipped records")
        self._check_ids()
        for column, least, most in _RANGES:
            self._check_range(column, least, most)
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def _check_ids(self) -> None:
        """Refuse ids that no file could hold."""
        for text in ("".join(self.job_ids), "".join(self.profiles)):
            if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
                raise WorkloadError(f"{self.name}: a job id or profile name is no valid Unicode; rename it")

    def _check_range(self, column: str, least: float, most: float) -> None:
        """Refuse values that would overflow what is computed from them; NaN and infinity say *not given*."""
        values = getattr(self, column)
        wrong = np.flatnonzero((values < least) | ((values > most) & (values < np.inf)))
        if len(wrong):
            job = int(wrong[0])
            raise WorkloadError(
                f"{self.name}: job {self.job_ids[job]}: {column} {values[job]:g} is not from {least:g} to "
                f"{most:g}; correct or remove the job"
            )

    @property
    def num_jobs(self) -> int:
        """Number of jobs."""
        return len(self.job_ids)

    @property
    def job_limits(self) -> JobLimits:
        """The 99th percentile (linear) of each request over the jobs of this workload."""
        requests = (self.requested_time, self.requested_cores, self.memory_kb, self.bandwidth_mb_per_s)
        return JobLimits(*(float(np.percentile(request, JOB_LIMIT_PERCENTILE)) for request in requests))
