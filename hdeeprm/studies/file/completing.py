"""What follows from the rest of a study file: whole names, the metric, its direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hdeeprm.comparison.measures import HIGHER_IS_BETTER, OBJECTIVE_METRICS, metric_of
from hdeeprm.errors import OptionsError
from hdeeprm.options.problems import Problem

from .model import LANDSCAPE, StudyFile
from .names import flattened, resolved

DEFAULT_OBJECTIVE = "avg_job_slowdown"
VALUE = "value"
"""The metric of what gives a mere number."""
FOLLOWING = ("metric", "direction")
"""Keys that are put in where the file has none."""


def complete(file: StudyFile) -> tuple[StudyFile, list[Problem]]:
    """The file with what follows put in, and the names that cannot be resolved."""
    problems: list[Problem] = []
    changes: dict[str, Any] = {}
    if file.is_own:
        changes = {
            "options": _renamed(flattened(file.options), ("options",), problems),
            "grid": _renamed(file.grid, ("grid",), problems),
            "search": _renamed(file.search, ("search",), problems),
            "points": [
                _renamed(flattened(point), ("points", index), problems)
                for index, point in enumerate(file.points)
            ],
        }
    named = _copied(file, changes)
    metrics = _metrics(named, problems)
    directions = named.directions or tuple(
        "maximize" if file.is_own and metric in HIGHER_IS_BETTER else "minimize" for metric in metrics
    )
    return _copied(named, {"metric": list(metrics), "direction": list(directions)}), problems


def _copied(file: StudyFile, changes: dict[str, Any]) -> StudyFile:
    given = {key: value for key, value in changes.items() if key in file.model_fields_set or key in FOLLOWING}
    return file.model_copy(update=given).located(file.path)


def _renamed(
    values: Mapping[str, Any], place: tuple[str | int, ...], problems: list[Problem]
) -> dict[str, Any]:
    """The values by whole names."""
    renamed: dict[str, Any] = {}
    for name, value in values.items():
        path, text = resolved(name)
        if text:
            problems.append(Problem((*place, name), text))
        elif path in renamed:
            problems.append(Problem((*place, name), f"is given as {path!r} too; keep one"))
        renamed[path] = value
    return renamed


def _metrics(file: StudyFile, problems: list[Problem]) -> tuple[str, ...]:
    """Names of what counts, by default what the objective of the options stands for."""
    if not file.is_own or file.objective is not None:
        return file.metrics or ("loss" if file.run == LANDSCAPE else VALUE,)
    objective = str(file.options.get("env.objective", DEFAULT_OBJECTIVE))
    given = file.metrics or (OBJECTIVE_METRICS.get(objective, OBJECTIVE_METRICS[DEFAULT_OBJECTIVE]),)
    names = []
    for index, name in enumerate(given):
        try:
            names.append(metric_of(name))
        except OptionsError as error:
            place = ("metric",) if isinstance(file.metric, str) else ("metric", index)
            problems.append(Problem(place, str(error).removeprefix("metric: ")))
    return tuple(names)
