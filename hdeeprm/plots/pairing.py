"""The same jobs in several runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdeeprm.errors import FigureError
from hdeeprm.metrics import IntArray
from hdeeprm.results.reading import RecordedRun

CLOSE = 1e-3
"""s; times in files are rounded."""


def paired_jobs(runs: Sequence[RecordedRun]) -> list[IntArray]:
    """Rows in each run's ``jobs`` of those that ended in all of them, in order of submission.

    Raises:
        FigureError: If there are fewer than two runs, they have no job in common, or one of the same id is
            another in each.
    """
    if len(runs) < 2:
        raise FigureError("a comparison needs at least two runs; name another one")
    places = [
        {jobs.job_ids[row]: row for row in np.flatnonzero(jobs.ended).tolist()}
        for jobs in (run.jobs for run in runs)
    ]
    common = [job_id for job_id in places[0] if all(job_id in place for place in places[1:])]
    common.sort(key=lambda job_id: (runs[0].jobs.submit_time[places[0][job_id]], job_id))
    rows = [np.array([place[job_id] for job_id in common], np.int64) for place in places]
    if not common:
        raise FigureError(
            f"{runs[0].path} and {runs[-1].path} have no job in common; compare runs of one workload"
        )
    for run, own in zip(runs[1:], rows[1:], strict=True):
        _check_same(runs[0], rows[0], run, own)
    return rows


def _check_same(one: RecordedRun, rows: IntArray, other: RecordedRun, others: IntArray) -> None:
    submitted = np.abs(one.jobs.submit_time[rows] - other.jobs.submit_time[others]) > CLOSE
    differ = np.flatnonzero(
        submitted | (one.jobs.requested_cores[rows] != other.jobs.requested_cores[others])
    )
    if len(differ):
        job_id = one.jobs.job_ids[rows[differ[0]]]
        raise FigureError(
            f"{one.path} and {other.path}: job {job_id} is submitted at another time, or asks for "
            "other cores; compare runs of one workload"
        )
