"""The unit in which a time is told to people."""

from __future__ import annotations

from typing import NamedTuple


class TimeUnit(NamedTuple):
    """A unit of time."""

    name: str
    seconds: float


UNITS = (TimeUnit("s", 1.0), TimeUnit("min", 60.0), TimeUnit("h", 3600.0), TimeUnit("d", 86400.0))
SHORT = 3.0
"""So many of a unit are told in it, fewer in the one below."""


def time_unit(seconds: float) -> TimeUnit:
    """The unit in which a time is best told.

    >>> [time_unit(seconds).name for seconds in (100, 1000, 100_000, 1_000_000)]
    ['s', 'min', 'h', 'd']

    Args:
        seconds: The time, or the longest one on an axis, in s.
    """
    return next((unit for unit in reversed(UNITS) if seconds >= SHORT * unit.seconds), UNITS[0])


def time_text(seconds: float, decimals: int = 2) -> str:
    """A time in the unit that suits it.

    >>> time_text(5400.0)
    '90.00 min'
    """
    unit = time_unit(seconds)
    return f"{seconds / unit.seconds:,.{decimals}f} {unit.name}"
