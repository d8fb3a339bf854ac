"""Writing of traces in the Standard Workload Format, so that reading them gives the same jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.files import write_file
from hdeeprm.workloads.swf import BANDWIDTH_FIELD, BANDWIDTH_HEADER, NUM_FIELDS
from hdeeprm.workloads.workload import FloatArray, IntArray

UNKNOWN = -1.0
STATUS_COMPLETED = 1.0


def swf_fields(
    submit_time: FloatArray,
    run_time: FloatArray,
    cores: IntArray,
    requested_time: FloatArray | None = None,
    memory_kb: IntArray | None = None,
) -> FloatArray:
    """The 18 fields of jobs that are numbered from 1, as the standard wants it.

    Args:
        submit_time: Seconds, shape (num_jobs,), in ascending order.
        run_time: Seconds, shape (num_jobs,).
        cores: Requested and allocated processors, shape (num_jobs,).
        requested_time: Seconds, shape (num_jobs,); None where the users asked for no time.
        memory_kb: Used memory in KB per processor, shape (num_jobs,); None where it is unknown.

    Returns:
        float64, shape (num_jobs, 18); -1 in all other fields but the status, which is 1 (completed).
    """
    fields = np.full((len(submit_time), NUM_FIELDS), UNKNOWN)
    fields[:, 0] = np.arange(1, len(submit_time) + 1)
    fields[:, 1], fields[:, 3] = submit_time, run_time
    fields[:, 4] = fields[:, 7] = cores
    fields[:, 10] = STATUS_COMPLETED
    if requested_time is not None:
        fields[:, 8] = requested_time
    if memory_kb is not None:
        fields[:, 6] = memory_kb
    return fields


def write_swf(
    path: str | Path,
    fields: FloatArray,
    header: Mapping[str, str] | None = None,
    bandwidth_mb_per_s: FloatArray | None = None,
) -> Path:
    """Writes a trace; reading it again gives the same numbers and the same header.

    Args:
        path: File to write, whole or not at all.
        fields: Records, shape (num_jobs, 18).
        header: ``Key: value`` lines to put on top; a value of several lines repeats its key.
        bandwidth_mb_per_s: Memory bandwidth in MB/s per core, shape (num_jobs,), written as a 19th field
            that the header announces; None for the standard's 18.

    Returns:
        The path written.

    Raises:
        WorkloadError: If the shape is another, a number is not finite, or the file cannot be written.
    """
    if fields.ndim != 2 or fields.shape[1] != NUM_FIELDS or not len(fields):
        raise WorkloadError(f"{path}: records of shape {fields.shape}; SWF needs (num_jobs, {NUM_FIELDS})")
    header = dict(header or {})
    if bandwidth_mb_per_s is not None:
        header[BANDWIDTH_HEADER] = BANDWIDTH_FIELD
        fields = np.column_stack((fields, bandwidth_mb_per_s))
    if not np.isfinite(fields).all():
        raise WorkloadError(f"{path}: a field is not finite; write -1 where a number is unknown")
    lines = [f"; {key}: {line}" for key, value in header.items() for line in value.split("\n")]
    columns = [_words(fields[:, column]) for column in range(fields.shape[1])]
    lines += [" ".join(words) for words in zip(*columns, strict=True)]
    return write_file(path, "\n".join(lines) + "\n")


def _words(column: FloatArray) -> list[str]:
    """Shortest text of each number that reads back as the same float64."""
    return [str(int(value)) if value.is_integer() else repr(value) for value in column.tolist()]
