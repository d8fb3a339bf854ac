"""Puts the errors of pydantic into the project's words: where, what, what is allowed, the cure."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hdeeprm.catalogue import MAX_CORES
from hdeeprm.errors import did_you_mean, json_path

Step = int | str

_SHORT = reprlib.Repr()
_SHORT.maxstring = 80


def problem_lines(error: ValidationError, root: type[Any]) -> list[str]:
    """One line for each problem of a platform file.

    Args:
        error: What pydantic found.
        root: Dataclass of the whole file; it knows which keys are allowed where.
    """
    details = error.errors(include_url=False)
    return [_problem(detail, root) for detail in details if not _follows(detail)]


def _follows(detail: ErrorDetails) -> bool:
    """Whether an error only follows from others: a list called short because its entries are wrong."""
    return detail["type"] == "too_short" and len(detail["input"]) > 0


def _problem(detail: ErrorDetails, root: type[Any]) -> str:
    """One error of pydantic in the words of the project."""
    path, where = detail["loc"], json_path(detail["loc"]) or "the platform"
    match detail["type"]:
        case "missing":
            return f"{where} is missing; add it."
        case "unexpected_keyword_argument":
            keys = _keys(root, path[:-1])
            return (
                f"{where} is an unknown key.{did_you_mean(str(path[-1]), keys)} Allowed: {', '.join(keys)}."
            )
        case "dataclass_type":
            return f"{where} is {_shown(detail)}; it should be an object with {', '.join(_keys(root, path))}."
        case "unknown_name" | "no_speed":
            return f"{where} is {_shown(detail)}, which {detail['msg']}"
        case "string_pattern_mismatch":
            return (
                f"{where} is {_shown(detail)}; it should be a number and a unit (ps, ns, us, ms, s): '10us'."
            )
        case "too_short":
            return f"{where} is empty; it should hold at least one entry."
        case "too_long":
            return f"{where} is {_shown(detail)}; it should hold four entries, for P0 to P3."
        case "tuple_type":
            return f"{where} is {_shown(detail)}; it should be a list."
        case "dict_type":
            return f"{where} is {_shown(detail)}; it should be an object."
        case "int_type" | "int_from_float":
            return f"{where} is {_shown(detail)}; it should be a whole number from 1 to {MAX_CORES}."
    return f"{where} is {_shown(detail)}; {detail['msg'].replace('Input should', 'it should')}."


def _shown(detail: ErrorDetails) -> str:
    return _SHORT.repr(detail["input"])


def _keys(root: type[Any], path: Iterable[Step]) -> list[str]:
    """Keys that the object at a JSON path may have."""
    kind: Any = root
    for step in path:
        if is_dataclass(kind):
            kind = get_type_hints(kind)[str(step)]
        else:
            kind = get_args(kind)[0 if isinstance(step, int) else -1]
    return [entry.name for entry in fields(kind)]
