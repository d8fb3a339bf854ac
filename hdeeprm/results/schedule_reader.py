"""Reading an out_schedule.csv, ours or Batsim's: the figures of a whole run."""

from __future__ import annotations

from pathlib import Path

from hdeeprm.errors import RunDirectoryError

from .columns import LARGEST, read_columns

TEXT, CORES = "batsim_version", "nb_computing_machines"


class Schedule(dict[str, float]):
    """Figures by column; one that the file lacks raises RunDirectoryError."""

    def __init__(self, path: Path, figures: dict[str, float]) -> None:
        super().__init__(figures)
        self.path = path

    def __missing__(self, name: str) -> float:
        raise RunDirectoryError(f"{self.path}: no column {name}; name the out_schedule.csv of a run")

    @property
    def num_cores(self) -> int:
        """Cores of the platform."""
        cores = self[CORES]
        if not 0 <= cores <= LARGEST:
            raise RunDirectoryError(f"{self.path}: {CORES}: {cores} is no number; the file is damaged")
        return int(cores)


def read_schedule(path: Path) -> Schedule:
    """The only row of the file, without its text; gzip is understood.

    Raises:
        RunDirectoryError: If it cannot be read, or is no out_schedule.csv of one run.
    """
    columns = read_columns(path, {TEXT})
    rows = {len(values) for values in columns.values()}
    if rows != {1}:
        raise RunDirectoryError(
            f"{path}: one row about a whole run is wanted, {max(rows, default=0)} were found; name the "
            "out_schedule.csv of a run"
        )
    return Schedule(path, {name: float(values[0]) for name, values in columns.items() if name != TEXT})
