"""Options on their way from the file into the models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hdeeprm.options.problems import Location, Problem


@dataclass
class Draft:
    """Options on their way into the present form.

    Args:
        data: The options, in the present form as far as they have got.
        origins: Where the file holds what now stands at another location.
        problems: What was found wrong, at locations of the present form.
    """

    data: dict[str, object]
    origins: dict[Location, Location] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def source_location(self, location: Location) -> Location:
        """Where the file holds what stands at a location of the present form."""
        for end in range(len(location), 0, -1):
            if location[:end] in self.origins:
                return self.origins[location[:end]] + location[end:]
        return location

    def section(self, *keys: str) -> dict[str, object] | None:
        """Copy of an object inside the data, put in its place; None if something else stands there."""
        node = self.data
        for key in keys:
            found = node.get(key, {})
            if not isinstance(found, Mapping):
                return None
            node[key] = node = dict(found)
        return node

    def given(self, *keys: str) -> Mapping[str, object]:
        """What stands in an object inside the data; empty where there is none."""
        node: object = self.data
        for key in keys:
            node = node.get(key) if isinstance(node, Mapping) else None
        return node if isinstance(node, Mapping) else {}

    def refuse(self, location: Location, text: str) -> None:
        """Note what is wrong at a location of the present form."""
        self.problems.append(Problem(location, text))
