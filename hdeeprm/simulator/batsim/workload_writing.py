"""The jobs of an episode as a workload file of Batsim."""

from __future__ import annotations

import json
import math
from typing import Any

from .peer import EpisodeJobs

EXACT_INTEGERS = 2.0**63
"""Batsim reads whole numbers below it exactly; others of 17 digits it may miss by an ulp."""


def job_ids(num_jobs: int) -> tuple[str, ...]:
    """Ids of jobs by their place, padded with zeros, so that Batsim orders equal times as we do.

    >>> job_ids(11)[:2]
    ('00', '01')
    """
    width = len(str(num_jobs - 1))
    return tuple(str(job).zfill(width) for job in range(num_jobs))


def workload_json(jobs: EpisodeJobs, num_cores: int) -> bytes:
    """Content of the workload file.

    Args:
        jobs: What is to be simulated.
        num_cores: Cores of the platform.
    """
    ids = job_ids(jobs.num_jobs)
    columns = (jobs.submit_time, jobs.requested_cores, jobs.walltime)
    rows = zip(ids, *(column.tolist() for column in columns), strict=True)
    content = {
        "nb_res": num_cores,
        "jobs": [_job(*row) for row in rows],
        "profiles": {name: _profile(flop) for name, flop in zip(ids, jobs.work_flop.tolist(), strict=True)},
    }
    return json.dumps(content).encode()


def _job(job_id: str, submit_time: float, cores: int, walltime: float) -> dict[str, Any]:
    job = {"id": job_id, "subtime": exact_number(submit_time), "res": cores, "profile": job_id}
    return job | {"walltime": exact_number(walltime)} if math.isfinite(walltime) else job


def _profile(work_flop: float) -> dict[str, Any]:
    return {"type": "parallel_homogeneous", "cpu": exact_number(work_flop), "com": 0}


def exact_number(number: float) -> float | int:
    """A number so that Batsim reads the very same."""
    return int(number) if number.is_integer() and abs(number) < EXACT_INTEGERS else number
