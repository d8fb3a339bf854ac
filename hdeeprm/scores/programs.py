"""From an expression to what the simulator can work with: how it changes in time, and a stack program.

A score that does not look at *wait* is constant; one that grows evenly with it is intercept + slope x wait,
both constant; the order of either is kept up in the time of a logarithm. Any other is worked out for every
waiting job at each decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hdeeprm.errors import OptionsError
from hdeeprm.expressions import Node

from .language import NAMES

OPERATIONS = (
    *("number", *NAMES),
    *("negative", "log2", "log10", "log", "sqrt", "abs"),
    *("+", "-", "*", "/", "^", "min", "max"),
)
"""Operations of a stack program; their places are what the simulator knows them by."""

LONGEST_PROGRAM = 128
_ZERO, _ONE = Node("number", value=0.0), Node("number", value=1.0)


class Instruction(NamedTuple):
    """One step of a stack program: push a number or a property of the job, or work on the top."""

    operation: int  # place in ``OPERATIONS``
    value: float  # of a number


Program = tuple[Instruction, ...]


def split_by_wait(node: Node) -> tuple[Node, Node] | None:
    """Intercept and slope of an expression that grows evenly with *wait*; None for any other.

    >>> from .language import expression_of
    >>> intercept, slope = split_by_wait(expression_of("2 * wait + cores"))
    >>> intercept.kind, slope.value
    ('cores', 2.0)
    """
    if not node.mentions("wait"):
        return node, _ZERO
    if node.kind == "wait":
        return _ZERO, _ONE
    parts = [split_by_wait(part) for part in node.parts]
    if node.kind not in ("negative", "+", "-", "*", "/") or any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    if node.kind == "negative":
        return _negative(known[0][0]), _negative(known[0][1])
    (left, left_slope), (right, right_slope) = known
    if node.kind in "+-":
        return _sum(node.kind, left, right), _sum(node.kind, left_slope, right_slope)
    if right_slope is _ZERO:
        return _scaled(node.kind, left, right), _scaled(node.kind, left_slope, right)
    if node.kind == "*" and left_slope is _ZERO:
        return _scaled("*", right, left), _scaled("*", right_slope, left)
    return None


def _negative(node: Node) -> Node:
    if node is _ZERO:
        return _ZERO
    return Node("negative", (node,)) if node.value is None else Node("number", value=-node.value)


def _sum(sign: str, left: Node, right: Node) -> Node:
    if right is _ZERO:
        return left
    if left is _ZERO:
        return right if sign == "+" else _negative(right)
    return Node(sign, (left, right))


def _scaled(sign: str, node: Node, factor: Node) -> Node:
    """An intercept or a slope times or over something constant."""
    if node is _ZERO:
        return _ZERO
    return factor if node is _ONE and sign == "*" else Node(sign, (node, factor))


def program_of(node: Node) -> Program:
    """The stack program of an expression, its operands first.

    Raises:
        OptionsError: If it is too long.
    """
    program = tuple(_instructions(node))
    if len(program) > LONGEST_PROGRAM:
        raise OptionsError(
            f"the expression has {len(program)} numbers, names and operators; "
            f"at most {LONGEST_PROGRAM} are allowed"
        )
    return program


def _instructions(node: Node) -> Iterator[Instruction]:
    for place, part in enumerate(node.parts):
        yield from _instructions(part)
        if node.kind in ("min", "max") and place > 0:
            yield Instruction(OPERATIONS.index(node.kind), 0.0)
    if node.kind not in ("min", "max"):
        yield Instruction(OPERATIONS.index(node.kind), node.value or 0.0)
