"""Jobs as workload files of Batsim: those of an episode, and a whole workload."""

from __future__ import annotations

import json
import math
from typing import Any

from hdeeprm.memory_units import KB_PER_MB, MB_PER_GB
from hdeeprm.platforms import Platform
from hdeeprm.workloads.workload import Workload

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
    rows = zip(ids, *(column.tolist() for column in columns), ids, strict=True)
    content = {
        "nb_res": num_cores,
        "jobs": [_job(*row) for row in rows],
        "profiles": {name: _profile(flop) for name, flop in zip(ids, jobs.work_flop.tolist(), strict=True)},
    }
    return json.dumps(content).encode()


def workload_text(workload: Workload, platform: Platform) -> bytes:
    """Content of the file of a whole workload, with this package's own fields in the profiles.

    Args:
        workload: The jobs, with their own ids and profiles.
        platform: Where they run, which says how much work their run times are.
    """
    work, requested_work = workload.work_at(platform.reference_speed_flops)
    columns = (workload.submit_time, workload.requested_cores, workload.walltime)
    rows = zip(workload.job_ids, *(column.tolist() for column in columns), workload.profiles, strict=True)
    own = (work, workload.requested_time, requested_work, workload.memory_kb, workload.bandwidth_mb_per_s)
    profiles = zip(workload.profiles, *(column.tolist() for column in own), strict=True)
    content = {
        "nb_res": platform.num_cores,
        "jobs": [_job(*row) for row in rows],
        "profiles": {name: _own_profile(*figures) for name, *figures in profiles},
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def _job(job_id: str, submit_time: float, cores: int, walltime: float, profile: str) -> dict[str, Any]:
    job = {"id": job_id, "subtime": exact_number(submit_time), "res": cores, "profile": profile}
    return job | {"walltime": exact_number(walltime)} if math.isfinite(walltime) else job


def _profile(work_flop: float) -> dict[str, Any]:
    return {"type": "parallel_homogeneous", "cpu": exact_number(work_flop), "com": 0}


def _own_profile(
    work_flop: float, requested_time: float, requested_flop: float, memory_kb: int, mb_per_s: int
) -> dict[str, Any]:
    return _profile(work_flop) | {
        "req_time": exact_number(requested_time),
        "req_ops": exact_number(requested_flop),
        "mem": exact_number(memory_kb / KB_PER_MB),
        "mem_bw": exact_number(mb_per_s / MB_PER_GB),
    }


def exact_number(number: float) -> float | int:
    """A number so that Batsim reads the very same."""
    return int(number) if number.is_integer() and abs(number) < EXACT_INTEGERS else number
