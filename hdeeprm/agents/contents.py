"""What a checkpoint may hold: tensors, numbers, texts, lists and dictionaries, and what they are called."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from .damage import NAME_A_CHECKPOINT

WEIGHTS = "model_state_dict"
MAX_DEPTH = 100
"""How deep lists and dictionaries may be nested."""
MAX_PLACE = 200
"""Characters of the place of what lies very deep that a message shows."""


def content_problem(content: Mapping[str, Any]) -> str | None:
    """What in a nested content cannot be in a checkpoint, if there is anything."""
    return next(_problems(content, "", (), set()), None)


def _problems(value: object, place: str, above: tuple[int, ...], seen: set[int]) -> Iterator[str]:
    """Whatever in a nested content cannot be in a checkpoint.

    Args:
        value: The content, or a part of it.
        place: Where the part is.
        above: Identities of the lists and dictionaries that it lies in.
        seen: Identities of all that were looked at: what is in many places is looked at once.
    """
    named = " ".join(place.lstrip(".").split()) or "its content"
    if isinstance(value, Tensor):
        problem = _tensor_problem(value)
        if problem is not None:
            yield f"{named} {problem}"
    elif isinstance(value, Mapping | list | tuple):
        if id(value) in above or len(above) == MAX_DEPTH:
            yield f"{named[:MAX_PLACE]} contains itself, or is nested too deeply"
        elif id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, Mapping) and not all(type(key) in (str, int) for key in value):
                yield f"{named} has a key that is neither text nor number"
                return
            for inner, item in _items(value):
                yield from _problems(item, place + inner, (*above, id(value)), seen)
    elif type(value) not in (str, int, float, bool, type(None)):
        kind = type(value).__name__
        yield f"{named} is a {kind}; tensors, numbers, texts, lists and dictionaries are wanted"


def _items(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """What lies in a dictionary or a list, and where."""
    if isinstance(value, Mapping):
        return ((f".{key}", item) for key, item in value.items())
    return ((f"[{index}]", item) for index, item in enumerate(value))


def _tensor_problem(value: Tensor) -> str | None:
    """Why a tensor cannot be in a checkpoint."""
    is_plain = value.layout == torch.strided and value.device.type != "meta"
    if not is_plain or value.is_quantized or value.is_nested:
        return "is a tensor of an unusual kind; numbers in memory, one after the other, are wanted"
    room = value.untyped_storage().nbytes() // value.element_size()
    if value.numel() > room:
        return f"is a tensor of {value.numel()} numbers that stores {room}; save its contiguous()"
    if value.is_floating_point() and bool(torch.isnan(value).any()):
        return "is NaN; take the last good checkpoint, or train anew with a lower lr"
    return None


def header_problem(content: Mapping[str, Any]) -> str | None:
    """What is wrong with what a checkpoint says of itself; weights alone say nothing."""
    kinds = {"agent": str, "shape": dict, "environment": dict}
    for key, kind in kinds.items():
        if "format" in content and not isinstance(content.get(key), kind):
            return f"its {key!r} is missing or of a wrong kind; {NAME_A_CHECKPOINT}"
    for size, value in content.get("shape", {}).items():
        if type(value) is not int:
            found = type(value).__name__
            return f"its 'shape' has {size!r}, a {found}, where a whole number is wanted; {NAME_A_CHECKPOINT}"
    for fact, value in content.get("environment", {}).items():
        types = {type(item) for item in (value if isinstance(value, list) else [value])}
        if not types <= {str, int}:
            return f"its 'environment' has {fact!r}, which is no text, number or list; {NAME_A_CHECKPOINT}"
    return None


def weights_problem(content: Mapping[str, Any]) -> str | None:
    """What is wrong with the weights of a checkpoint."""
    weights = content.get(WEIGHTS)
    if not isinstance(weights, Mapping) or not all(isinstance(value, Tensor) for value in weights.values()):
        return f"its {WEIGHTS!r} is missing or holds more than tensors; {NAME_A_CHECKPOINT}"
    return None


def interned(tree: Any) -> Any:
    """The same nesting with one object for equal texts.

    A file refers back to a text that it holds already, by its identity; so equal contents would be of
    different bytes where one was read from a file.
    """
    if isinstance(tree, Mapping):
        return {interned(key): interned(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [interned(value) for value in tree]
    return sys.intern(tree) if type(tree) is str else tree
