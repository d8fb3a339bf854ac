"""The order of jobs: by submission time, equal times by id as a string, as Batsim orders them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdeeprm.workloads.workload import FloatArray, IntArray


def submission_order(submit_time: FloatArray, job_ids: Sequence[str]) -> IntArray:
    """Positions of the jobs in order of submission.

    Args:
        submit_time: Seconds, shape (num_jobs,).
        job_ids: Unique ids; "10" comes before "9".

    Returns:
        int64, shape (num_jobs,).
    """
    order = np.argsort(submit_time, kind="stable").astype(np.int64)
    times = submit_time[order]
    starts = np.flatnonzero(np.diff(times, prepend=-np.inf) > 0)
    ends = np.append(starts[1:], len(order))
    for group in np.flatnonzero(ends - starts > 1).tolist():
        start, end = int(starts[group]), int(ends[group])
        order[start:end] = sorted(order[start:end].tolist(), key=job_ids.__getitem__)
    return order


def out_of_order_note(submit_time: FloatArray) -> list[str]:
    """Says how many jobs are submitted before one that stands ahead of them; empty where none is."""
    late = int(np.count_nonzero(submit_time < np.maximum.accumulate(submit_time))) if len(submit_time) else 0
    return (
        [f"{late} of {len(submit_time)} jobs stood out of order of submission; all were sorted"]
        if late
        else []
    )


def take_first(num_jobs: int, nb_jobs: int | None) -> tuple[int, list[str]]:
    """Number of jobs to take, and a note where more are asked for than there are.

    Args:
        num_jobs: Number of usable jobs.
        nb_jobs: Number asked for; None for all.

    Returns:
        The number taken, and no or one note.
    """
    if nb_jobs is None or nb_jobs == num_jobs:
        return num_jobs, []
    if nb_jobs > num_jobs:
        return num_jobs, [f"nb_jobs asks for {nb_jobs} jobs, there are {num_jobs}: all are taken"]
    return nb_jobs, []
