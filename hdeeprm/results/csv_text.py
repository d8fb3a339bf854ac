"""Text of CSV files: columns in, blocks of lines out; the same values always give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

_NEEDS_QUOTES = frozenset(',"\r\n')


ROWS_AT_ONCE = 10_000
"""Rows that are text at one time, so that long tables need little memory."""


def table(
    header: Sequence[str], num_rows: int, columns: Callable[[slice], Sequence[Iterable[str]]]
) -> Iterator[str]:
    """A CSV file in blocks of rows.

    Args:
        header: Names of the columns.
        num_rows: Number of rows.
        columns: Gives the text of each column for a slice of the rows.
    """
    yield ",".join(header) + "\n"
    for begin in range(0, num_rows, ROWS_AT_ONCE):
        part = slice(begin, min(begin + ROWS_AT_ONCE, num_rows))
        yield "".join(f"{row}\n" for row in map(",".join, zip(*columns(part), strict=True)))


def exact(values: npt.ArrayLike) -> list[str]:
    """Numbers in the shortest form that reads back as the same number."""
    return list(map(repr, np.asarray(values).tolist()))


def quoted(text: str) -> str:
    """A cell, in quotes where it would otherwise be read as more than one  [RFC 4180]."""
    if _NEEDS_QUOTES.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'
