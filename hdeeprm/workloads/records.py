"""What the records of a trace say about each job, and which records cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.settings import TraceSettings
from hdeeprm.workloads.swf import SwfTrace
from hdeeprm.workloads.workload import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

# Numbers of the fields in the standard.
JOB_NUMBER, SUBMIT_TIME, RUN_TIME, ALLOCATED_PROCESSORS, USED_MEMORY = 1, 2, 4, 5, 7
REQUESTED_PROCESSORS, REQUESTED_TIME, REQUESTED_MEMORY = 8, 9, 10

KB_PER_UNIT = {"bytes": (1, 1000), "KB": (1, 1), "MB": (1000, 1)}
"""Numerator and denominator of a unit in KB; 1 MB = 1000 KB, as everywhere in the project."""

RLSCHEDULER_RUN_TIME = 10.0
"""s, of a job whose run time is negative [Zhang et al. 2020, RLScheduler]."""

LARGEST_INTEGER = 2.0**53
"""Integers up to here are exact in float64, the type the fields are read into."""


@dataclass(frozen=True, eq=False)
class Records:
    """One value per record; not a number where the trace does not know. Shapes (num_records,)."""

    submit_time: FloatArray  # s
    run_time: FloatArray  # s, as logged
    requested_time: FloatArray  # s; the run time where no time was asked for
    processors: FloatArray  # whole numbers
    memory_kb: FloatArray  # whole numbers, per core
    time_was_requested: BoolArray
    bandwidth_mb_per_s: FloatArray  # whole numbers, per core


def read_records(trace: SwfTrace, settings: TraceSettings) -> Records:
    """Takes the fields that matter out of a trace, with their fall-backs.

    Processors are those asked for (field 8), else those allocated (5); requested time is field 9, else
    the run time (4); memory is the requested one (10), else the used one (7), rounded up to whole KB.

    Args:
        trace: The trace.
        settings: Unit and scope of the memory fields, and whose reading of times and processors counts.

    Returns:
        The values of all records, usable or not.

    Raises:
        WorkloadError: If a number of processors or a memory is beyond 2^53, with file and line.
    """
    run_time = trace.field(RUN_TIME)
    asked_time = _known(trace.field(REQUESTED_TIME))
    processors = _first_known(trace.field(REQUESTED_PROCESSORS), trace.field(ALLOCATED_PROCESSORS))
    if settings.reading == "rlscheduler":
        run_time = np.where(run_time < 0, RLSCHEDULER_RUN_TIME, run_time)
        processors = np.fmax(processors, _known(trace.field(ALLOCATED_PROCESSORS)))
    processors = np.ceil(processors)
    memory_kb = _memory_kb(trace, processors, settings)
    _check_exact(trace, processors, "processors")
    bandwidth = _bandwidth(trace)
    _check_exact(trace, bandwidth, "MB/s of memory bandwidth per core")
    _check_exact(trace, memory_kb, "KB of memory per core", " Check memory_unit and memory_scope")
    return Records(
        submit_time=trace.field(SUBMIT_TIME),
        run_time=run_time,
        requested_time=np.where(np.isnan(asked_time) & (run_time >= 0), run_time, asked_time),
        processors=processors,
        memory_kb=memory_kb,
        time_was_requested=~np.isnan(asked_time),
        bandwidth_mb_per_s=bandwidth,
    )


def usable_records(
    records: Records, settings: TraceSettings, *, needs_run_time: bool
) -> tuple[IntArray, Mapping[str, int]]:
    """Positions of the records that make a job, and how many do not, by reason.

    A record with several faults is counted once, under the first of them in this order: negative run
    time, no run time (where RLScheduler's reading counts), negative submit time, no processors, no requested
    time, no memory.

    Args:
        records: All records.
        settings: Whether jobs without memory are skipped.
        needs_run_time: Whether a negative run time makes a record useless.

    Returns:
        int64 positions, and reason to number of records; reasons that do not occur are left out.
    """
    faults = {
        "negative run time": (records.run_time < 0) & needs_run_time,
        "no run time": (records.run_time == 0) & (settings.reading == "rlscheduler"),
        "negative submit time": records.submit_time < 0,
        "no processors": np.isnan(records.processors),
        "no requested time": np.isnan(records.requested_time),
        "no memory": np.isnan(records.memory_kb) & (settings.memory == "skip"),
    }
    usable = np.ones(len(records.run_time), dtype=np.bool_)
    skipped: dict[str, int] = {}
    for reason, fault in faults.items():
        count = int(np.count_nonzero(usable & fault))
        if count:
            skipped[reason] = count
        usable &= ~fault
    return np.flatnonzero(usable).astype(np.int64), skipped


def _known(field: FloatArray) -> FloatArray:
    """A field with not-a-number where it holds no positive value: -1, or a meaningless 0."""
    return np.where(field > 0, field, np.nan)


def _first_known(field: FloatArray, fallback: FloatArray) -> FloatArray:
    return np.where(field > 0, field, _known(fallback))


def _memory_kb(trace: SwfTrace, processors: FloatArray, settings: TraceSettings) -> FloatArray:
    memory = _first_known(trace.field(REQUESTED_MEMORY), trace.field(USED_MEMORY))
    numerator, denominator = KB_PER_UNIT[settings.memory_unit]
    sharers = processors if settings.memory_scope == "job" else 1.0
    with np.errstate(over="ignore"):
        return np.asarray(np.ceil(memory * numerator / (denominator * sharers)), dtype=np.float64)


def _bandwidth(trace: SwfTrace) -> FloatArray:
    """Memory bandwidth where the trace has it; a job may well ask for 0."""
    if trace.bandwidth_mb_per_s is None:
        return np.full(trace.num_records, np.nan)
    return np.where(trace.bandwidth_mb_per_s < 0, np.nan, np.ceil(trace.bandwidth_mb_per_s))


def _check_exact(trace: SwfTrace, values: FloatArray, what: str, cure: str = "") -> None:
    too_large = np.flatnonzero(values > LARGEST_INTEGER)
    if len(too_large):
        first = too_large[0]
        where = f"{trace.source}:{trace.line_numbers[first]}"
        raise WorkloadError(f"{where}: {values[first]:g} {what}; at most 2^53 can be handled.{cure}")
