"""A window of a workload: consecutive jobs, as they are trained on and compared over."""

from __future__ import annotations

from dataclasses import replace

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.workload import Workload


def window(workload: Workload, start: int, length: int) -> Workload:
    """Takes consecutive jobs, shifted so that the first of them is submitted at 0 s.

    Args:
        workload: The whole workload.
        start: Position of the first job, from 0.
        length: Number of jobs, at least 1.

    Returns:
        The jobs ``start`` to ``start + length - 1``; ``origin`` is the first one's time in the trace.

    Raises:
        WorkloadError: If the range does not lie within the workload.
    """
    _check_range(workload, start, length)
    part = slice(start, start + length)
    shift = float(workload.submit_time[start])
    return replace(
        workload,
        job_ids=workload.job_ids[part],
        profiles=workload.profiles[part],
        submit_time=workload.submit_time[part] - shift,
        requested_cores=workload.requested_cores[part],
        requested_time=workload.requested_time[part],
        run_time=workload.run_time[part],
        memory_kb=workload.memory_kb[part],
        bandwidth_mb_per_s=workload.bandwidth_mb_per_s[part],
        walltime=workload.walltime[part],
        work_flop=workload.work_flop[part],
        requested_work_flop=workload.requested_work_flop[part],
        origin=workload.origin + shift,
    )


def _check_range(workload: Workload, start: int, length: int) -> None:
    num_jobs = workload.num_jobs
    if length < 1:
        raise WorkloadError(f"{workload.name}: window of length {length}; give 1 to {num_jobs} jobs")
    if start < 0 or start + length > num_jobs:
        raise WorkloadError(
            f"{workload.name}: window of jobs {start} to {start + length - 1}, but the {num_jobs} jobs are "
            f"numbered 0 to {num_jobs - 1}; choose another start or a shorter length"
        )
