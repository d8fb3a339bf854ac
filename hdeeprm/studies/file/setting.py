"""``--set``: a value that takes the place of one of the file."""

from __future__ import annotations

import tomllib
from typing import Any

from hdeeprm.errors import StudyError
from hdeeprm.studies.environment import place_of

from .model import StudyFile

TABLES = ("options", "grid", "search", "slurm", "ray", "landscape", "graphite")


def assign(data: dict[str, Any], text: str) -> None:
    """Put one value in.

    Args:
        data: The content of the file, which is changed.
        text: ``key=value``, the key as a dotted path such as ``options.nb_jobs``, the value as in TOML; what
            is no TOML is taken for text.

    Raises:
        StudyError: If there is no key or no value, or something that is no table stands in the way.
    """
    path, equals, value = text.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise StudyError(f"{place_of('set')}: {text!r}: key=value is wanted, such as options.nb_jobs=50")
    node: Any = data
    if keys[0] in TABLES and len(keys) > 1:
        node = data.setdefault(keys.pop(0), {})
    elif len(keys) > 1 and keys[0] not in data:
        allowed = ", ".join((*TABLES, *(key for key in StudyFile.model_fields if key not in TABLES)))
        raise StudyError(f"{place_of('set')}: {text!r}: there is no table {keys[0]!r}; one of {allowed}")
    while len(keys) > 1 and isinstance(node, dict) and ".".join(keys) not in node and keys[0] in node:
        node = node[keys.pop(0)]
    if not isinstance(node, dict):
        raise StudyError(f"{place_of('set')}: {text!r}: the file has no table there")
    node[".".join(keys)] = _value(value.strip())


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
