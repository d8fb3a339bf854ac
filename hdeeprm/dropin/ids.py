"""Ids of machines as text, such as "0-3 7"."""

from __future__ import annotations

from collections.abc import Iterable

from hdeeprm.errors import BatsimError


def parse_ids(text: str, where: str, num_hosts: int) -> list[int]:
    """Ids in ascending order, each once.

    Args:
        text: Ids and intervals, with blanks between them.
        where: What the text is, for messages.
        num_hosts: Ids are below this.

    Raises:
        BatsimError: If that is something else, or there is no such machine.
    """
    found: set[int] = set()
    for part in text.split():
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise BatsimError(
                f"{where}: {text!r} is no set of machines; give ids and intervals such as '0-3 7'"
            )
        begin, end = int(first), int(last or first)
        if not begin <= end < num_hosts:
            raise BatsimError(
                f"{where}: {part!r} is not among the machines, whose ids are 0 to {num_hosts - 1}"
            )
        found.update(range(begin, end + 1))
    if not found:
        raise BatsimError(f"{where}: names no machine; give ids and intervals such as '0-3 7'")
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
            parts.append(str(first) if first == last else f"{first}-{last}")
        first = last = number
    return " ".join(parts)
