"""Parameters of a search: a range of integers or of real numbers, or a list of choices."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import did_you_mean
from hdeeprm.options.problems import Location, Problem, shown
from hdeeprm.studies.numbers import is_number

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

RANGE_KEYS = ("low", "high", "step", "log")
WHOLE_TOLERANCE = 1e-9
"""How far a number of steps may be from a whole one, for rounding."""


def parameter_problems(name: str, given: object) -> Iterator[Problem]:
    """What is wrong with a parameter of ``[search]``."""
    location: Location = ("search", name)
    if isinstance(given, list):
        yield from _choice_problems(location, given)
    elif not isinstance(given, Mapping):
        wanted = "a range {low, high} or a list of choices is wanted"
        yield Problem(location, f"{wanted}; {shown(given)} was given")
    else:
        yield from _key_problems(location, given)
        if is_number(given.get("low")) and is_number(given.get("high")):
            yield from _range_problems(location, given)


def distributions(search: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """What a sampler draws each parameter from, by name."""
    return {name: _distribution(given) for name, given in search.items()}


def _distribution(given: Any) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(given, list):
        return CategoricalDistribution(given)
    low, high, step, log = given["low"], given["high"], given.get("step"), given.get("log", False)
    if is_whole(given):
        return IntDistribution(low, high, log=log, step=step or 1)
    return FloatDistribution(low, high, log=log, step=step)


def is_whole(given: Mapping[str, Any]) -> bool:
    """Whether a range is one of integers: all its numbers are written so."""
    return all(isinstance(given.get(key, 0), int) for key in ("low", "high", "step"))


def _choice_problems(location: Location, given: list[object]) -> Iterator[Problem]:
    if not given:
        yield Problem(location, "is empty; list at least one choice, or leave the parameter out")
    for index, choice in enumerate(given):
        if isinstance(choice, list | Mapping):
            text = f"a choice must be text, a number, true or false; {shown(choice)} was given"
            yield Problem((*location, index), text)
        elif any(choice is other or choice == other for other in given[:index]):
            yield Problem(
                (*location, index), f"{shown(choice)} is listed twice (or one that is equal); keep one"
            )


def _key_problems(location: Location, given: Mapping[str, object]) -> Iterator[Problem]:
    for key in given:
        if key not in RANGE_KEYS:
            text = f"unknown key; one of {', '.join(RANGE_KEYS)}.{did_you_mean(key, RANGE_KEYS)}"
            yield Problem((*location, key), text)
    for key in ("low", "high"):
        if key not in given:
            yield Problem((*location, key), f"is required; add {key} = ...")
    for key in ("low", "high", "step"):
        if key in given and not is_number(given[key]):
            yield Problem((*location, key), f"a finite number is wanted; {shown(given[key])} was given")
    if not isinstance(given.get("log", False), bool):
        yield Problem((*location, "log"), f"true or false is wanted; {shown(given['log'])} was given")


def _range_problems(location: Location, given: Mapping[str, Any]) -> Iterator[Problem]:
    low, high, step = given["low"], given["high"], given.get("step")
    if low >= high:
        text = f"must lie below high = {high}; {low} was given" + (", swap the two" if low > high else "")
        yield Problem((*location, "low"), text)
    elif math.isinf(float(high) - float(low)):
        yield Problem(location, f"the range from {low} to {high} is too wide; bring its ends nearer together")
        return
    if given.get("log") is True and low <= 0:
        yield Problem((*location, "low"), f"must be above 0 where log = true; {low} was given")
    if not is_number(step):
        return
    if given.get("log") is True:
        yield Problem((*location, "step"), "does not go with log = true; keep one of the two")
    elif step <= 0:
        yield Problem((*location, "step"), f"must be above 0; {step} was given")
    elif low < high:
        yield from _step_problems(location, low, high, step)


def _step_problems(location: Location, low: float, high: float, step: float) -> Iterator[Problem]:
    steps = (high - low) / step
    if math.isinf(steps):
        yield Problem((*location, "step"), f"{step} is too small for the range from {low} to {high}")
    elif abs(steps - round(steps)) > WHOLE_TOLERANCE * max(1.0, steps):
        last = low + math.floor(steps) * step
        text = f"{step} does not fit between {low} and {high}; let high be {last:g} or {last + step:g}"
        yield Problem((*location, "step"), text)
