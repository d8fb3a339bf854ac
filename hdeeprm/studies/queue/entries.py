"""What a line of a journal holds, so that each is understood before anything is made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from reprlib import repr as short_repr
from types import NoneType
from typing import Any

from .records import AFTER, ATTEMPT, CAUSE, FILE, KEY, LEFT_OUT, OUTCOME, POINT, RUN, SEED, WORKER
from .records import TRIAL as NUMBER_IN_SEARCH

Types = type | tuple[type, ...]

OPERATION, WRITER, STUDY, TRIAL = "op_code", "worker_id", "study_id", "trial_id"
ATTRIBUTE = "user_attr"
NEW_STUDY, NEW_TRIAL, END = 0, 4, 6
"""Operations, as Optuna numbers them, of which more is asked than the types of their fields."""
NUMBER = (int, float)
EACH: Mapping[str, Types] = {OPERATION: int, WRITER: str}
FIELDS: Mapping[int, Mapping[str, Types]] = {
    NEW_STUDY: {"study_name": str, "directions": list},
    2: {STUDY: int, ATTRIBUTE: dict},
    3: {STUDY: int, "system_attr": dict},
    NEW_TRIAL: {STUDY: int, "datetime_start": (str, NoneType)},
    5: {TRIAL: int, "param_name": str, "param_value_internal": NUMBER, "distribution": str},
    END: {TRIAL: int, "state": int, "values": (list, NoneType)},
    7: {TRIAL: int, "step": int, "intermediate_value": NUMBER},
    8: {TRIAL: int, ATTRIBUTE: dict},
    9: {TRIAL: int, "system_attr": dict},
}
"""Fields of each operation; those that delete are no part of a study's journal."""
PLAN: Mapping[str, Types] = {
    RUN: int,
    KEY: str,
    POINT: dict,
    SEED: (int, NoneType),
    NUMBER_IN_SEARCH: (int, NoneType),
    ATTEMPT: int,
}
"""What each planned run says of itself."""
ATTRIBUTES: Mapping[str, Types] = {
    **PLAN,
    WORKER: str,
    CAUSE: str,
    AFTER: str,
    OUTCOME: dict,
    FILE: dict,
    LEFT_OUT: list,
}
"""What runs and the study may say of themselves."""
OUTCOMES: Mapping[str, Types] = {
    "metrics": dict,
    "per_seed": dict,
    "error": dict,
    "seconds": NUMBER,
    "cpu_seconds": NUMBER,
}
COMPLETE = 1  # number of the state in Optuna


def parsed(line: bytes) -> dict[str, Any]:
    """The entry of a line.

    Raises:
        ValueError: If it is none; the text says why.
    """
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("is damaged, no JSON of a whole entry") from None
    if not isinstance(entry, dict):
        raise ValueError(f"is no entry of a study, but {short_repr(entry)}")
    _check_there(entry, EACH)
    fields = FIELDS.get(entry[OPERATION])
    if fields is None:
        raise _wrong(entry, OPERATION)
    _check_there(entry, fields)
    _check_attributes(entry)
    if entry[OPERATION] == END:
        _check_values(entry)
    return entry


def _check_attributes(entry: Mapping[str, Any]) -> None:
    """What runs, and the study, say of themselves."""
    name = "user_attrs" if entry[OPERATION] == NEW_TRIAL else ATTRIBUTE
    attributes = entry.get(name, {})
    if not isinstance(attributes, dict):
        raise _wrong(entry, name)
    _check_known(attributes, ATTRIBUTES)
    if RUN in attributes:
        _check_there(attributes, PLAN)
    _check_known(attributes.get(OUTCOME, {}), OUTCOMES)
    if not all(isinstance(number, int) for number in attributes.get(LEFT_OUT, ())):
        raise _wrong(attributes, LEFT_OUT)


def _check_values(entry: Mapping[str, Any]) -> None:
    """A number for each metric, of a run that is complete at least one."""
    values = entry["values"] or ()
    is_missing = entry["state"] == COMPLETE and not values
    if is_missing or not all(isinstance(value, NUMBER) for value in values):
        raise _wrong(entry, "values")


def _check_there(mapping: Mapping[str, Any], wanted: Mapping[str, Types]) -> None:
    """All names are there, with values of their types."""
    for name, types in wanted.items():
        if name not in mapping:
            raise ValueError(f"is no entry of a study: it has no {name}")
        if not isinstance(mapping[name], types):
            raise _wrong(mapping, name)


def _check_known(mapping: Mapping[str, Any], known: Mapping[str, Types]) -> None:
    """Names that are known, of those that are there, have values of their types."""
    for name, value in mapping.items():
        if not isinstance(value, known.get(name, object)):
            raise _wrong(mapping, name)


def _wrong(mapping: Mapping[str, Any], name: str) -> ValueError:
    return ValueError(f"is no entry of a study: its {name} is {short_repr(mapping[name])}")
