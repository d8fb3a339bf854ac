"""Options of runs, tried before any run is: each value that varies, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hdeeprm.errors import OptionsError, StudyError
from hdeeprm.options import load_options
from hdeeprm.options.problems import Problem

from .model import StudyFile


def options_problems(file: StudyFile) -> list[Problem]:
    """What the options refuse, each complaint once."""
    found: dict[str, None] = {}
    for varied in _tried(file):
        try:
            load_options({}, {**file.options, **varied}, file.path.parent)
        except OptionsError as error:
            found |= dict.fromkeys(line.partition(": ")[2] for line in str(error).splitlines())
    return [Problem((), f"\n{file.path}: ".join(found))] if found else []


def landscape_problems(file: StudyFile) -> list[Problem]:
    """What landscapes refuse, each complaint once."""
    from hdeeprm.studies.landscapes import arm_losses
    from hdeeprm.studies.runs.landscape import located

    found: dict[str, None] = {}
    for varied in _tried(file):
        try:
            arm_losses(**located({**file.landscape, **file.options, **varied}, file.path.parent))
        except StudyError as error:
            found |= dict.fromkeys(str(error).splitlines())
    return [Problem((), f"\n{file.path}: ".join(found))] if found else []


def _tried(file: StudyFile) -> Iterator[dict[str, Any]]:
    """Sets of options in which every value of every varied option occurs, as few as that takes."""
    ways = {name: list(values) for name, values in file.grid.items()}
    ways |= {
        name: given if isinstance(given, list) else [given["low"], given["high"]]
        for name, given in file.search.items()
    }
    most = max((len(values) for values in ways.values()), default=1)
    for point in file.points or [{}]:
        for k in range(most):
            yield point | {name: values[min(k, len(values) - 1)] for name, values in ways.items()}
