"""Arithmetic over what a run returned: an objective that is written in the study file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hdeeprm.errors import StudyError, did_you_mean
from hdeeprm.expressions import ARITHMETIC, Language, Node, parse, worked_out

from .base import Objective, Report, Task

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
_OPERATIONS = ARITHMETIC | FUNCTIONS
_LANGUAGE = Language(StudyError, dict.fromkeys(FUNCTIONS, (1, 1)) | {"percentile": (2, 2)})


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


def expression_of(text: str) -> Node:
    """The expression that a text stands for.

    Raises:
        StudyError: If it is none; the message says where and what is allowed.
    """
    return parse(text, _LANGUAGE)


def evaluated(expression: str, metrics: Mapping[str, Any]) -> float:
    """The value of an expression; of a whole column the mean.

    >>> evaluated("mean(time) * 2", {"time": np.array([1.0, 3.0])})
    4.0

    Raises:
        StudyError: If a name is unknown, or it cannot be computed.
    """

    def named(name: str) -> Any:
        if name not in metrics:
            listed, nearest = ", ".join(map(str, metrics)), did_you_mean(name, metrics)
            raise StudyError(f"objective: there is no {name!r}; the run returned {listed}.{nearest}")
        return np.asarray(metrics[name], dtype=float)

    node = expression_of(expression)
    try:
        with np.errstate(all="ignore"):  # a value that is no number is refused where it is used
            value = worked_out(node, named, lambda kind, parts: _OPERATIONS[kind](*parts))
            return float(np.mean(value))
    except StudyError:
        raise
    except (ArithmeticError, TypeError, ValueError) as error:
        raise StudyError(f"objective: {expression!r} cannot be computed: {error}") from None
