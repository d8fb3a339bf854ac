"""The way between two hosts of a platform: down its tree of zones, from gateway to gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hdeeprm.errors import PlatformError, did_you_mean
from hdeeprm.simulator.batsim.simgrid.platform import Link, Route
from hdeeprm.simulator.batsim.simgrid.routing import Leg, Rules


@dataclass(frozen=True, eq=False)
class Network:
    """Zones and how each routes.

    Attributes:
        source: The platform file, for messages.
        zone_of: Zone in which each host, router and zone is; the outermost zone is in none.
        rules: How each zone routes.
        links: The links of the platform.
    """

    source: str
    zone_of: Mapping[str, str]
    rules: Mapping[str, Rules]
    links: Sequence[Link]

    def route(self, source: str, target: str) -> Route:
        """The way between two hosts.

        Raises:
            PlatformError: If a name is unknown or the file declares no way.
        """
        for name in (source, target):
            if name not in self.zone_of:
                raise PlatformError(f"{self.source}: no host {name!r}.{did_you_mean(name, self.zone_of)}")
        links, latency = self._walk(source, target, 0.0)
        return Route(tuple(links), latency)

    def _walk(self, source: str, target: str, latency: float) -> tuple[list[int], float]:
        """Links between two points, and a latency to which theirs are added in SimGrid's order.

        SimGrid adds the part in the middle first, then the way to it, then the way from it; sums of
        floating-point numbers depend on that.
        """
        zone, first, last = self._meeting(source, target)
        legs = self.rules[zone].way(first, last)
        if legs is None:
            raise PlatformError(
                f"{self.source}: there is no route from {source!r} to {target!r}: zone {zone!r} has none "
                f"from {first!r} to {last!r}. Declare it there."
            )
        links, latency = self._follow(legs, latency)
        if first != source or last != target:
            start, end = _gateways(legs)
            if start != source:
                before, latency = self._walk(source, start, latency)
                links = before + links
            if end != target:
                after, latency = self._walk(end, target, latency)
                links = links + after
        return links, latency

    def _follow(self, legs: Sequence[Leg], latency: float) -> tuple[list[int], float]:
        """Links of legs, and of the ways inside the zones between two of them."""
        links: list[int] = []
        arrival: str | None = None
        for leg in legs:
            if leg.gateways is not None:
                start, end = leg.gateways
                if arrival is not None and arrival != start:
                    between, latency = self._walk(arrival, start, latency)
                    links += between
                arrival = end
            links += leg.links
            for link in leg.links:
                latency += self.links[link].latency
        return links, latency

    def _meeting(self, source: str, target: str) -> tuple[str, str, str]:
        """The innermost zone around two points, and its members that hold them or are them."""
        one, other = self._ancestry(source), self._ancestry(target)
        depth = 0
        while one[depth + 1 :] and other[depth + 1 :] and one[depth + 1] == other[depth + 1]:
            depth += 1
        if one == other:
            depth -= 1
        return one[depth], one[depth + 1], other[depth + 1]

    def _ancestry(self, name: str) -> list[str]:
        """The zones around a point, from the outermost on, and the point."""
        chain = [name]
        while chain[-1] in self.zone_of:
            chain.append(self.zone_of[chain[-1]])
        return chain[::-1]


def _gateways(legs: Sequence[Leg]) -> tuple[str, str]:
    """Where a chain of legs between zones starts and ends."""
    start, end = legs[0].gateways, legs[-1].gateways
    assert start is not None and end is not None, "routes between zones have gateways"
    return start[0], end[1]
