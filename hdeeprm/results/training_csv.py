"""Histories of training: losses by update, returns by episode, preferences by first decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hdeeprm.metrics import FloatArray

from .csv_text import exact, quoted, table


def history_csv(names: Sequence[str], rows: FloatArray, counts: Sequence[str]) -> Iterator[str]:
    """A table of numbers.

    Args:
        names: Its columns; where there are none, those that are counts make an empty table.
        rows: Shape (rows, columns).
        counts: Names of the columns that hold whole numbers.
    """
    header = names or counts

    def columns(part: slice) -> list[list[str]]:
        return [
            exact(column.astype(int) if name in counts else column)
            for name, column in zip(names, rows[part].T, strict=True)
        ]

    return table([quoted(name) for name in header], len(rows) if names else 0, columns)
