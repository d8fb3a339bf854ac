"""The ``[slurm]`` table of a study file, as arguments of ``sbatch``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hdeeprm.errors import StudyError

_OURS = {
    "array": "the number of workers gives it (--workers)",
    "clusters": "a study follows its jobs on one cluster only; start it on the cluster that is meant",
    "wait": "the study waits by itself",
    "wrap": "the study gives the job script",
}
"""Options of ``sbatch`` that a study sets, or cannot do with, and the reason."""

_SHORT = {"a": "array", "M": "clusters", "W": "wait"}


def sbatch_arguments(table: Mapping[str, Any]) -> list[str]:
    """The table as arguments, in its order; a key may have ``_`` for ``-``, a flag is true.

    >>> sbatch_arguments({"time": "1:00:00", "cpus_per_task": 4, "exclusive": True, "hold": False, "p": "m"})
    ['--time=1:00:00', '--cpus-per-task=4', '--exclusive', '-pm']

    Raises:
        StudyError: For each key that a study sets by itself and each value that is no option's, one a line.
    """
    problems = [problem for key, value in table.items() for problem in _problems(key, value)]
    if problems:
        raise StudyError("\n".join(problems))
    return [_argument(key.replace("_", "-"), value) for key, value in table.items() if value is not False]


def _problems(key: str, value: object) -> Iterator[str]:
    if reason := _OURS.get(_SHORT.get(key, key)):
        yield f"slurm.{key}: cannot be set: {reason}"
    elif not isinstance(value, bool | int | float | str):
        yield f"slurm.{key}: {value!r} is no option of sbatch; a string, a number, true or false is"


def _argument(name: str, value: bool | int | float | str) -> str:
    if len(name) == 1:
        return f"-{name}" if value is True else f"-{name}{value}"
    return f"--{name}" if value is True else f"--{name}={value}"
