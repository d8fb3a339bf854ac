"""The jobs of a workload file as a table: a column per field, as they stand there and with nothing drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.memory_units import KB_PER_MB, MB_PER_GB
from hdeeprm.workloads.batsim_json import parse_batsim_json
from hdeeprm.workloads.files import is_json, read_file
from hdeeprm.workloads.loading import find_workload
from hdeeprm.workloads.ordering import submission_order, take_first
from hdeeprm.workloads.records import JOB_NUMBER, Records, read_records, usable_records
from hdeeprm.workloads.settings import TraceSettings
from hdeeprm.workloads.swf import SwfTrace, parse_swf
from hdeeprm.workloads.workload import FloatArray, IntArray, Workload

from .fields import FIELDS, SWF_COLUMNS, field_named

_CORES_IN_HEADER = ("MaxProcs", "MaxNodes")


@dataclass(frozen=True, eq=False)
class JobTable:
    """Jobs in order of submission.

    Attributes:
        source: Name of the file.
        columns: By field, float64, shape (num_jobs,); NaN where the workload does not know.
        num_cores: Cores of the machine that the trace says it is from; None where it does not say.
        skipped: Records that make no job: reason to their number.
        notes: What the reader wants the user to know.
    """

    source: str
    columns: Mapping[str, FloatArray]
    num_cores: int | None = None
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def num_jobs(self) -> int:
        """Number of jobs."""
        return len(self.columns["submit_time"])

    def known(self, name: str) -> FloatArray:
        """Values of a field, or of another name of one, where the workload knows them.

        Raises:
            WorkloadError: If there is no such field, or none of the jobs has a value.
        """
        found = field_named(name, self.columns, self.source)
        values = self.columns[found]
        values = values[~np.isnan(values)]
        if not len(values):
            raise WorkloadError(f"field {name!r}: {self.source} records none.{_CURES.get(found, '')}")
        return values


_CURES = {
    "mem_bw": " SWF has no bandwidth, a run draws it (workload.mem_bw); hdeeprm export writes what was drawn",
    "mem": " A run gives such jobs none, or draws it (workload.memory)",
    "run_time": " It needs req_time and req_ops, or field 4 of a trace",
    "accuracy": " It needs run times and the times asked for",
    "interarrival_time": " It takes two jobs",
}


def read_job_table(path: str | Path, settings: TraceSettings | None = None) -> JobTable:
    """Reads the jobs of an SWF trace or of a Batsim JSON workload, plain or gzip.

    Args:
        path: The file, or the name of a shipped one.
        settings: How a trace is read: ``nb_jobs``, unit and scope of its memory.

    Raises:
        WorkloadError: If it is not found, cannot be read, or holds no usable job.
    """
    settings = settings or TraceSettings()
    found = find_workload(path)
    data = read_file(found)
    if is_json(data):
        return _of_workload(parse_batsim_json(data, str(found), settings.nb_jobs))
    return _of_trace(parse_swf(data, str(found)), settings)


def _of_workload(workload: Workload) -> JobTable:
    columns = _columns(
        submit_time=workload.submit_time,
        size=workload.requested_cores.astype(np.float64),
        req_time=workload.requested_time,
        run_time=workload.run_time,
        accuracy=_ratio(workload.run_time, workload.requested_time),
        mem=workload.memory_kb / KB_PER_MB,
        mem_bw=workload.bandwidth_mb_per_s / MB_PER_GB,
    )
    return JobTable(workload.name, columns, notes=workload.notes)


def _of_trace(trace: SwfTrace, settings: TraceSettings) -> JobTable:
    """The jobs that a run would take, with what the trace says of them and no more."""
    records = read_records(trace, settings)
    usable, skipped = usable_records(records, settings, needs_run_time=bool((records.run_time >= 0).any()))
    if not len(usable):
        reasons = ", ".join(f"{count} with {reason}" for reason, count in skipped.items())
        raise WorkloadError(f"{trace.source}: no job is left of {trace.num_records} records: {reasons}")
    num_jobs, notes = take_first(len(usable), settings.nb_jobs)
    numbers = [f"{number:g}" for number in trace.field(JOB_NUMBER)[usable]]
    chosen = usable[submission_order(records.submit_time[usable], numbers)[:num_jobs]]
    raw = {name: trace.field(number)[chosen] for name, number in SWF_COLUMNS.items()}
    as_it_stands = {name: np.where(values == -1, np.nan, values) for name, values in raw.items()}
    columns = {**_trace_columns(records, chosen), **as_it_stands}
    return JobTable(Path(trace.source).name, columns, _num_cores(trace), skipped, tuple(notes))


def _trace_columns(records: Records, chosen: IntArray) -> dict[str, FloatArray]:
    submit_time, run_time = records.submit_time[chosen], records.run_time[chosen]
    req_time, asked = records.requested_time[chosen], records.time_was_requested[chosen]
    run_time = np.where(run_time < 0, np.nan, run_time)
    return _columns(
        submit_time=submit_time - submit_time[0],
        size=records.processors[chosen],
        req_time=req_time,
        run_time=run_time,
        accuracy=np.where(asked, _ratio(run_time, req_time), np.nan),
        mem=records.memory_kb[chosen] / KB_PER_MB,
        mem_bw=np.full(len(chosen), np.nan),
    )


def _columns(**known: FloatArray) -> dict[str, FloatArray]:
    """All fields of any workload, in their order, with those that follow from others."""
    made = {
        **known,
        "interarrival_time": np.diff(known["submit_time"], prepend=np.nan),
        "core_seconds": known["size"] * known["run_time"],
    }
    return {name: made[name] for name in FIELDS}


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """NaN where the whole is 0 or either is not known."""
    ratio = np.full(len(part), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def _num_cores(trace: SwfTrace) -> int | None:
    """Cores that the header of a trace names."""
    for key in _CORES_IN_HEADER:
        words = trace.header.get(key, "").split()
        if words and words[0].isdigit() and int(words[0]) > 0:
            return int(words[0])
    return None
