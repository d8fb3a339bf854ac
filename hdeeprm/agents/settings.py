"""Settings of an algorithm: a frozen dataclass whose values are checked, all of them at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, NamedTuple, Self

from hdeeprm.errors import OptionsError, did_you_mean

PATH = "agent.settings"
"""Where options.json has the settings."""
MAX_SEED = 2**64 - 1
"""PyTorch's random generators take seeds of 64 bits."""


class Range(NamedTuple):
    """What a setting may be; ``None`` bounds nothing."""

    kind: type
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False

    def holds(self, value: object) -> bool:
        """Whether the value is allowed."""
        if value is None:
            return self.optional
        if isinstance(value, bool) or self.kind is bool:
            return isinstance(value, bool) and self.kind is bool
        if self.kind is str:
            return value in self.choices
        is_number = isinstance(value, int) or (self.kind is float and isinstance(value, float))
        return is_number and self._within(value)  # type: ignore[arg-type]

    def describe(self) -> str:
        """What is allowed, in words."""
        bounds = {"at least": self.at_least, "above": self.above, "at most": self.at_most}
        bounds["below"] = self.below
        said = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
        kinds = {int: "an integer", float: "a number", bool: "true or false"}
        kind = f"one of {', '.join(self.choices)}" if self.choices else kinds[self.kind]
        return " ".join(filter(None, (kind, said, "or null" if self.optional else "")))

    def _within(self, value: float) -> bool:
        return (
            math.isfinite(value)
            and (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )


def integer(default: int | None, at_least: int = 1, *, optional: bool = False) -> Any:
    """A setting that is a whole number."""
    return field(default=default, metadata={"range": Range(int, at_least, optional=optional)})


def number(default: float | None, **bounds: Any) -> Any:
    """A setting that is a number within ``at_least``, ``above``, ``at_most``, ``below``."""
    return field(default=default, metadata={"range": Range(float, **bounds)})


def switch(default: bool) -> Any:
    """A setting that is on or off."""
    return field(default=default, metadata={"range": Range(bool)})


def choice(default: str, *others: str) -> Any:
    """A setting that is one of a few words."""
    return field(default=default, metadata={"range": Range(str, choices=(default, *others))})


@dataclass(frozen=True)
class LearnerSettings:
    """Base of the settings of all algorithms; every field of a subclass carries the range of its values."""

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            OptionsError: One line for each.
        """
        wrong = [
            f"{PATH}.{item.name}: {_range(item).describe()} is wanted; {getattr(self, item.name)!r} was given"
            for item in fields(self)
            if not _range(item).holds(getattr(self, item.name))
        ]
        if wrong:
            raise OptionsError("\n".join(wrong))

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Settings as options.json has them; what is missing takes its default.

        Raises:
            OptionsError: One line for each unknown setting and for each value out of range.
        """
        names = [item.name for item in fields(cls)]
        wrong = [
            f"{PATH}.{name}: unknown setting; one of {', '.join(names)}.{did_you_mean(str(name), names)}"
            for name in given
            if name not in names
        ]
        try:
            settings = cls(**{name: value for name, value in given.items() if name in names})
        except OptionsError as error:
            wrong.append(str(error))
        if wrong:
            raise OptionsError("\n".join(wrong))
        return settings


def checked_seed(seed: int) -> int:
    """A seed that PyTorch's random generators can be given.

    Raises:
        OptionsError: If it is out of their range.
    """
    if not 0 <= seed <= MAX_SEED:
        raise OptionsError(
            f"seed: an integer from 0 to {MAX_SEED} is wanted by agents that learn; {seed} was given"
        )
    return seed


def _range(item: Field[Any]) -> Range:
    found = item.metadata["range"]
    assert isinstance(found, Range) and item.default is not MISSING
    return found
