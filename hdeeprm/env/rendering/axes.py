"""Scales of a picture: where an axis ends, and its ticks."""

from __future__ import annotations

import math

END_STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
TICK_STEPS = (1.0, 2.0, 5.0, 10.0)
MAX_TICKS = 6


def axis_end(value: float) -> float:
    """The least round number that is not below a value; an axis that ends there is redrawn seldom.

    >>> axis_end(4321.0)
    5000.0
    """
    return _round_up(value, END_STEPS)


def ticks(end: float) -> list[float]:
    """Round numbers from 0 to the end of an axis, a few of them.

    >>> ticks(5.0)
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    """
    step = _round_up(end / (MAX_TICKS - 1), TICK_STEPS)
    return [number * step for number in range(int(end / step + 1e-9) + 1)]


def _round_up(value: float, steps: tuple[float, ...]) -> float:
    """The least of the steps, times a power of ten, that is not below a value; at least a millionth."""
    value = max(value, 1e-6)
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in steps if step * power >= value), steps[-1] * power)
