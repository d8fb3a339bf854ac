"""What a run came to: metrics that are numbers, or an error with its traceback."""

from __future__ import annotations

import json
import math
import resource
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from hdeeprm.errors import HDeepRMError, StudyError, did_you_mean
from hdeeprm.studies.text import said

MOST_LEVELS = 20  # of lists and mappings in each other: what can be written can be read then, by whomever


class Clock:
    """Measures a run: its duration, and the time that its processes compute."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), _cpu_seconds()

    def times(self) -> dict[str, float]:
        """``seconds`` and ``cpu_seconds`` since the beginning."""
        return {"seconds": time.perf_counter() - self._wall, "cpu_seconds": _cpu_seconds() - self._cpu}


def _cpu_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def checked_metrics(returned: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """The metrics as JSON can hold them.

    Args:
        returned: What the run returned.
        wanted: The metrics that count.

    Raises:
        StudyError: If one that counts is missing or no finite number; all of them are named.
    """
    metrics = {name: _plain(name, value) for name, value in returned.items()}
    lines = []
    for name in wanted:
        value = metrics.get(name)
        if name not in metrics:
            listed = ", ".join(metrics) or "nothing"
            lines.append(
                f"metric: the run returned no {name!r}; it returned {listed}.{did_you_mean(name, metrics)}"
            )
        elif isinstance(value, bool) or not isinstance(value, int | float):
            lines.append(f"metric: {name!r} is {value!r:.60}; a number is wanted")
        elif not math.isfinite(value):
            lines.append(f"metric: {name!r} is {value}; a finite number is wanted")
    if lines:
        raise StudyError("; ".join(lines))
    return {name: None if _is_infinite(value) else value for name, value in metrics.items()}


def _is_infinite(value: object) -> bool:
    """Whether it is a number that JSON does not know."""
    return isinstance(value, float) and not math.isfinite(value)


def mean_metrics(per_seed: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Means over the seeds of all metrics that are numbers with every seed."""
    means = {}
    for name in next(iter(per_seed.values())):
        values = [metrics.get(name) for metrics in per_seed.values()]
        numbers = [
            value for value in values if isinstance(value, int | float) and not isinstance(value, bool)
        ]
        if len(numbers) == len(values):
            means[name] = math.fsum(numbers) / len(numbers)
    return means


def error_of(error: BaseException) -> dict[str, str]:
    """Type, message and traceback of what made a run fail."""
    text = "" if isinstance(error, HDeepRMError) else traceback_text(error)
    return {"type": type(error).__name__, "message": said(error), "traceback": text}


def traceback_text(error: BaseException) -> str:
    """The whole traceback."""
    return "".join(traceback.format_exception(error))


def _plain(name: str, value: Any) -> Any:
    """A value as JSON holds it; scalars of arrays become numbers."""
    if _holds_nul_or_is_deep(value, MOST_LEVELS):
        raise StudyError(
            f"metric: {name!r} has a NUL in its text, or is nested more than {MOST_LEVELS} deep, which "
            "cannot be kept; return numbers and text"
        )
    if is_scalar(value):
        value = value.item()
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        raise StudyError(f"metric: {name!r} is a whole number that no float can hold; return a smaller one")
    if isinstance(value, bool | int | float | str | None):
        return value
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        raise StudyError(
            f"metric: {name!r} is a {type(value).__name__}, which cannot be kept; return numbers and text"
        ) from None
    return value


def _holds_nul_or_is_deep(value: Any, levels: int) -> bool:
    """Whether there is a text with NUL in a value, or more levels of lists and mappings than so many."""
    if isinstance(value, str):
        return "\0" in value
    if not isinstance(value, Mapping | list | tuple):
        return False
    children = value.values() if isinstance(value, Mapping) else value
    return levels == 0 or any(_holds_nul_or_is_deep(child, levels - 1) for child in children)


def is_scalar(value: Any) -> bool:
    """Whether it is one number of NumPy or of PyTorch, whose ``size`` is a number or a method."""
    count = value.numel() if callable(getattr(value, "numel", None)) else getattr(value, "size", None)
    return callable(getattr(value, "item", None)) and count == 1
