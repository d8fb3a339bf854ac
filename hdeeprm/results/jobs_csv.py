"""out_jobs.csv: a row per job in Batsim's columns, in the order of completion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from hdeeprm.metrics import (
    ZERO_RUN_TIME,
    FloatArray,
    IntArray,
    JobRecords,
    execution_time,
    run_time,
    slowdown,
    wait_time,
)

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
NO_WALLTIME = -1.0

_REQUEST = f"%s,{WORKLOAD_NAME},%s,%.6f,%d,%.6f,%d,%s,"
_ENDED = _REQUEST + '%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%s,%.6f,""'
_NOT_STARTED = _REQUEST + ',,,,,,,,""'
_NUM_REQUEST_CELLS = 7


def batsim_finish_time(jobs: JobRecords) -> FloatArray:
    """When jobs finish in Batsim's files, in s: one without work 1e-5 s after its start."""
    return np.where(run_time(jobs) == 0.0, jobs.start_time + ZERO_RUN_TIME, jobs.finish_time)


def jobs_csv(
    jobs: JobRecords, profiles: tuple[str, ...], allocated: list[str], order: IntArray
) -> Iterator[str]:
    """Text of out_jobs.csv, in blocks.

    Args:
        jobs: Jobs of a run.
        profiles: Name of each job's profile.
        allocated: Cores of each job, such as ``0-3 7``.
        order: Indices of the jobs that get a row, in this order.
    """
    finish = batsim_finish_time(jobs)
    turnaround = finish - jobs.submit_time
    walltime = np.where(np.isfinite(jobs.walltime), jobs.walltime, NO_WALLTIME)
    request = (jobs.submit_time, jobs.requested_cores, walltime, jobs.success, jobs.final_state)
    times = (jobs.start_time, execution_time(jobs), finish, wait_time(jobs), turnaround, slowdown(jobs))

    def lines(part: slice) -> list[Iterable[str]]:
        chosen = order[part]
        rows = zip(
            [quoted(jobs.job_ids[job]) for job in chosen],
            [quoted(profiles[job]) for job in chosen],
            *(column[chosen].tolist() for column in (*request, *times)),
            [allocated[job] for job in chosen],
            jobs.energy_joules[chosen].tolist(),
            strict=True,
        )
        ended = jobs.ended[chosen].tolist()
        return [
            [
                _ENDED % row if done else _NOT_STARTED % row[:_NUM_REQUEST_CELLS]
                for row, done in zip(rows, ended, strict=True)
            ]
        ]

    return table(COLUMNS, len(order), lines)
