"""A platform while its file is read: names are given out once, figures parsed, problems collected."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hdeeprm.errors import did_you_mean
from hdeeprm.simulator.batsim.simgrid.platform import Host, Link, Watts
from hdeeprm.simulator.batsim.simgrid.units import BANDWIDTH, SPEED, TIME, Quantity, parse
from hdeeprm.simulator.batsim.simgrid.xml_file import title

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_HOSTS = 200_000
"""Few characters of a cluster can ask for any number of hosts."""
SHARED, SPLIT_DUPLEX, FATPIPE = "SHARED", "SPLITDUPLEX", "FATPIPE"
WATTS = ("wattage_per_state", "watt_per_state")
"""The property of the watts: from SimGrid 3.28 on, and before."""

_WHOLE = re.compile(r"\s*(\d{1,18})(?:\.0*)?\s*")


@dataclass
class Draft:
    """Hosts, links and zones read so far.

    Attributes:
        hosts: Hosts in the order of the file.
        links: Links in the order of the file.
        zone_of: Zone of each host, router and zone but the outermost.
        problems: What is wrong with the file.
    """

    hosts: list[Host] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    zone_of: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _link_index: dict[str, int] = field(default_factory=dict)
    _split: set[str] = field(default_factory=set)

    def problem(self, element: Element, text: str) -> None:
        """Note what is wrong with an element."""
        self.problems.append(f"{title(element)}: {text}")

    # Figures ---------------------------------------------------------------------------------------------

    def figure(self, element: Element, name: str, quantity: Quantity, default: str = "") -> float:
        """Figure of an attribute; 1 where it is wrong."""
        return self._figure(element, name, element.get(name) or default, quantity)

    def _figure(self, element: Element, name: str, text: str, quantity: Quantity) -> float:
        try:
            return parse(text, quantity)
        except ValueError as error:
            self.problem(element, f"{name} is {text!r}, {error}")
            return 1.0

    def positive(self, element: Element, name: str, quantity: Quantity, default: str = "") -> float:
        """Figure of an attribute that must be above 0."""
        figure = self.figure(element, name, quantity, default)
        if figure == 0:
            self.problem(element, f"{name} is {element.get(name)!r}; it must be above 0.")
        return figure

    def speeds(self, element: Element) -> tuple[float, ...]:
        """Speed of each P-state, in flop/s."""
        texts = element.get("speed", "").split(",")
        speeds = tuple(self._figure(element, "speed", text.strip(), SPEED) for text in texts)
        if 0.0 in speeds:
            self.problem(
                element, f"speed is {element.get('speed')!r}; each P-state must have a speed above 0."
            )
        return speeds

    def whole(self, element: Element, name: str, default: int, least: int) -> int:
        """Whole number of an attribute."""
        text = element.get(name) or str(default)
        match = _WHOLE.fullmatch(text)
        if match is None or int(match.group(1)) < least:
            self.problem(element, f"{name} is {text!r}; it should be a whole number from {least} on.")
            return default
        return int(match.group(1))

    def choice(self, element: Element, name: str, choices: Mapping[str, str], default: str) -> str:
        """What an attribute that names one of a few things stands for."""
        text = element.get(name) or default
        if text not in choices:
            self.problem(
                element,
                f"{name} {text!r} is not supported.{did_you_mean(text, choices)} "
                f"Supported: {', '.join(choices)}.",
            )
        return choices.get(text, choices[default])

    # Points ----------------------------------------------------------------------------------------------

    def point(self, element: Element, name: str, zone: str | None) -> None:
        """Give a name to a host, a router or a zone."""
        if not name:
            self.problem(element, "the name is empty; give it one.")
        elif name in self._names:
            self.problem(element, f"there is already a host, router or zone {name!r}. Rename one of them.")
        elif zone is not None:
            self.zone_of[name] = zone
        self._names.add(name)

    def host(self, element: Element, name: str, zone: str, zone_properties: Mapping[str, str]) -> None:
        """Add a host that an element describes."""
        self.point(element, name, zone)
        speeds, own = self.speeds(element), properties(element)
        pstate = self.whole(element, "pstate", 0, 0)
        if pstate >= len(speeds):
            self.problem(
                element, f"pstate is {pstate}; its speeds are those of P-states 0 to {len(speeds) - 1}."
            )
        self.hosts.append(
            Host(
                name=name,
                speeds=speeds,
                pstate=pstate,
                watts=self._watts(element, own, len(speeds)),
                cores=self.whole(element, "core", 1, 1),
                properties=own,
                zone_properties=zone_properties,
            )
        )

    def _watts(self, element: Element, own: Mapping[str, str], num_pstates: int) -> tuple[Watts, ...]:
        """Power in each P-state, if the properties give it."""
        name = next((name for name in WATTS if name in own), None)
        if name is None:
            return ()
        watts = [_state_watts(text) for text in own[name].split(",")]
        if None in watts or len(watts) != num_pstates:
            self.problem(
                element,
                f"{name} is {own[name]!r}; it should hold idle:full or idle:lowest:full, in W, for each of "
                f"{num_pstates} P-states, with commas in between.",
            )
        return tuple(entry for entry in watts if entry is not None)

    # Links -----------------------------------------------------------------------------------------------

    def link(self, element: Element, name: str, bandwidth: float, latency: float, policy: str) -> None:
        """Add a link, or two of them where it is split duplex."""
        if policy == SPLIT_DUPLEX:
            self._split.add(name)
            self.link(element, f"{name}_UP", bandwidth, latency, SHARED)
            self.link(element, f"{name}_DOWN", bandwidth, latency, SHARED)
            return
        if name in self._link_index:
            self.problem(element, f"there is already a link {name!r}. Rename one of them.")
        self._link_index[name] = len(self.links)
        self.links.append(Link(name, bandwidth, latency, policy == FATPIPE))

    def link_from(self, element: Element, policy: str) -> None:
        """Add the link that an element describes by bandwidth and latency."""
        bandwidth = self.positive(element, "bandwidth", BANDWIDTH)
        self.link(
            element, element.get("id", ""), bandwidth, self.figure(element, "latency", TIME, "0"), policy
        )

    def find_link(self, element: Element, name: str, direction: str = "NONE") -> int | None:
        """Index of the link that an element names; None where there is none."""
        if direction == "NONE":
            index = self._link_index.get(name)
        else:
            index = self._link_index.get(f"{name}_{direction}") if name in self._split else None
        if index is None:
            self.problem(element, self._no_link(name))
        return index

    def _no_link(self, name: str) -> str:
        if name in self._split:
            return f"{name!r} is a SPLITDUPLEX link; its direction should be UP or DOWN."
        if name in self._link_index:
            return f"{name!r} is no SPLITDUPLEX link; remove the direction."
        return f"there is no link {name!r}.{did_you_mean(name, [*self._link_index, *self._split])}"


def properties(element: Element) -> dict[str, str]:
    """Properties of an element; of two of one name the first counts."""
    found: dict[str, str] = {}
    for entry in element.iterfind("prop"):
        found.setdefault(entry.get("id", ""), entry.get("value", ""))
    return found


def _state_watts(text: str) -> Watts | None:
    """Power in one P-state, "idle:full" or "idle:lowest:full"; None where it is wrong."""
    try:
        figures: Sequence[float] = [float(part) for part in text.split(":")]
    except ValueError:
        return None
    if len(figures) not in (2, 3) or not all(0 <= figure < math.inf for figure in figures):
        return None
    return Watts(figures[0], figures[-2], figures[-1])
