"""Arithmetic over what a run returned: an objective that is written in the study file."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hdeeprm.errors import StudyError, did_you_mean

from .base import Objective, Report, Task


def _power(base: Any, exponent: Any) -> Any:
    """A power; of a number below 0 only whole ones are real."""
    found = base**exponent
    if np.iscomplexobj(found):
        raise ArithmeticError(f"{base:g} ** {exponent:g} is no real number")
    return found


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "sqrt": np.sqrt,
    "log": np.log,
    "exp": np.exp,
    "mean": np.mean,
    "median": np.median,
    "std": np.std,
    "sum": np.sum,
    "min": np.min,
    "max": np.max,
    "percentile": np.percentile,
    "first": lambda values: np.atleast_1d(values)[0],
    "last": lambda values: np.atleast_1d(values)[-1],
    "count": np.size,
}
NUM_ARGUMENTS = {"percentile": 2}
"""Of the functions that have more than one."""
OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
MAX_LENGTH = 1000  # characters, far more than any objective needs
MAX_DEPTH = 300  # parts within parts, so that no expression is too deep for the interpreter


def with_expression(objective: Objective, expression: str, metric: str) -> Objective:
    """The same runs, with the value of an expression over their metrics as one more metric.

    Args:
        objective: What a run does.
        expression: Over the metrics by their names; of a program that prints a table, over its columns.
        metric: What the value is called.
    """

    def run(task: Task, report: Report) -> dict[str, Any]:
        metrics = objective(task, report)
        return {**with_means(metrics), metric: evaluated(expression, metrics)}

    return run


def with_means(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics, columns replaced by their means."""
    return {
        name: float(np.mean(value)) if isinstance(value, np.ndarray) else value
        for name, value in metrics.items()
    }


def check_expression(expression: str) -> None:
    """Refuse what is no arithmetic.

    Raises:
        StudyError: If it is none; the message says what is not allowed.
    """
    level: list[ast.AST] = [_tree(expression)]
    for _ in range(MAX_DEPTH):
        for node in level:
            _check(node)
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise StudyError(f"has more than {MAX_DEPTH} levels; write a function instead (run)")


def evaluated(expression: str, metrics: Mapping[str, Any]) -> float:
    """The value of an expression; of a whole column the mean.

    >>> evaluated("mean(time) * 2", {"time": np.array([1.0, 3.0])})
    4.0

    Raises:
        StudyError: If a name is unknown, or it cannot be computed.
    """
    check_expression(expression)
    try:
        with np.errstate(all="ignore"):  # a value that is no number is refused where it is used
            return float(np.mean(_value(_tree(expression), metrics)))
    except (ArithmeticError, TypeError, ValueError) as error:
        raise StudyError(f"objective: {expression!r} cannot be computed: {error}") from None


def _tree(expression: str) -> ast.expr:
    if len(expression) > MAX_LENGTH:
        raise StudyError(f"is longer than {MAX_LENGTH} characters; write a function instead (run)")
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        raise StudyError(f"{expression!r} is no arithmetic: {text}") from None


def _check(node: ast.AST) -> None:
    allowed = (ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, *OPERATORS)
    if isinstance(node, allowed):
        return
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        name = node.func.id
        if name in FUNCTIONS:
            _check_arguments(name, node)
            return
        known = ", ".join(FUNCTIONS)
        raise StudyError(f"there is no function {name!r}; one of {known}.{did_you_mean(name, FUNCTIONS)}")
    text = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
    raise StudyError(
        f"{text!r} is no arithmetic; names, numbers, + - * / % ** and {', '.join(FUNCTIONS)} are"
    )


def _check_arguments(name: str, node: ast.Call) -> None:
    wanted, given = NUM_ARGUMENTS.get(name, 1), len(node.args)
    if given != wanted:
        plural = "" if wanted == 1 else "s"
        raise StudyError(f"{ast.unparse(node)!r}: {name} takes {wanted} argument{plural}; {given} given")


def _value(node: ast.expr, metrics: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type] # checked to be a number
    if isinstance(node, ast.Name):
        if node.id not in metrics:
            listed, nearest = ", ".join(map(str, metrics)), did_you_mean(node.id, metrics)
            raise StudyError(f"objective: there is no {node.id!r}; the run returned {listed}.{nearest}")
        return np.asarray(metrics[node.id], dtype=float)
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_value(node.left, metrics), _value(node.right, metrics))
    if isinstance(node, ast.UnaryOp):
        return OPERATORS[type(node.op)](_value(node.operand, metrics))
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return FUNCTIONS[node.func.id](*(_value(argument, metrics) for argument in node.args))
