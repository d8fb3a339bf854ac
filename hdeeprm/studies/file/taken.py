"""Names that options and metrics cannot have, since they stand for something else."""

from __future__ import annotations

from collections.abc import Iterator

from hdeeprm.errors import json_path
from hdeeprm.options.problems import Problem

from .model import StudyFile

SEED = "seed"
FOLDER = "folder"
"""The name in braces by which a command finds the folder of the file."""


def taken_names(file: StudyFile) -> Iterator[Problem]:
    """Options and metrics that the table of runs, or a command, has another meaning for."""
    columns = _columns()
    listed = f"a column of every table ({', '.join(columns)})"
    for place, name in _options(file):
        if name in columns:
            yield Problem(place, f"is {listed}; name the option otherwise")
        elif name == SEED and file.seeds:
            yield Problem(place, "'seeds' is given too; keep one of the two")
        elif name == FOLDER and file.command is not None:
            yield Problem(place, "{folder} is the folder of the file; name the option otherwise")
    for index, name in enumerate(file.metrics):
        location = ("metric", index) if len(file.metrics) > 1 else ("metric",)
        if name in (*columns, SEED):
            yield Problem(location, f"{name!r} is {listed}, or the seed; name the metric otherwise")
        elif name in file.sets:
            option = next(json_path(place) for place, option in _options(file) if option == name)
            yield Problem(location, f"{name!r} is an option ({option}) too; name one of the two otherwise")


def _columns() -> tuple[str, ...]:
    from hdeeprm.studies.results.table import FIRST, LAST

    return (*FIRST, *LAST)


def _options(file: StudyFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Place and name of every option, those that vary first."""
    for key in ("grid", "search"):
        yield from (((key, name), name) for name in getattr(file, key))
    for index, point in enumerate(file.points):
        yield from ((("points", index, name), name) for name in point)
    yield from ((("options", name), name) for name in file.options)
