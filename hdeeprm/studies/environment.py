"""Environment twins: ``HDEEPRM_STUDY_LIMIT=1`` stands for ``--limit 1`` and comes before it."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from hdeeprm.errors import StudyError, did_you_mean

PREFIX = "HDEEPRM_STUDY_"
FLAGS = (
    *("set", "on", "workers", "limit", "max_runs_per_worker", "retry", "anew"),
    *("by", "metric", "sort", "csv", "best", "watch", "out", "kind"),
)
"""All that have a twin, whichever verb they belong to."""
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


_KINDS: dict[str, dict[str, Any]] = {
    "workers": {"type": int},
    "limit": {"type": int},
    "max_runs_per_worker": {"type": int},
    "retry": {"action": "append"},
    "set": {"action": "append"},
    "anew": {"action": "store_true"},
}
"""Flags that are given from Python too and are no mere text."""


def twin(action: argparse.Action) -> str:
    """The variable that stands for a flag."""
    return PREFIX + action.dest.upper()


def place_of(flag: str) -> str:
    """Where the value of a flag was given: its variable, or the flag itself."""
    variable = PREFIX + flag.upper()
    return variable if os.environ.get(variable) else f"--{flag}"


def apply_environment(
    parser: argparse.ArgumentParser, chosen: argparse.Namespace, environment: Mapping[str, str] = os.environ
) -> None:
    """Put the values of the environment in the place of those of the command line.

    An empty variable counts as not there.

    Args:
        parser: Whose flags have twins.
        chosen: Of the command line, which is changed.
        environment: Where the variables are.

    Raises:
        StudyError: If a value is wrong, or no flag has such a twin; all of them are named.
    """
    lines = list(_strangers(environment))
    for action in parser._actions:
        text = environment.get(twin(action), "") if action.option_strings and action.dest != "help" else ""
        if text:
            try:
                setattr(chosen, action.dest, _value(action, text))
            except argparse.ArgumentTypeError as error:
                lines.append(f"{twin(action)}: {error}")
            except ValueError as error:
                wanted = "a whole number is wanted" if "invalid literal" in str(error) else error
                lines.append(f"{twin(action)}: {text!r} was given; {wanted}")
    if lines:
        raise StudyError("\n".join(lines))


def _strangers(environment: Mapping[str, str]) -> Iterator[str]:
    """Variables of no flag, such as misspelt ones, which would let a large study run that was to be small."""
    known = [PREFIX + flag.upper() for flag in FLAGS]
    for name in sorted(environment):
        if name.startswith(PREFIX) and environment[name] and name not in known:
            yield f"{name}: no flag has this twin; one of {', '.join(known)}.{did_you_mean(name, known)}"


def with_environment(**values: Any) -> dict[str, Any]:
    """What flags are given from Python, with the values of the environment in their place.

    Args:
        values: By the names of the flags, with underscores.

    Raises:
        StudyError: If a value of the environment is wrong; all of them are named.
    """
    parser, chosen = argparse.ArgumentParser(add_help=False), argparse.Namespace(**values)
    for name in values:
        parser.add_argument(f"--{name}", **_KINDS.get(name, {}))
    apply_environment(parser, chosen)
    return vars(chosen)


def _value(action: argparse.Action, text: str) -> object:
    if action.nargs == 0:
        return _truth(text)
    if isinstance(action, argparse._AppendAction):
        return [_typed(action, word) for word in shlex.split(text)]
    return _typed(action, text)


def _typed(action: argparse.Action, text: str) -> object:
    value: object = action.type(text) if callable(action.type) else text
    if action.choices is not None and value not in action.choices:
        raise ValueError(f"one of {', '.join(map(str, action.choices))} is wanted")
    return value


def _truth(text: str) -> bool:
    if text.casefold() not in TRUE + FALSE:
        raise ValueError(f"one of {', '.join(TRUE + FALSE)} is wanted")
    return text.casefold() in TRUE
