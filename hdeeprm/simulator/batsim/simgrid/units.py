"""Figures of a platform file: a number and a unit, as in "2.5Gf", "10Gbps" or "5us"."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from hdeeprm.errors import did_you_mean

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_DECIMAL = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_LONG = ("kilo", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta")


class Quantity(NamedTuple):
    """A kind of figure.

    Attributes:
        units: Factor of each unit.
        default: Unit of a bare number.
        examples: What a message proposes.
    """

    units: Mapping[str, float]
    default: str
    examples: str


def _scaled(unit: str, factor: float, prefixes: tuple[str, ...], step: float) -> dict[str, float]:
    """A unit and its multiples; the factors are multiplied one by one."""
    units = {unit: factor}
    for prefix in prefixes:
        factor *= step
        units[prefix + unit] = factor
    return units


SPEED = Quantity(
    {**_scaled("f", 1.0, _DECIMAL, 1000.0), **_scaled("flops", 1.0, _LONG, 1000.0)}, "f", "2.5Gf, 400Mf"
)
"""In flop/s."""
BANDWIDTH = Quantity(
    {
        **_scaled("Bps", 1.0, _DECIMAL, 1000.0),
        **_scaled("Bps", 1.0, _BINARY, 1024.0),
        **_scaled("bps", 0.125, _DECIMAL, 1000.0),
        **_scaled("bps", 0.125, _BINARY, 1024.0),
    },
    "Bps",
    "10Gbps, 125MBps, 100MiBps",
)
"""In byte/s."""
TIME = Quantity(
    {
        "w": 604800.0,
        "d": 86400.0,
        "h": 3600.0,
        "m": 60.0,
        "s": 1.0,
        "ms": 1e-3,
        "us": 1e-6,
        "ns": 1e-9,
        "ps": 1e-12,
    },
    "s",
    "50us, 1ms",
)
"""In s."""


def parse(text: str, quantity: Quantity) -> float:
    """Figure in flop/s, byte/s or s.

    Raises:
        ValueError: If it is no number with a unit of this kind, negative or infinite; the message goes
            after "speed is '…', ".

    >>> parse("2.5Gf", SPEED)
    2500000000.0
    >>> parse("10Gbps", BANDWIDTH)
    1250000000.0
    """
    text = text.strip()
    number = _NUMBER.match(text)
    unit = (text[number.end() :] or quantity.default) if number else ""
    if number is None or unit not in quantity.units:
        raise ValueError(
            f"which should be a number and a unit, such as {quantity.examples}."
            f"{did_you_mean(unit, quantity.units)}"
        )
    figure = float(number.group()) * quantity.units[unit]
    if not 0 <= figure < math.inf:
        raise ValueError(f"which should be finite and not negative, such as {quantity.examples}.")
    return figure
