"""What an out_schedule.csv tells of a run, ours or Batsim's: the eight metrics that are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from hdeeprm.errors import RunDirectoryError
from hdeeprm.results import read_run, schedule_reader


class GridMetric(NamedTuple):
    """One of the eight."""

    title: str
    unit: str  # "1" for a plain number


GRID: Mapping[str, GridMetric] = MappingProxyType(
    {
        "consumed_joules": GridMetric("Energy", "J"),
        "makespan": GridMetric("Makespan", "s"),
        "max_slowdown": GridMetric("Max. slowdown", "1"),
        "max_turnaround_time": GridMetric("Max. turnaround time", "s"),
        "max_waiting_time": GridMetric("Max. waiting time", "s"),
        "mean_slowdown": GridMetric("Mean slowdown", "1"),
        "mean_turnaround_time": GridMetric("Mean turnaround time", "s"),
        "mean_waiting_time": GridMetric("Mean waiting time", "s"),
    }
)
"""The metrics by column of out_schedule.csv, in the order of the grid; less is better for each."""


def read_schedule(path: str | Path) -> dict[str, float]:
    """The eight metrics of a run.

    Args:
        path: Its out_schedule.csv, plain or gzip, or its directory.

    Returns:
        Value by column, in the order of ``GRID``; NaN for an energy that Batsim did not measure.

    Raises:
        RunDirectoryError: If it cannot be read, or is no out_schedule.csv of one run.
    """
    path = Path(path)
    figures = read_run(path).schedule if path.is_dir() else schedule_reader.read_schedule(path)
    missing = [name for name in GRID if name not in figures]
    if missing:
        raise RunDirectoryError(f"{path}: no column {', '.join(missing)}; name the out_schedule.csv of a run")
    chosen = {name: figures[name] for name in GRID}
    if chosen["consumed_joules"] < 0:
        chosen["consumed_joules"] = math.nan
    return chosen
