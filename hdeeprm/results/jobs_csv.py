"""out_jobs.csv: a row per job in Batsim's columns, in the order of completion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdeeprm.metrics import (
    ZERO_RUN_TIME,
    FloatArray,
    IntArray,
    JobOutcomes,
    JobRecords,
    execution_time,
    run_time,
    slowdown,
)
from hdeeprm.workloads.batsim_fields import NO_WALLTIME

from .csv_text import quoted, table

COLUMNS = (
    "job_id",
    "workload_name",
    "profile",
    "submission_time",
    "requested_number_of_resources",
    "requested_time",
    "success",
    "final_state",
    "starting_time",
    "execution_time",
    "finish_time",
    "waiting_time",
    "turnaround_time",
    "stretch",
    "allocated_resources",
    "consumed_energy",
    "metadata",
)
WORKLOAD_NAME = "w0"
"""Batsim's name of its first workload; a run has one."""

_REQUEST = "%s,%s,%s,%.6f,%d,%.6f,%d,%s,"
_ENDED = _REQUEST + '%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%s,%.6f,"%s"'
_NOT_STARTED = _REQUEST + ',,,,,,,,"%s"'
_NUM_REQUEST_CELLS = 8


@dataclass(frozen=True, eq=False)
class ReportedJobs(JobOutcomes):
    """Jobs as Batsim's files have them; all columns have shape (num_jobs,)."""

    job_ids: Sequence[str]
    workload_names: Sequence[str]
    profiles: Sequence[str]  # their names
    submit_time: FloatArray  # s
    num_requested: IntArray  # cores
    walltime: FloatArray  # s, -1 for none
    final_state: npt.NDArray[np.object_]  # Batsim's name
    start_time: FloatArray  # s; NaN where the job did not end
    execution_time: FloatArray  # likewise; above 0
    finish_time: FloatArray  # likewise
    slowdown: FloatArray  # likewise
    allocated: Sequence[str]  # cores, such as "0-3 7"
    energy_joules: FloatArray
    metadata: Sequence[str]

    @property
    def waiting_time(self) -> FloatArray:
        """From submission to start, in s, shape (num_jobs,)."""
        return self.start_time - self.submit_time

    @property
    def turnaround_time(self) -> FloatArray:
        """From submission to finish, in s, shape (num_jobs,)."""
        return self.finish_time - self.submit_time


def reported(jobs: JobRecords, profiles: Sequence[str], allocated: Sequence[str]) -> ReportedJobs:
    """Jobs of a run as Batsim's files have them.

    Args:
        jobs: Jobs of a run.
        profiles: Name of each job's profile.
        allocated: Cores of each job, such as ``0-3 7``.
    """
    return ReportedJobs(
        job_ids=jobs.job_ids,
        workload_names=(WORKLOAD_NAME,) * jobs.num_jobs,
        profiles=profiles,
        submit_time=jobs.submit_time,
        num_requested=jobs.requested_cores,
        walltime=np.where(np.isfinite(jobs.walltime), jobs.walltime, NO_WALLTIME),
        final_state=jobs.final_state,
        start_time=jobs.start_time,
        execution_time=execution_time(jobs),
        finish_time=np.where(run_time(jobs) == 0.0, jobs.start_time + ZERO_RUN_TIME, jobs.finish_time),
        slowdown=slowdown(jobs),
        allocated=allocated,
        energy_joules=jobs.energy_joules,
        metadata=("",) * jobs.num_jobs,
    )


def jobs_csv(jobs: ReportedJobs, order: IntArray) -> Iterator[str]:
    """Text of out_jobs.csv, in blocks.

    Args:
        jobs: The jobs.
        order: Indices of those that get a row, in this order.
    """
    request = (jobs.submit_time, jobs.num_requested, jobs.walltime, jobs.success, jobs.final_state)
    spans = (jobs.execution_time, jobs.finish_time, jobs.waiting_time, jobs.turnaround_time, jobs.slowdown)
    numbers = (*request, jobs.start_time, *spans)
    names, ended = (jobs.job_ids, jobs.workload_names, jobs.profiles), jobs.ended

    def lines(part: slice) -> list[Iterable[str]]:
        chosen = order[part]
        rows = zip(
            *([quoted(texts[job]) for job in chosen] for texts in names),
            *(column[chosen].tolist() for column in numbers),
            [jobs.allocated[job] for job in chosen],
            jobs.energy_joules[chosen].tolist(),
            [jobs.metadata[job].replace('"', '""') for job in chosen],
            strict=True,
        )
        return [
            [
                _ENDED % row if done else _NOT_STARTED % (*row[:_NUM_REQUEST_CELLS], row[-1])
                for row, done in zip(rows, ended[chosen].tolist(), strict=True)
            ]
        ]

    return table(COLUMNS, len(order), lines)
