"""Units with prefixes, so that axes have short numbers."""

from __future__ import annotations

from typing import NamedTuple


class Scale(NamedTuple):
    """A unit with its prefix."""

    name: str
    size: float  # in the plain unit


PREFIXES = (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3))


def unit_for(largest: float, unit: str) -> Scale:
    """The unit in which the largest value is at least 1.

    >>> unit_for(21_000.0, "W")
    Scale(name='kW', size=1000.0)
    """
    return next(
        (Scale(prefix + unit, size) for prefix, size in PREFIXES if largest >= size), Scale(unit, 1.0)
    )
