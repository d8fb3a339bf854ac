"""Runs that are a Python function."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from hdeeprm.errors import StudyError
from hdeeprm.studies.loading import load_object

from .base import Report, Task
from .outcome import is_scalar
from .printed import PrintedTo


class FunctionRun:
    """Calls a function with the options of a run, and with a report if it takes one.

    What it prints goes to ``stdout.txt`` in the run's directory.

    Args:
        function: Called as ``f(options)`` or ``f(options, report)``.
        metrics: What it is to return, for one that returns a mere number.
    """

    def __init__(self, function: Callable[..., Any], metrics: Sequence[str]) -> None:
        self._function, self._metrics = function, metrics
        self._takes_report = _num_arguments(function) > 1

    def __call__(self, task: Task, report: Report) -> dict[str, Any]:
        """Call it.

        Raises:
            StudyError: If it returns neither a number nor a mapping.
        """
        options = {**task.options, **({} if task.seed is None else {"seed": task.seed})}
        with closing(PrintedTo(task.directory)) as out, redirect_stdout(out), _going_back():
            returned = self._function(options, report) if self._takes_report else self._function(options)
        if isinstance(returned, Mapping):
            return {str(name): value for name, value in returned.items()}
        if len(self._metrics) == 1 and (isinstance(returned, int | float) or is_scalar(returned)):
            return {self._metrics[0]: returned}
        wanted = "a number or a dict" if len(self._metrics) == 1 else "a dict"
        raise StudyError(
            f"the function returned {type(returned).__name__} {returned!r:.60}; {wanted} with "
            f"{' and '.join(self._metrics)} is wanted"
        )


@contextmanager
def _going_back() -> Iterator[None]:
    """Come back to the working directory afterwards, so that each run begins where the first one did."""
    here = os.open(".", getattr(os, "O_PATH", os.O_RDONLY))  # also where it may not be listed
    try:
        yield
    finally:
        os.fchdir(here)
        os.close(here)


def _num_arguments(function: Callable[..., Any]) -> int:
    """How many arguments a function takes; two for one that does not say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 2
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return 2
    return sum(
        parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        for parameter in parameters
    )


def load_function(name: str, folder: Path) -> Callable[..., Any]:
    """The function of a name, ``module:function`` or ``file.py:function``.

    Modules are looked for beside the study file first, then where Python looks.

    Raises:
        StudyError: If it cannot be imported; the message says why.
    """
    found = load_object("run", name, folder)
    if not callable(found):
        raise StudyError(f"run: {name!r} is a {type(found).__name__}, not a function")
    made: Callable[..., Any] = found
    return made
