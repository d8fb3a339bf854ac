"""Text of CSV files: columns in, lines out; the same values always give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

_NEEDS_QUOTES = frozenset(',"\r\n')


def table(columns: dict[str, Iterable[str]]) -> str:
    """A CSV file of columns of text that needs no quotes."""
    rows = map(",".join, zip(*columns.values(), strict=True))
    return "\n".join([",".join(columns), *rows]) + "\n"


def exact(values: npt.ArrayLike) -> list[str]:
    """Numbers in the shortest form that reads back as the same number."""
    return list(map(repr, np.asarray(values).tolist()))


def quoted(text: str) -> str:
    """A cell, in quotes where it would otherwise be read as more than one  [RFC 4180]."""
    if _NEEDS_QUOTES.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'
