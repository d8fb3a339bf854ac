"""What became of the jobs, from the files that Batsim writes."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from hdeeprm.errors import BatsimError

from .peer import JobResults

REJECTED = "REJECTED"
_CURE = "the disk may be full, or this is not a Batsim 3 or 4"


def read_results(prefix: Path, job_ids: Sequence[str]) -> JobResults:
    """Results of a simulation that has ended.

    Args:
        prefix: What the names of the files start with, ``-e`` of Batsim.
        job_ids: Ids of the jobs, in the order of the results.

    Raises:
        BatsimError: If a file is missing, damaged, or not about these jobs.
    """
    jobs, schedule = Path(f"{prefix}_jobs.csv"), Path(f"{prefix}_schedule.csv")
    places = {job_id: place for place, job_id in enumerate(job_ids)}
    start, finish, energy = (np.full(len(places), np.nan) for _ in range(3))
    for where, row in _rows(jobs):
        place = places.pop(row.get("job_id") or "", None)
        if place is None:
            raise BatsimError(
                f"{where}: job {row.get('job_id')!r} is none of the jobs left to tell of; {_CURE}"
            )
        if row.get("final_state") != REJECTED:
            start[place] = _number(where, row, "starting_time")
            finish[place] = _number(where, row, "finish_time")
            energy[place] = _number(where, row, "consumed_energy")
    if places:
        raise BatsimError(f"{jobs}: says nothing of job {next(iter(places))!r}; {_CURE}")
    where, row = next(_rows(schedule), (str(schedule), {}))
    return JobResults(start, finish, energy, _number(where, row, "consumed_joules"))


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, str | None]]]:
    """Each row by its column names, with its file and line."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            for row in rows:
                yield f"{path}:{rows.line_num}", row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BatsimError(f"{path}: Batsim's results cannot be read: {error}; {_CURE}") from error


def _number(where: str, row: Mapping[str, str | None], column: str) -> float:
    try:
        return float(row[column] or "")
    except (KeyError, ValueError):
        raise BatsimError(f"{where}: {column} is {row.get(column)!r}, not a number; {_CURE}") from None
