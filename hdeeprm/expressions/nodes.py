"""Expressions, and how they are worked out."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Node:
    """A number, a name, or an operation on parts.

    Args:
        kind: "number", the name, "negative", one of + - * / % ^, or a function.
        parts: What it is applied to; none of a number or a name.
        value: Of a number; None of all else.
    """

    kind: str
    parts: tuple[Node, ...] = ()
    value: float | None = None

    def mentions(self, name: str) -> bool:
        """Whether a name is anywhere in it."""
        return self.kind == name or any(part.mentions(name) for part in self.parts)


def worked_out(node: Node, named: Callable[[str], Any], applied: Callable[[str, list[Any]], Any]) -> Any:
    """Value of an expression.

    Args:
        node: The expression.
        named: The value of a name.
        applied: What an operator or a function comes to, applied to the values of its parts.

    Raises:
        ArithmeticError: If it has none; the message says why.
    """
    if node.value is not None:
        return node.value
    if not node.parts:
        return named(node.kind)
    parts = [worked_out(part, named, applied) for part in node.parts]
    try:
        return applied(node.kind, parts)
    except ZeroDivisionError:
        raise ArithmeticError("division by zero") from None
    except OverflowError:
        raise ArithmeticError("overflow") from None


def _power(base: Any, exponent: Any) -> Any:
    found = base**exponent
    if isinstance(found, complex):
        raise ArithmeticError(f"{base:g} ^ {exponent:g} is no real number")
    return found


ARITHMETIC: dict[str, Callable[..., Any]] = {
    "negative": operator.neg,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "^": _power,
}
"""Every operator, of numbers or of arrays."""
