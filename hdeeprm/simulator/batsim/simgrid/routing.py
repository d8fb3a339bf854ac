"""How the zones of a platform route: declared routes, shortest chains of them, stars, nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

Ends = tuple[str, str]
"""Names of two points: hosts, routers or zones."""


class Leg(NamedTuple):
    """A part of a route that the file declares."""

    links: tuple[int, ...]
    gateways: Ends | None = None
    """Between zones: the host or router where the leg starts and the one where it ends."""


class Rules(Protocol):
    """How a zone routes between its members."""

    def way(self, source: str, target: str) -> Sequence[Leg] | None:
        """Legs to follow in turn; empty where nothing is in between, None where there is no way."""


@dataclass(frozen=True)
class NoRouting:
    """Routing "None": nothing lies between its hosts, and zones in it can't reach each other."""

    has_zones: bool

    def way(self, source: str, target: str) -> Sequence[Leg] | None:
        """Nothing."""
        return None if self.has_zones else ()


@dataclass(frozen=True)
class Full:
    """Routing "Full": a route for each pair; hosts without one are next to each other.

    Attributes:
        legs: Declared routes.
        loopback: From a host to itself where nothing else is declared; None between zones.
    """

    legs: Mapping[Ends, Leg]
    loopback: Leg | None

    def way(self, source: str, target: str) -> Sequence[Leg] | None:
        """The declared route."""
        leg = self.legs.get((source, target))
        if leg is None and source == target:
            leg = self.loopback
        if leg is not None:
            return (leg,)
        return None if self.loopback is None else ()


@dataclass(frozen=True)
class Star:
    """Routing "Cluster" and the element "cluster": from a host up to the centre, and down to the other.

    Attributes:
        up: Links from each host to the centre; none for points that are not named.
        down: Links from the centre to each host.
        loopback: Links from a host to itself; up and down for those that are not named.
    """

    up: dict[str, tuple[int, ...]] = field(default_factory=dict)
    down: dict[str, tuple[int, ...]] = field(default_factory=dict)
    loopback: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def way(self, source: str, target: str) -> Sequence[Leg] | None:
        """Up and down; a link that is on both ways counts once."""
        if source == target and source in self.loopback:
            return (Leg(self.loopback[source]),)
        links = self.up.get(source, ()) + self.down.get(target, ())
        return (Leg(tuple(dict.fromkeys(links))),)
