"""The eight metrics of some runs as a table in the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from .schedules import GRID

MOST_COLUMNS = 3
"""Runs that stand side by side; more stand one below the other."""


def show_grid(runs: Sequence[dict[str, float]], names: Sequence[str], console: Console) -> None:
    """Print the metrics of each run, and by how much they differ from those of the first."""
    cells = [[_cell(run[metric], runs[0][metric], run is runs[0]) for metric in GRID] for run in runs]
    titles = [title if unit == "1" else f"{title} ({unit})" for title, unit in GRID.values()]
    if len(runs) > MOST_COLUMNS:
        console.print(_table("run", titles, names, cells))
    else:
        console.print(_table("metric", names, titles, list(zip(*cells, strict=True))))


def _table(first: str, columns: Sequence[str], names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(first)
    for column in columns:
        table.add_column(column, justify="right")
    for name, row in zip(names, rows, strict=True):
        table.add_row(name, *row)
    return table


def shown(value: float) -> str:
    """A figure with two decimals, none where it is large.

    >>> shown(1234567.8), shown(3.14159), shown(float("nan"))
    ('1,234,568', '3.14', '-')
    """
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:,.2f}"


def _cell(value: float, first: float, is_first: bool) -> str:
    """A figure, and by how many percent of the first run's it differs from that."""
    if is_first or math.isnan(value) or math.isnan(first) or first == 0:
        return shown(value)
    return f"{shown(value)} ({100 * (value / first - 1):+.1f} %)"
