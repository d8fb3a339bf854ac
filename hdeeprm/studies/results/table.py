"""The table of a study: a row for each run, whatever became of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import DependencyNotInstalled, StudyError, did_you_mean

if TYPE_CHECKING:
    import pandas

    from hdeeprm.studies.queue import Run

FIRST, LAST = ("run", "status"), ("seconds", "wait_seconds", "attempt", "worker", "error")
SEED = "seed"


@dataclass(frozen=True)
class Table:
    """Rows and columns.

    Attributes:
        columns: Their names, each once: number and status, options, seed, metrics, then times, worker and
            error. A metric of the name of another column is ``metrics.NAME``.
        rows: A value for each column that a run has one for.
        num_options: How many columns, from the third on, are options and the seed.
    """

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    num_options: int

    @property
    def option_columns(self) -> tuple[str, ...]:
        """The options and the seed."""
        return self.columns[len(FIRST) : len(FIRST) + self.num_options]

    @property
    def metric_columns(self) -> tuple[str, ...]:
        """The metrics."""
        return self.columns[len(FIRST) + self.num_options : -len(LAST)]

    def check(self, column: str) -> str:
        """A column's name, which may be the last word of an option's.

        Raises:
            StudyError: If there is none of this name.
        """
        if column in self.columns:
            return column
        ends = [name for name in self.columns if name.endswith(f".{column}")]
        if len(ends) == 1:
            return ends[0]
        if ends:
            raise StudyError(f"{column!r} may be {' or '.join(ends)}; give the whole name")
        listed = ", ".join(self.columns)
        nearest = did_you_mean(column, self.columns)
        raise StudyError(f"{column!r} is no column of the table; one of {listed}.{nearest}")

    def sorted_by(self, column: str) -> Table:
        """The rows in rising order of a column; a minus before its name makes it falling. Gaps come last.

        Raises:
            StudyError: If there is none of this name.
        """
        falls, name = column.startswith("-"), self.check(column.removeprefix("-"))
        full = [row for row in self.rows if row.get(name) is not None]
        gaps = [row for row in self.rows if row.get(name) is None]
        full.sort(key=lambda row: _order(row[name]), reverse=falls)
        return Table(self.columns, (*full, *gaps), self.num_options)

    def csv_text(self) -> str:
        """All of it as CSV, numbers in full."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(map(_cell, self.columns))
        writer.writerows([_cell(row.get(column)) for column in self.columns] for row in self.rows)
        return text.getvalue()

    def frame(self) -> pandas.DataFrame:
        """All of it as a data frame.

        Raises:
            DependencyNotInstalled: Without pandas.
        """
        try:
            import pandas
        except ImportError as error:
            raise DependencyNotInstalled(
                "a table as a data frame needs pandas: pip install pandas"
            ) from error
        return pandas.DataFrame([dict(row) for row in self.rows], columns=list(self.columns))


def table_of(runs: Iterable[Run], sets: Sequence[str], metrics: Sequence[str]) -> Table:
    """The table of some runs.

    Args:
        runs: In the order of the rows.
        sets: Names of the options that differ.
        metrics: Those that count, which come first among all that the runs returned.
    """
    runs = list(runs)
    all_metrics = dict.fromkeys((*metrics, *(name for run in runs for name in run.metrics)))
    has_seeds = any(run.seed is not None for run in runs)
    options = (*sets, *((SEED,) if has_seeds and SEED not in sets else ()))
    taken = {*FIRST, *LAST, *options}
    shown = {name: f"metrics.{name}" if name in taken else name for name in all_metrics}
    columns = tuple(dict.fromkeys((*FIRST, *options, *shown.values(), *LAST)))
    return Table(columns, tuple(_row(run, shown) for run in runs), len(options))


def _row(run: Run, shown: Mapping[str, str]) -> dict[str, Any]:
    seed = {} if run.seed is None else {SEED: run.seed}
    wait = None
    if run.seconds is not None and run.cpu_seconds is not None:
        wait = max(0.0, run.seconds - run.cpu_seconds)
    error = f"{run.error['type']}: {run.error['message']}" if run.error else None
    return {
        **{shown[name]: value for name, value in run.metrics.items()},
        **run.options,
        **seed,
        "run": run.number,
        "status": run.status.value,
        "seconds": run.seconds,
        "wait_seconds": wait,
        "attempt": run.attempt,
        "worker": run.worker or None,
        "error": error,
    }


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        # A lone carriage return would end the row, and UTF-8 does not know halves of letters.
        text = value.replace("\r\n", "\n").replace("\r", "\n")
        return text.encode(errors="backslashreplace").decode()
    return json.dumps(value) if isinstance(value, list | dict) else value


def _order(value: Any) -> tuple[int, Any]:
    """Numbers come before text."""
    return (0, value) if isinstance(value, int | float) else (1, str(value))
