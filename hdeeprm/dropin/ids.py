"""Ids of machines as text, such as "0-3 7"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hdeeprm.results.placements import interval_text

SHOWN = 40
"""Characters of a wrong text that are shown."""
_INTERVAL = re.compile("([0-9]{1,9})(?:-([0-9]{1,9}))?")


def parse_ids(text: str, num_hosts: int) -> list[int]:
    """Ids in ascending order, each once.

    Args:
        text: Ids and intervals, with blanks between them.
        num_hosts: Ids are below this.

    Raises:
        ValueError: If that is something else, or there is no such machine.
    """
    found: set[int] = set()
    for part in text.split():
        match = _INTERVAL.fullmatch(part)
        if match is None:
            raise ValueError(f"{part[:SHOWN]!r} is no set of machines; give ids such as '0-3 7'")
        begin, end = int(match[1]), int(match[2] or match[1])
        if not begin <= end < num_hosts:
            raise ValueError(f"{part!r} is not among the machines, whose ids are 0 to {num_hosts - 1}")
        found.update(range(begin, end + 1))
    if not found:
        raise ValueError("names no machine; give ids such as '0-3 7'")
    return sorted(found)


def ids_text(ids: Iterable[int]) -> str:
    """Ascending ids with intervals where they follow one another.

    >>> ids_text([0, 1, 2, 3, 7])
    '0-3 7'
    """
    parts: list[str] = []
    first = last = -1
    for number in (*ids, -1):
        if number == last + 1 and first >= 0:
            last = number
            continue
        if first >= 0:
            parts.append(interval_text(str(first), str(last)))
        first = last = number
    return " ".join(parts)
