"""The tree of zones of a platform file: what is in each, and how it routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hdeeprm.simulator.batsim.simgrid.clusters import (
    POLICIES,
    add_backbone,
    add_cabinet,
    add_cluster,
    star_of,
)
from hdeeprm.simulator.batsim.simgrid.declared import declared_legs
from hdeeprm.simulator.batsim.simgrid.draft import SHARED, Draft, properties
from hdeeprm.simulator.batsim.simgrid.routing import Full, Leg, NoRouting, Rules, Star
from hdeeprm.simulator.batsim.simgrid.shortest import Dijkstra, Floyd

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FULL, FLOYD, DIJKSTRA, NONE, CLUSTER = "full", "floyd", "dijkstra", "none", "cluster"
ROUTINGS = {
    "Full": FULL,
    "Floyd": FLOYD,
    "Dijkstra": DIJKSTRA,
    "DijkstraCache": DIJKSTRA,
    "None": NONE,
    "Cluster": CLUSTER,
}
"""Routings of a zone; SimGrid takes them in any case."""
ONLY_IN_CLUSTER = ("backbone", "cabinet", "host_link")


@dataclass
class Zone:
    """A zone that has been read, but for its routes: they may name links of zones that come later.

    Attributes:
        element: Where it is in the file.
        routing: One of the routings.
        members: Its hosts and routers, or its zones, in the order of the file.
        has_zones: Whether there are zones in it.
        star: Routes of an element "cluster".
        backbone: Index of the backbone in a zone of routing "Cluster"; empty for none.
        cabinets: Cabinets in such a zone.
    """

    element: Element
    routing: str = CLUSTER
    members: list[str] = field(default_factory=list)
    has_zones: bool = False
    star: Star | None = None
    backbone: tuple[int, ...] = ()
    cabinets: list[Star] = field(default_factory=list)


def read_zones(draft: Draft, root: Element) -> dict[str, Zone]:
    """All zones of a file by name, the outermost first; their hosts and links go into the draft."""
    outermost = [element for element in root if element.tag in ("zone", "cluster")]
    if len(outermost) != 1:
        draft.problem(
            root, f"there are {len(outermost)} outermost zones; there must be one around everything."
        )
    zones: dict[str, Zone] = {}
    for element in outermost[:1]:
        _read(draft, zones, element, None, {})
    return zones


def _read(
    draft: Draft, zones: dict[str, Zone], element: Element, parent: str | None, around: Mapping[str, str]
) -> None:
    """Read a zone or cluster and what is in it."""
    name = element.get("id", "")
    draft.point(element, name, parent)
    inherited = {**around, **properties(element)}
    if element.tag == "cluster":
        zones[name] = Zone(element, star=add_cluster(draft, element, inherited))
        return
    spelled = {key.lower(): key for key in ROUTINGS}
    text = element.get("routing", "")
    element.set("routing", spelled.get(text.lower(), text))
    zone = zones[name] = Zone(element, draft.choice(element, "routing", ROUTINGS, "Full"))
    _check_content(draft, zone)
    zone.backbone = add_backbone(draft, element)
    for child in element:
        match child.tag:
            case "host":
                draft.host(child, child.get("id", ""), name, inherited)
            case "router":
                draft.point(child, child.get("id", ""), name)
            case "link":
                draft.link_from(child, draft.choice(child, "sharing_policy", POLICIES, SHARED))
            case "cabinet":
                zone.cabinets.append(add_cabinet(draft, child, name, inherited))
            case "zone" | "cluster":
                zone.has_zones = True
                _read(draft, zones, child, name, inherited)
        if child.tag in ("host", "router", "zone", "cluster"):
            zone.members.append(child.get("id", ""))


def _check_content(draft: Draft, zone: Zone) -> None:
    """Refuse what doesn't go together in a zone."""
    tags = {child.tag for child in zone.element}
    if tags & {"zone", "cluster"} and tags & {"host", "router", "cabinet"}:
        draft.problem(
            zone.element, "it holds zones and also hosts or routers. Put these into a zone of their own."
        )
    if zone.routing != CLUSTER:
        for tag in sorted(tags & set(ONLY_IN_CLUSTER)):
            draft.problem(zone.element, f"{tag} belongs in a zone of routing 'Cluster', not in this one.")
    if zone.routing == CLUSTER and tags & {"zone", "cluster"}:
        draft.problem(zone.element, "a zone of routing 'Cluster' holds hosts, not zones. Use routing 'Full'.")
    if zone.routing in (CLUSTER, NONE) and tags & {"route", "zoneRoute"}:
        draft.problem(zone.element, "its routing takes no routes. Remove them or use routing 'Full'.")


def rules_of(draft: Draft, zones: Mapping[str, Zone], loopback: Leg) -> Iterator[tuple[str, Rules]]:
    """How each zone routes, by name.

    Args:
        draft: All hosts and links.
        zones: All zones.
        loopback: From a host to itself where nothing else is declared.
    """
    for name, zone in zones.items():
        if zone.star is not None:
            yield name, zone.star
        elif zone.routing == CLUSTER:
            yield name, star_of(draft, zone.element, zone.backbone, zone.cabinets)
        elif zone.routing == NONE:
            yield name, NoRouting(zone.has_zones)
        else:
            yield name, _routed(draft, zones, zone, loopback)


def _routed(draft: Draft, zones: Mapping[str, Zone], zone: Zone, loopback: Leg) -> Rules:
    """Routing by declared routes."""
    legs = declared_legs(draft, zone.element, zones)
    own = None if zone.has_zones else loopback
    if zone.routing == FLOYD:
        return Floyd(zone.members, legs, own)
    return Dijkstra(legs, own) if zone.routing == DIJKSTRA else Full(legs, own)
