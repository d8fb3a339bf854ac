"""Expressions over what a job asks for, and their values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

NAMES = ("submit", "wait", "requested_time", "cores", "memory")
"""What a score may look at: absolute time of submission and time waited in s, requested time in s, cores, and
memory in MB per core."""


@dataclass(frozen=True)
class Node:
    """A number, a name, or an operation on parts.

    Args:
        kind: "number", one of ``NAMES``, "negative", one of + - * / ^, or a function.
        parts: What it is applied to; none of a number or a name.
        value: Of a number.
    """

    kind: str
    parts: tuple[Node, ...] = ()
    value: float = 0.0

    @property
    def depends_on_wait(self) -> bool:
        """Whether its value changes while a job waits."""
        return self.kind == "wait" or any(part.depends_on_wait for part in self.parts)


def evaluate(node: Node, values: Mapping[str, float]) -> float:
    """Value of an expression, in the arithmetic of the kernel.

    Args:
        node: The expression.
        values: A number for each of ``NAMES``.

    Raises:
        ArithmeticError: If it has none; the message says why.
    """
    if node.kind == "number":
        return node.value
    if node.kind in NAMES:
        return float(values[node.kind])
    found = _operation(node.kind, [evaluate(part, values) for part in node.parts])
    if not math.isfinite(found):
        raise ArithmeticError("overflow")
    return found


def _operation(kind: str, parts: list[float]) -> float:
    """Apply an operator or a function to numbers."""
    first, last = parts[0], parts[-1]
    if kind in _ONE:
        if kind.startswith("log") and first <= 0.0:
            raise ArithmeticError(f"{kind} of {first:g}")
        if kind == "sqrt" and first < 0.0:
            raise ArithmeticError(f"sqrt of {first:g}")
        return float(_ONE[kind](first))
    if kind == "/":
        if last == 0.0:
            raise ArithmeticError("division by zero")
        return first / last
    if kind == "^":
        return _power(first, last)
    if kind in _EXTREMES:
        return _EXTREMES[kind](parts)
    return {"+": first + last, "-": first - last, "*": first * last}[kind]


_ONE: dict[str, Callable[[float], float]] = {
    "negative": lambda value: -value,
    "log2": math.log2,
    "log10": math.log10,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
}
_EXTREMES: dict[str, Callable[[list[float]], float]] = {"min": min, "max": max}


def _power(base: float, exponent: float) -> float:
    if base == 0.0 and exponent < 0.0:
        raise ArithmeticError("division by zero")
    if base < 0.0 and not exponent.is_integer():
        raise ArithmeticError(f"{base:g} ^ {exponent:g}")
    try:
        return float(base**exponent)
    except OverflowError:
        raise ArithmeticError("overflow") from None
