"""Tables of a study on the terminal."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as RichTable

from hdeeprm.studies.queue.records import Status
from hdeeprm.studies.results import timings
from hdeeprm.studies.text import one_line

if TYPE_CHECKING:
    from hdeeprm.studies.queue import Run
    from hdeeprm.studies.results import Group, Table

MAX_ROWS = 40
"""Rows of a table on a terminal; a CSV file has them all."""
MAX_METRICS = 4
CELL, LINE = 60, 300
"""Characters of a text in a table, and of an error on lines of its own."""
HIDDEN = ("worker", "wait_seconds", "attempt")


def show_summary(console: Console, runs: Iterable[Run], best: Sequence[Run], metrics: Sequence[str]) -> None:
    """Counts, timings and the best runs."""
    runs = list(runs)
    counts = Counter(run.status for run in runs)
    listed = ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status])
    console.print(f"{len(runs)} runs: {listed or 'none'}")
    for name, values in timings(runs).items():
        figures = ", ".join(f"{percent} % {value:.3g}" for percent, value in values.items())
        console.print(f"{name} time in s: {figures}")
    if len(metrics) > 1 and best:
        console.print(f"{len(best)} runs on the Pareto front of {' and '.join(metrics)}:")
    for run in best[:MAX_ROWS]:
        figures = ", ".join(f"{name} {run.metrics[name]:.6g}" for name in metrics)
        options = options_text(run)
        console.print(f"best: run {run.number}: {figures}" + (f" with {options}" if options else ""))
    if len(best) > MAX_ROWS:
        console.print(f"and {len(best) - MAX_ROWS} more; --best has all of them")


def options_text(run: Run) -> str:
    """The options of a run that are its own, and its seed."""
    words = [f"{one_line(name, CELL)} = {_shown(value)}" for name, value in run.options.items()]
    return ", ".join(words if run.seed is None else (*words, f"seed {run.seed}"))


def show_table(console: Console, table: Table, asked: Collection[str]) -> None:
    """The rows, those columns left out that are for machines, unless they were asked for."""
    of_metrics = table.metric_columns
    room = max(0, MAX_METRICS - sum(name in of_metrics for name in asked))
    others = [name for name in of_metrics if name not in asked][:room]
    hidden = {*HIDDEN, *of_metrics} - {*asked, *others}
    columns = [name for name in table.columns if name not in hidden]
    if not any(row.get("error") for row in table.rows):
        columns.remove("error")
    shown = RichTable()
    for heading in _headings(columns):
        shown.add_column(heading)
    for row in table.rows[:MAX_ROWS]:
        shown.add_row(*(_shown(row.get(name)) for name in columns))
    console.print(shown)
    if len(table.rows) > MAX_ROWS:
        console.print(f"{len(table.rows) - MAX_ROWS} more rows; --csv FILE has all of them")


def show_groups(console: Console, groups: Sequence[Group], metric: str) -> None:
    """A row for each group, the best first."""
    shown = RichTable(title=metric)
    names = groups[0].key if groups else ()
    for heading in (*_headings(names), "runs", "mean", "std. deviation", "best", "regret"):
        shown.add_column(heading)
    for group in groups[:MAX_ROWS]:
        count = f"{group.num_complete}/{group.num_runs}"
        figures = (group.mean, group.deviation, group.best, group.regret)
        shown.add_row(*map(_shown, group.key.values()), count, *map(_shown, figures))
    console.print(shown)
    if len(groups) > MAX_ROWS:
        console.print(f"{len(groups) - MAX_ROWS} more groups")


def show_missing(console: Console, missing: Mapping[int, Run]) -> None:
    """The first of the runs that failed, with their errors."""
    failed = [run for run in missing.values() if run.error]
    for run in failed[:MAX_ROWS]:
        error = one_line(f"{run.error['type']}: {run.error['message']}", LINE)
        console.print(f"run {run.number} failed: {error}")
    if len(failed) > MAX_ROWS:
        console.print(f"and {len(failed) - MAX_ROWS} more")


def _headings(names: Iterable[str]) -> list[str]:
    """The last words of names, and whole names where two would be alike."""
    last = {name: name.rpartition(".")[2] or name for name in names}
    counts = Counter(last.values())
    return [one_line(name if counts[word] > 1 else word, CELL) for name, word in last.items()]


def _shown(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    return one_line(str(value), CELL)
