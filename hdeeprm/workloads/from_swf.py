"""From the records of a trace to a workload: fall-backs, synthesis of what is missing, order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.ordering import out_of_order_note, submission_order, take_first
from hdeeprm.workloads.records import JOB_NUMBER, Records, read_records, usable_records
from hdeeprm.workloads.settings import TraceSettings
from hdeeprm.workloads.swf import SwfTrace
from hdeeprm.workloads.synthesis import draw_bandwidths, draw_memories, draw_run_times
from hdeeprm.workloads.workload import FloatArray, IntArray, Workload

SHORTEST_REQUEST = 1.0
"""Seconds; requests below count as this, because scores and rewards divide by them."""

_MEMORY_TAKEN = {"zero": "0 is taken", "skip": "they are skipped", "draw": "it is drawn"}


def workload_from_swf(trace: SwfTrace, settings: TraceSettings, rng: np.random.Generator) -> Workload:
    """Turns a trace into the jobs of a simulation.

    Run times, memory and bandwidth are drawn from three generators of their own, in order of
    submission: a job keeps its draws whatever ``nb_jobs`` is and whatever else is drawn.

    Args:
        trace: Records as read from the file.
        settings: The choices that the standard leaves open.
        rng: Source of all that is drawn.

    Returns:
        The first ``nb_jobs`` usable jobs in order of submission, the first one at 0 s.

    Raises:
        WorkloadError: If no record makes a job, or a number is too large to be handled.
    """
    records = read_records(trace, settings)
    logged = _takes_logged_run_times(records, settings)
    needs_run_time = logged or bool((records.run_time >= 0).any())
    usable, skipped = usable_records(records, settings, needs_run_time=needs_run_time)
    if not len(usable):
        raise _no_job_left(trace, skipped)
    job_ids, notes = _unique_ids(trace.field(JOB_NUMBER)[usable])
    notes += out_of_order_note(records.submit_time[usable])
    num_jobs, shortage = take_first(len(usable), settings.nb_jobs)
    order = submission_order(records.submit_time[usable], job_ids)[:num_jobs]
    jobs = _pick(records, usable[order])
    notes += shortage + _notes(jobs, settings, logged)
    ids = tuple(job_ids[position] for position in order.tolist())
    return _workload(trace.source, ids, jobs, settings, rng, logged, skipped, tuple(notes))


def _workload(
    source: str,
    job_ids: tuple[str, ...],
    jobs: Records,
    settings: TraceSettings,
    rng: np.random.Generator,
    logged: bool,
    skipped: Mapping[str, int],
    notes: tuple[str, ...],
) -> Workload:
    run_time_rng, memory_rng, bandwidth_rng = rng.spawn(3)
    requested_time = np.maximum(jobs.requested_time, SHORTEST_REQUEST)
    unknown = np.full(len(job_ids), np.nan)
    return Workload(
        name=Path(source).name,
        job_ids=job_ids,
        profiles=tuple(f"job_{job_id}" for job_id in job_ids),
        submit_time=jobs.submit_time - jobs.submit_time[0],
        requested_cores=jobs.processors.astype(np.int64),
        requested_time=requested_time,
        run_time=jobs.run_time if logged else draw_run_times(requested_time, run_time_rng),
        memory_kb=_memory_kb(jobs, settings, memory_rng),
        bandwidth_mb_per_s=_bandwidths(jobs, settings, bandwidth_rng),
        walltime=requested_time.copy() if settings.walltime == "requested" else np.full(len(job_ids), np.inf),
        work_flop=unknown,
        requested_work_flop=unknown.copy(),
        origin=float(jobs.submit_time[0]),
        skipped=skipped,
        notes=notes,
    )


def _takes_logged_run_times(records: Records, settings: TraceSettings) -> bool:
    if settings.run_time is None:
        return bool((records.run_time >= 0).any())
    return settings.run_time == "logged"


def _pick(records: Records, positions: IntArray) -> Records:
    return Records(
        records.submit_time[positions],
        records.run_time[positions],
        records.requested_time[positions],
        records.processors[positions],
        records.memory_kb[positions],
        records.time_was_requested[positions],
        records.bandwidth_mb_per_s[positions],
    )


def _memory_kb(jobs: Records, settings: TraceSettings, rng: np.random.Generator) -> IntArray:
    missing = np.isnan(jobs.memory_kb)
    known = np.where(missing, 0.0, jobs.memory_kb).astype(np.int64)
    if settings.memory != "draw":
        return known
    return np.where(missing, draw_memories(len(known), rng), known)


def _bandwidths(jobs: Records, settings: TraceSettings, rng: np.random.Generator) -> IntArray:
    num_jobs = len(jobs.run_time)
    if settings.mem_bw == "none":
        return np.zeros(num_jobs, dtype=np.int64)
    missing = np.isnan(jobs.bandwidth_mb_per_s)
    known = np.where(missing, 0.0, jobs.bandwidth_mb_per_s).astype(np.int64)
    return np.where(missing, draw_bandwidths(num_jobs, rng), known)


def _unique_ids(numbers: FloatArray) -> tuple[list[str], list[str]]:
    """Job numbers as text; the second job 7 becomes "7-2", with a note on how many there are."""
    ids = [str(int(number)) if number.is_integer() else repr(number) for number in numbers.tolist()]
    duplicates = len(ids) - len(set(ids))
    if not duplicates:
        return ids, []
    seen: Counter[str] = Counter()
    for position, job_id in enumerate(ids):
        seen[job_id] += 1
        if seen[job_id] > 1:
            ids[position] = f"{job_id}-{seen[job_id]}"
    return ids, [f"job numbers that came again, and got '-2', '-3' ...: {duplicates}"]


def _notes(jobs: Records, settings: TraceSettings, logged: bool) -> list[str]:
    counts = {
        "jobs have no requested time in the trace: their run time is taken": ~jobs.time_was_requested,
        "requested times below 1 s count as 1 s": jobs.requested_time < SHORTEST_REQUEST,
        f"jobs have no memory in the trace: {_MEMORY_TAKEN[settings.memory]}": np.isnan(jobs.memory_kb),
    }
    total = len(jobs.run_time)
    notes = [f"{np.count_nonzero(at)} of {total} {text}" for text, at in counts.items() if at.any()]
    if not logged and settings.run_time is None:
        notes.append("the trace has no run times: they are drawn from the requested times")
    if settings.mem_bw == "draw" and np.isnan(jobs.bandwidth_mb_per_s).any():
        notes.append('memory bandwidth is drawn, 4 to 24 GB/s per core (workload.mem_bw: "none" for none)')
    return notes


def _no_job_left(trace: SwfTrace, skipped: Mapping[str, int]) -> WorkloadError:
    counts = ", ".join(f"{count} with {reason}" for reason, count in skipped.items())
    return WorkloadError(
        f"{trace.source}: no job is left of {trace.num_records} records: {counts}; give another trace, "
        'memory: "zero" where memory is missing, or run_time: "synthetic" where run times are'
    )
