"""Fields of the options whose values are names or selections: what is allowed, and the aliases resolved.

Each function takes a value as options.json has it; a value of another type goes through, for the type of the
field to refuse. Errors carry what ``problems`` needs to say what is allowed.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticCustomError

from hdeeprm.errors import OptionsError
from hdeeprm.selections import PAIR_NAMES, CoreSelection, JobSelection, SelectionPair, read_selection

OBSERVATION_NAMES = ("normal", "small", "minimal")
RANDOM_AGENT = "random"
AGENT_NAMES = (RANDOM_AGENT, *PAIR_NAMES)


def observation_name(value: object) -> object:
    """The value, unless it is text that names no observation."""
    if isinstance(value, str) and value not in OBSERVATION_NAMES:
        raise PydanticCustomError("not_allowed", "not allowed", {"allowed": OBSERVATION_NAMES})
    return value


def agent_name(value: object) -> object:
    """The agent's name with the aliases of selections resolved."""
    if not isinstance(value, str) or value == RANDOM_AGENT:
        return value
    try:
        return SelectionPair.parse(value).name
    except OptionsError as error:
        text = f"{error} Or {RANDOM_AGENT!r}, for any action at random"
        raise PydanticCustomError("problem", "wrong agent", {"text": text}) from None


def selected_pairs(value: object) -> tuple[str, ...]:
    """Names of the selected pairs; all that is wrong with the selection travels in one error."""
    pairs, problems = read_selection(value)
    if problems:
        raise PydanticCustomError("selection", "wrong selection", {"problems": problems})
    return tuple(pair.name for pair in pairs)


def window_start(value: object) -> object:
    """The value, if it is an index or ``random``; one error for both members of the union."""
    is_index = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not is_index and value != "random":
        raise PydanticCustomError(
            "wanted", "wrong start", {"wanted": "an integer of at least 0, or 'random',"}
        )
    return value


def selection_schema() -> dict[str, Any]:
    """JSON Schema of the three ways to write an item of a selection."""
    cores = {"type": "array", "minItems": 1, "items": {"enum": list(CoreSelection.__members__)}}
    jobs = list(JobSelection.__members__)
    written_out = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"enum": jobs},
        "additionalProperties": cores,
    }
    names = [f"{job}-{core}" for job in jobs for core in CoreSelection.__members__]
    item = {"anyOf": [written_out, {"enum": jobs + names}]}
    return {"anyOf": [{"type": "array", "minItems": 1, "items": item}, *item["anyOf"]]}
