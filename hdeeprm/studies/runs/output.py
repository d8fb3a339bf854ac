"""What a program printed: an object of JSON as its last line, or a header and rows of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from hdeeprm.errors import StudyError

SEPARATORS = re.compile(r"\s*[,;\t]\s*|\s+")


def parsed_output(text: str) -> dict[str, Any]:
    """Metrics by name; those of a table are columns, shape (rows,).

    What is printed before the last line, or before the header, is left out.

    Raises:
        StudyError: If it ends neither in an object of JSON nor in a whole table; the message names the line.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    number, last = lines[-1]
    if last.lstrip().startswith("{"):
        try:
            found = json.loads(last)
        except ValueError as error:
            raise StudyError(f"stdout.txt:{number}: the object of JSON is broken off: {error}") from None
        return {str(name): value for name, value in found.items()}
    return _table(lines)


def _table(lines: Sequence[tuple[int, str]]) -> dict[str, Any]:
    first = len(lines)
    while first > 0 and _numbers(lines[first - 1][1]) is not None:
        first -= 1
    rows = lines[first:]
    if not rows or first == 0:
        wanted = "a header and rows of numbers, or an object of JSON as the last line, is wanted"
        number, line = lines[-1] if not rows else lines[0]
        raise StudyError(f"stdout.txt:{number}: {wanted}; {line.strip()!r:.60} was printed")
    names = SEPARATORS.split(lines[first - 1][1].strip())
    values = []
    for number, line in rows:
        row = _numbers(line) or []
        if len(row) != len(names):
            raise StudyError(
                f"stdout.txt:{number}: {len(row)} values for the {len(names)} columns {', '.join(names)}; "
                "was the program broken off?"
            )
        values.append(row)
    return dict(zip(names, np.array(values).T, strict=True))


def _numbers(line: str) -> list[float] | None:
    """The numbers of a row; None if it is none."""
    try:
        return [float(word) for word in SEPARATORS.split(line.strip())]
    except ValueError:
        return None
