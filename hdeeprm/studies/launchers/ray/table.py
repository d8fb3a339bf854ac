"""The ``[ray]`` table of a study file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hdeeprm.errors import StudyError, did_you_mean

_RESOURCES = ("num_cpus", "num_gpus", "memory")
_KEYS = ("address", *_RESOURCES)

RESOURCE_NAMES = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
"""What Ray calls the same when it tells what a cluster has."""


def checked(table: Mapping[str, Any]) -> tuple[str | None, dict[str, float]]:
    """Address of the cluster, None for a local one, and what each worker needs of it.

    >>> checked({"address": "auto", "num_gpus": 0.5})
    ('auto', {'num_cpus': 1, 'num_gpus': 0.5})

    Raises:
        StudyError: For each unknown key and wrong value, one a line.
    """
    problems = [problem for key, value in table.items() for problem in _problems(key, value)]
    if problems:
        raise StudyError("\n".join(problems))
    needs = {name: table[name] for name in _RESOURCES if name in table}
    return table.get("address"), {"num_cpus": 1, **needs}


def _problems(key: str, value: object) -> Iterator[str]:
    if key not in _KEYS:
        yield f"ray.{key}: unknown; one of {', '.join(_KEYS)}.{did_you_mean(key, _KEYS)}"
    elif key == "address" and not isinstance(value, str):
        yield f'ray.address: {value!r} is no address, such as "auto" or "ray://head:10001"'
    elif key in _RESOURCES and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
        unit = " bytes" if key == "memory" else ""
        yield f"ray.{key}: {value!r} is no amount; 0{unit} or more is"
