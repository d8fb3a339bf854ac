"""A study that is given in Python, as the file that its workers read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hdeeprm.errors import StudyError
from hdeeprm.results.atomic import open_atomically

from .space.grid import MOST_RUNS

MARK = "# Written by Study(...) of a Python program, which writes it again: what is changed here is lost."
"""First line of the files that may be written over."""


def plain(value: Any) -> Any:
    """Keys as a file could hold them: tuples, ranges and arrays as lists, data frames as lists of tables.

    Raises:
        StudyError: If there are too many values, or a value holds itself.
    """
    try:
        return _plain(value)
    except RecursionError:
        raise StudyError("Study: a value is nested too deeply, or holds itself; make it flatter") from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(child) for key, child in value.items() if child is not None}
    if callable(getattr(value, "to_dict", None)) and hasattr(value, "columns"):
        return _plain(value.to_dict("records"))
    if callable(getattr(value, "tolist", None)):  # arrays and their scalars
        return _plain(value.tolist())
    if isinstance(value, range) and len(value) > MOST_RUNS:  # which takes no room until it is a list
        raise StudyError(f"Study: {value} has {len(value):,} values; a study has at most {MOST_RUNS:,} runs")
    if isinstance(value, list | tuple | range | set | frozenset):
        return [_plain(child) for child in value]
    if isinstance(value, Path):
        return str(value)
    return value


def function_name(function: Callable[..., Any]) -> tuple[str, bool]:
    """Name by which another process finds a function, wherever the study file is, and whether it can."""
    name = getattr(function, "__qualname__", "")
    module = sys.modules.get(getattr(function, "__module__", ""))
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    file = getattr(module, "__file__", None)
    if found is not function or file is None:
        return f"{getattr(function, '__module__', '?')}:{name or type(function).__name__}", False
    spec = getattr(module, "__spec__", None)
    if spec is not None and (spec.parent or not file.endswith(".py")):  # of a package, by which it imports
        return f"{spec.name}:{name}", True
    return f"{Path(file).resolve()}:{name}", True


def write_study(content: Mapping[str, Any], path: Path) -> None:
    """Write the file, whole or not at all; one that says the same is left as it is.

    Raises:
        StudyError: If a value cannot be in a file, or there is a file that somebody else wrote.
        RunDirectoryError: If it cannot be written.
    """
    text = f"{MARK}\n{toml_text(content)}".encode()
    before = path.read_bytes() if path.is_file() else None
    if before == text:
        return
    if before is not None and not before.startswith(MARK.encode()):
        raise StudyError(
            f"{path}: is there, was not written by Study, and would be lost; name another file, "
            f"Study('other.toml', ...), or open this one as it is, Study({str(path)!r})"
        )
    with open_atomically(path) as file:
        file.write(text)


def toml_text(content: Mapping[str, Any]) -> str:
    """TOML of a study: plain keys first, then the tables."""
    lines = [
        f"{_key(key)} = {_value(value)}" for key, value in content.items() if not isinstance(value, dict)
    ]
    for key, value in content.items():
        if isinstance(value, dict):
            lines += ["", f"[{_key(key)}]"]
            lines += [f"{_key(name)} = {_value(child)}" for name, child in value.items()]
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    return key if key.isidentifier() and key.isascii() else _text(key)


def _text(text: str) -> str:
    """Text in quotes; TOML knows JSON's escapes but for those of surrogates, and wants DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(key)} = {_value(child)}' for key, child in value.items())}}}"
    raise StudyError(f"Study: {value!r:.60} is a {type(value).__name__}, which no study file holds")
