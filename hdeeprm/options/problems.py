"""From what is wrong with the options to lines that say where, what, what is allowed and the cure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias, get_args

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from hdeeprm.errors import did_you_mean, json_path
from hdeeprm.options.model import Options
from hdeeprm.options.section import Section

Location: TypeAlias = tuple[str | int, ...]

MAX_SHOWN = 60  # characters of a wrong value that a message shows
WANTED = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "string_unicode": "text in Unicode",
    "bool_type": "true or false",
    "model_type": "an object {{...}}",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "dict_type": "an object {{...}}",
    "string_too_short": "text that is not empty",
}
DROP_IN = "hdeeprm-batsim"
DROP_IN_HINT = (
    f' {DROP_IN} is a command of its own: take backend "batsim" with simulator.batsim_command "{DROP_IN}", '
    'or simulator.clock "batsim", which gives the same without another program'
)


class Problem(NamedTuple):
    """One defect: the keys and indices that lead to it, and what is wrong there."""

    location: Location
    text: str


def shown(value: object) -> str:
    """A value as options.json would hold it, long ones cut and nested ones named only."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int) and value.bit_length() > MAX_SHOWN * 3:
        return "a huge integer"
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def not_allowed(value: object, allowed: Iterable[str]) -> str:
    """What to say of a value that is none of the allowed names."""
    names = tuple(allowed)
    listed = f"one of {', '.join(names)}" if len(names) > 1 else f"only {names[0]!r} is"
    return f"{shown(value)} is not allowed; {listed}.{_nearest(value, names)}"


def problems_of(error: ErrorDetails) -> Iterator[Problem]:
    """The problems that one error of the models stands for, in words of options.json."""
    location, context = error["loc"], error.get("ctx", {})
    if error["type"] == "selection":
        yield from (Problem(location + where, text) for where, text in context["problems"])
    else:
        yield Problem(location, _text_of(error["type"], location, error["input"], context, error["msg"]))


def unknown_key(key: object, allowed: Iterable[str]) -> str:
    """What to say of a key that an object cannot have; names where it belongs if it has a place."""
    names = tuple(allowed)
    places = [path for path in _places(Options, ()) if path[-1] == key]
    if places:
        return f"unknown key; it belongs at {json_path(places[0])}"
    return f"unknown key; one of {', '.join(names)}.{_nearest(key, names)}"


def _text_of(kind: str, location: Location, value: object, context: dict[str, Any], message: str) -> str:
    """What to say of one error that concerns one value."""
    if kind == "missing":
        return _missing(location)
    if kind == "extra_forbidden":
        model = _model_at(location[:-1])
        return unknown_key(location[-1], model.model_fields if model else ())
    if kind == "literal_error":
        field = _field_at(location)
        return not_allowed(value, _literals(field.annotation) if field else ())
    if kind == "not_allowed":
        return not_allowed(value, context["allowed"])
    if kind == "problem":
        return str(context["text"])
    if kind not in WANTED and "wanted" not in context:
        return f"{message}; {shown(value)} was given"
    wanted = context.get("wanted") or WANTED[kind].format(**context)
    return f"{wanted} is wanted; {shown(value)} was given"


def _missing(location: Location) -> str:
    field = _field_at(location)
    example = field.examples[0] if field and field.examples else ...
    return f"is required; add {json.dumps(location[-1])}: {json.dumps(example)}"


def _nearest(value: object, names: tuple[str, ...]) -> str:
    """Offer of the nearest name, whatever the case of its letters."""
    if value == DROP_IN and "batsim" in names:
        return DROP_IN_HINT
    by_folded = {name.casefold(): name for name in names}
    folded = str(value).casefold()
    if folded in by_folded:
        return f" Did you mean {by_folded[folded]!r}?"
    return did_you_mean(str(value), names)


def _places(model: type[Section], above: Location) -> Iterator[Location]:
    """Locations of all fields of a model and of those nested in it."""
    for name, field in model.model_fields.items():
        yield (*above, name)
        nested = _model_in(field)
        if nested:
            yield from _places(nested, (*above, name))


def _model_in(field: FieldInfo) -> type[Section] | None:
    """The model that a field holds, null or not."""
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None


def _model_at(location: Location) -> type[Section] | None:
    """The model whose fields are the keys at a location."""
    model: type[Section] | None = Options
    for part in location:
        field = model.model_fields.get(str(part)) if model else None
        model = _model_in(field) if field else None
    return model


def _field_at(location: Location) -> FieldInfo | None:
    model = _model_at(location[:-1])
    return model.model_fields.get(str(location[-1])) if model else None


def _literals(annotation: object) -> list[str]:
    """The strings that a Literal, or a union with one, allows."""
    words: list[str] = []
    for item in get_args(annotation):
        words += [item] if isinstance(item, str) else _literals(item)
    return words
