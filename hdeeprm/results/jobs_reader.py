"""Reading an out_jobs.csv, ours or Batsim's, back into job records."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np

from hdeeprm.errors import RunDirectoryError
from hdeeprm.metrics import REJECTED, JobRecords

from .columns import LARGEST, open_text
from .jobs_csv import COLUMNS


def read_jobs(path: str | Path) -> JobRecords:
    """Jobs of an out_jobs.csv, ours or Batsim's, in the order of the file; gzip is understood.

    Raises:
        RunDirectoryError: If it cannot be read; the line is named.
    """
    with open_text(Path(path)) as file:
        return _records(list(_rows(file, path)))


Row = tuple[str, float, float, float, int, float, str, float]


def _rows(file: TextIO, path: str | Path) -> Iterator[Row]:
    lines = csv.reader(file)
    header = next(lines, [])
    missing = [name for name in COLUMNS if name not in header and name != "metadata"]
    if missing:
        raise RunDirectoryError(f"{path}:1: no column {', '.join(missing)}; name the out_jobs.csv of a run")
    names = (
        "job_id",
        "submission_time",
        "starting_time",
        "finish_time",
        "requested_number_of_resources",
        "requested_time",
        "final_state",
        "consumed_energy",
    )
    places = [header.index(name) for name in names]
    for cells in lines:
        try:
            yield _row([cells[place] for place in places])
        except (IndexError, ValueError) as error:
            raise RunDirectoryError(
                f"{path}:{lines.line_num}: not a job: {error}; the file is damaged"
            ) from None


def _row(cells: list[str]) -> Row:
    job_id, submit, start, finish, cores, walltime, state, energy = cells
    limit = float(walltime)
    ran = state != REJECTED
    return (
        job_id,
        _bounded(submit),
        _bounded(start) if ran else math.nan,
        _bounded(finish) if ran else math.nan,
        int(_bounded(cores)),
        limit if limit >= 0 else math.inf,
        state,
        float(energy) if ran else math.nan,
    )


def _bounded(text: str) -> float:
    value = float(text)
    if not abs(value) <= LARGEST:
        raise ValueError(f"{value} is no figure of a run")
    return value


def _records(rows: list[Row]) -> JobRecords:
    ids, submit, start, finish, cores, walltime, state, energy = (
        zip(*rows, strict=True) if rows else ((),) * 8
    )
    return JobRecords(
        job_ids=ids,
        submit_time=np.array(submit, np.float64),
        start_time=np.array(start, np.float64),
        finish_time=np.array(finish, np.float64),
        requested_cores=np.array(cores, np.int64),
        walltime=np.array(walltime, np.float64),
        final_state=np.array(state, np.object_),
        energy_joules=np.array(energy, np.float64),
    )
