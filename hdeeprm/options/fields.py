"""Fields of the options whose values are names, selections or shares: what is allowed, aliases resolved.

Each function takes a value as options.json has it; a value of another type goes through, for the type of the
field to refuse. Errors carry what ``problems`` needs to say what is allowed.
"""

from __future__ import annotations

import math
import reprlib
from typing import Any

from pydantic_core import PydanticCustomError

from hdeeprm.errors import OptionsError
from hdeeprm.scores import ALIASES, NAMED_SCORES, OWN_SCORE
from hdeeprm.selections import CoreSelection, JobSelection, read_selection

OBSERVATION_NAMES = ("normal", "small", "minimal", "fit", "queue")
WITHOUT_JOBS = ("normal", "small", "minimal", "fit")
"""Observations that show no single job, so that ``env.actions.num_jobs`` means nothing to them."""
CORE_SELECTION_NAMES = tuple(selection.name for selection in CoreSelection)
SHARE_TOLERANCE = 1e-9
"""How far from 1 the sum of shares may be, for rounding."""

_registered: list[str] = []


def register_observation_name(name: str) -> None:
    """Make a name known as ``env.observation``; a name that is known already stays so.

    Args:
        name: The name under which ``hdeeprm.env`` has an observation.

    Raises:
        OptionsError: If the name is empty or no text.
    """
    if not isinstance(name, str) or not name:
        raise OptionsError(f"an observation needs a name that is not empty; {name!r} was given")
    if name not in observation_names():
        _registered.append(name)


def observation_names() -> tuple[str, ...]:
    """Names of all observations, those built in first."""
    return (*OBSERVATION_NAMES, *_registered)


def observation_name(value: object) -> object:
    """The value, unless it is text that names no observation."""
    if isinstance(value, str) and value not in observation_names():
        raise PydanticCustomError("not_allowed", "not allowed", {"allowed": observation_names()})
    return value


def list_observations(schema: dict[str, Any]) -> None:
    """Put the names of all observations into a JSON Schema."""
    schema["enum"] = list(observation_names())


def core_selection_name(value: object) -> object:
    """Name of a core selection with its alias resolved."""
    if not isinstance(value, str):
        return value
    if value not in CoreSelection.__members__:
        raise PydanticCustomError("not_allowed", "not allowed", {"allowed": CORE_SELECTION_NAMES})
    return CoreSelection[value].name


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


def window_starts(value: object) -> object:
    """Indices as a tuple; null goes through."""
    if value is None:
        return None
    indices = value if isinstance(value, list | tuple) else []
    if not indices or any(not isinstance(one, int) or isinstance(one, bool) or one < 0 for one in indices):
        raise PydanticCustomError(
            "wanted", "wrong starts", {"wanted": "a list of integers of at least 0, such as [1981, 2756],"}
        )
    return tuple(indices)


def shares(value: object) -> object:
    """Three shares that sum to 1, as floats; null goes through."""
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 3 or not all(map(_is_share, value)):
        wanted = "three shares from 0 to 1 are wanted, of train, validation and test, such as [0.6, 0.2, 0.2]"
        raise PydanticCustomError(
            "problem", "wrong shares", {"text": f"{wanted}; {reprlib.repr(value)} was given"}
        )
    total = math.fsum(value)
    if abs(total - 1) > SHARE_TOLERANCE:
        text = f"the shares of train, validation and test must sum to 1; their sum is {total:.10g}"
        raise PydanticCustomError("problem", "wrong sum", {"text": text})
    return tuple(map(float, value))


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def selection_schema() -> dict[str, Any]:
    """JSON Schema of the three ways to write an item of a selection."""
    cores = {"type": "array", "minItems": 1, "items": {"enum": list(CoreSelection.__members__)}}
    jobs = [*JobSelection.__members__, *ALIASES, *NAMED_SCORES]
    own = {"type": "string", "pattern": f"^{OWN_SCORE}.+"}
    written_out = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"anyOf": [{"enum": jobs}, own]},
        "additionalProperties": cores,
    }
    names = [f"{job}-{core}" for job in jobs for core in CoreSelection.__members__]
    item = {"anyOf": [written_out, {"enum": jobs + names}, own]}
    return {"anyOf": [{"type": "array", "minItems": 1, "items": item}, *item["anyOf"]]}
