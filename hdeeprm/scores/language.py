"""The language of scores, over what a job asks for, and the values of its expressions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from hdeeprm.errors import OptionsError
from hdeeprm.expressions import ARITHMETIC, Language, Node, parse, worked_out

NAMES = ("submit", "wait", "requested_time", "cores", "memory")
"""What a score may look at: absolute time of submission and time waited in s, requested time in s, cores, and
memory in MB per core."""
_ONE: dict[str, Callable[..., float]] = {
    "log2": math.log2,
    "log10": math.log10,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
}
_EXTREMES: dict[str, Callable[..., float]] = {"min": min, "max": max}
_OPERATIONS = ARITHMETIC | _ONE | _EXTREMES
_COUNTS = dict.fromkeys(_ONE, (1, 1)) | dict.fromkeys(_EXTREMES, (2, math.inf))
_LANGUAGE = Language(OptionsError, _COUNTS, NAMES, "+-*/^")  # the kernel has no %


def expression_of(text: str) -> Node:
    """The expression that a text stands for.

    >>> expression_of("2 * cores").parts[1].kind
    'cores'

    Raises:
        OptionsError: If it is none; the message says where and what is allowed.
    """
    return parse(text, _LANGUAGE)


def evaluate(node: Node, values: Mapping[str, float]) -> float:
    """Value of an expression, in the arithmetic of the kernel.

    Args:
        node: The expression.
        values: A number for each of ``NAMES``.

    Raises:
        ArithmeticError: If it has none; the message says why.
    """
    return float(worked_out(node, values.__getitem__, _applied))


def _applied(kind: str, parts: list[float]) -> float:
    try:
        found = float(_OPERATIONS[kind](*parts))
    except ValueError:  # of a logarithm or a root
        raise ArithmeticError(f"{kind} of {parts[0]:g}") from None
    if not math.isfinite(found):
        raise ArithmeticError("overflow")
    return found
