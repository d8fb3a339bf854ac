"""Reading CSV files back into columns; a file may be packed by gzip."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import RunDirectoryError

_UNREADABLE = (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error)
"""What is raised where a file is gone, or is none of text, of CSV or of gzip."""
LARGEST = 1e15
"""Larger times and numbers of cores are no figures of a run: above, float64 cannot tell microseconds."""


class Columns(dict[str, npt.NDArray[Any]]):
    """Columns by name, each of shape (rows,): float64, or text as objects.

    One that the file lacks raises RunDirectoryError.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def __missing__(self, name: str) -> npt.NDArray[Any]:
        raise RunDirectoryError(f"{self.path}: no column {name}; the file is damaged")


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """A text file as the csv module wants it, unpacked where its name ends in .gz.

    Raises:
        RunDirectoryError: If it cannot be read; or if it is something else than a file, such as a pipe, which
            might be waited on for ever.
    """
    if path.exists() and not path.is_file():
        raise RunDirectoryError(f"{path} cannot be read: it is no regular file; name a file of a run")
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as file:
            yield file
    except RunDirectoryError:  # of what is in it
        raise
    except _UNREADABLE as error:
        raise RunDirectoryError(f"{path} cannot be read: {error}; name a file of a run") from error


def read_columns(
    path: Path, text: Collection[str] = (), only: Collection[str] | None = None, bounded: Collection[str] = ()
) -> Columns:
    """Columns of a CSV file with a header.

    Args:
        path: The file.
        text: Columns that hold text; what is in the others are numbers.
        only: Columns that are read; None: all.
        bounded: Columns whose numbers must be from 0 to ``LARGEST``.

    Raises:
        RunDirectoryError: If it cannot be read, or its rows are of different lengths, or hold something
            else than such a number; the line is named.
    """
    with open_text(path) as file:
        lines = csv.reader(file)
        header = next(lines, [])
        rows = list(lines)
    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise _damaged(path, number, f"{len(row)} cells for {len(header)} columns")
    cells = zip(*rows, strict=True) if rows else ((),) * len(header)
    columns = Columns(path)
    for name, column in zip(header, cells, strict=True):
        if only is None or name in only:
            columns[name] = np.array(column, np.object_) if name in text else _numbers(path, name, column)
            if name in bounded:
                _check_bounded(path, name, columns[name])
    return columns


def _check_bounded(path: Path, name: str, values: npt.NDArray[np.float64]) -> None:
    for row in np.flatnonzero(~((values >= 0.0) & (values <= LARGEST)))[:1].tolist():
        raise _damaged(path, row, f"{name}: {values[row]} is no figure of a run")


def _numbers(path: Path, name: str, cells: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Numbers of a column; the first cell that holds none is named."""
    try:
        return np.array(cells, np.float64)
    except ValueError:
        for number, cell in enumerate(cells):
            try:
                float(cell)
            except ValueError:
                raise _damaged(path, number, f"{name}: {cell!r} is no number") from None
        raise


def _damaged(path: Path, row: int, what: str) -> RunDirectoryError:
    return RunDirectoryError(f"{path}:{row + 2}: {what}; the file is damaged")
