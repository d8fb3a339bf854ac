"""A SimGrid platform: hosts, links, and which links lie between two hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Watts(NamedTuple):
    """Power of a host in one P-state, in W."""

    idle: float
    """When nothing runs on it."""
    lowest: float
    """At the smallest load above nothing; power is linear in the load from here to ``full``."""
    full: float
    """With all its cores loaded."""


@dataclass(frozen=True)
class Host:
    """A host.

    Attributes:
        name: Its name, unique among hosts, routers and zones.
        speeds: Speed of a core in each P-state, in flop/s, all above 0.
        pstate: P-state at the start.
        watts: Power in each P-state; empty where the file gives none.
        cores: Number of its cores.
        properties: Its own properties.
        zone_properties: Those of its zone and of the zones around it; the inner ones prevail.
    """

    name: str
    speeds: tuple[float, ...]
    pstate: int = 0
    watts: tuple[Watts, ...] = ()
    cores: int = 1
    properties: Mapping[str, str] = field(default_factory=dict)
    zone_properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """A link in one direction, or in both where its file says nothing of directions.

    Attributes:
        name: Its name; a split duplex link "x" is two links, "x_UP" and "x_DOWN".
        bandwidth: Byte/s, above 0.
        latency: Seconds.
        fatpipe: Whether each flow has the whole bandwidth, whatever the others do.
    """

    name: str
    bandwidth: float
    latency: float
    fatpipe: bool = False


class Route(NamedTuple):
    """The way from one host to another."""

    links: tuple[int, ...]
    """Indices into :attr:`SimGridPlatform.links`, in the order of travel; none where nothing is between."""
    latency: float
    """Sum of the latencies of the links, in seconds."""


class Routing(Protocol):
    """Knows the way between any two hosts."""

    def route(self, source: str, target: str) -> Route:
        """The way between two hosts.

        Raises:
            PlatformError: If there is none.
        """


@dataclass(frozen=True, eq=False)
class SimGridPlatform:
    """Content of a SimGrid platform file.

    Attributes:
        source: Where it came from, for messages.
        hosts: Hosts in the order of the file.
        links: Links in the order of the file, and last the loopback of hosts that have none of their own.
        routing: The way between two hosts, by name.
    """

    source: str
    hosts: tuple[Host, ...]
    links: tuple[Link, ...]
    routing: Routing
    _routes: dict[tuple[str, str], Route] = field(default_factory=dict, init=False, repr=False)

    def route(self, source: str, target: str) -> Route:
        """The way from one host to another, looked up once.

        Raises:
            PlatformError: If the file gives none.
        """
        ends = source, target
        if ends not in self._routes:
            self._routes[ends] = self.routing.route(source, target)
        return self._routes[ends]
