"""Checks of the arguments that a study file gives to a pruner."""

from __future__ import annotations

from collections.abc import Iterable

from hdeeprm.errors import StudyError


def refuse_wrong(arguments: Iterable[tuple[str, object, bool, str]]) -> None:
    """Raise for all arguments that are not allowed at once.

    Args:
        arguments: Of each its name, its value, whether it is allowed, and what is wanted.

    Raises:
        StudyError: If one is not allowed.
    """
    lines = [
        f"pruner.{name}: {wanted} is wanted; {value!r} was given"
        for name, value, is_allowed, wanted in arguments
        if not is_allowed
    ]
    if lines:
        raise StudyError("\n".join(lines))


def is_whole(value: object, low: int) -> bool:
    """Whether a value is a whole number of at least ``low``."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= low
