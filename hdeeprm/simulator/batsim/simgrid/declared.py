"""The elements route and zoneRoute."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from hdeeprm.errors import did_you_mean
from hdeeprm.simulator.batsim.simgrid.draft import Draft
from hdeeprm.simulator.batsim.simgrid.routing import Ends, Leg

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NO_DIRECTION = "NONE"
DIRECTIONS = {name: name for name in ("UP", "DOWN", NO_DIRECTION)}
BACK = {"UP": "DOWN", "DOWN": "UP", NO_DIRECTION: NO_DIRECTION}
"""Direction of a link on the way back."""
SYMMETRICAL = {"YES": "YES", "NO": "", "yes": "YES", "no": ""}


def declared_legs(draft: Draft, zone: Element, zones: Collection[str]) -> dict[Ends, Leg]:
    """Routes that a zone declares, by their ends; a symmetrical one goes both ways.

    Args:
        draft: All hosts and links; takes the problems.
        zone: The zone.
        zones: Names of all zones.
    """
    legs: dict[Ends, Leg] = {}
    for element in zone:
        if element.tag not in ("route", "zoneRoute") or not _ends_are_known(draft, element, zone, zones):
            continue
        for ends, leg in _both_ways(draft, element):
            if ends in legs:
                draft.problem(
                    element,
                    f"there is already a route from {ends[0]!r} to {ends[1]!r}. Remove one of them; a route "
                    "goes both ways unless it says symmetrical='NO'.",
                )
            legs[ends] = leg
    return legs


def _both_ways(draft: Draft, element: Element) -> Iterator[tuple[Ends, Leg]]:
    """The declared route, and the way back where it is symmetrical."""
    source, target = element.get("src", ""), element.get("dst", "")
    start, end = element.get("gw_src"), element.get("gw_dst")
    hops = [
        (hop.get("id", ""), draft.choice(hop, "direction", DIRECTIONS, NO_DIRECTION))
        for hop in element.iterfind("link_ctn")
    ]
    if not hops:
        draft.problem(element, "it has no link_ctn; name the links of the route.")
    links = [draft.find_link(element, name, direction) for name, direction in hops]
    if None in links:
        return
    gateways = None if start is None or end is None else (start, end)
    yield (source, target), Leg(_known(links), gateways)
    if draft.choice(element, "symmetrical", SYMMETRICAL, "YES") and source != target:
        back = [draft.find_link(element, name, BACK[direction]) for name, direction in reversed(hops)]
        yield (target, source), Leg(_known(back), gateways and gateways[::-1])


def _known(links: list[int | None]) -> tuple[int, ...]:
    return tuple(link for link in links if link is not None)


def _ends_are_known(draft: Draft, element: Element, zone: Element, zones: Collection[str]) -> bool:
    """Whether the ends of a route are in its zone, and its gateways in the zones that it connects."""
    between_zones = element.tag == "zoneRoute"
    name, num_problems = zone.get("id", ""), len(draft.problems)
    for key in ("src", "dst"):
        end = element.get(key, "")
        if draft.zone_of.get(end) != name or (end in zones) != between_zones:
            kind = "zone" if between_zones else "host or router"
            members = [member for member, around in draft.zone_of.items() if around == name]
            draft.problem(
                element, f"{key}: there is no {kind} {end!r} in zone {name!r}.{did_you_mean(end, members)}"
            )
        elif between_zones and not _is_in(draft, element.get(f"gw_{key}", ""), end, zones):
            gateway = element.get(f"gw_{key}")
            draft.problem(element, f"gw_{key}: there is no host or router {gateway!r} in zone {end!r}.")
    if between_zones and element.get("src") == element.get("dst"):
        draft.problem(element, "it goes from a zone to itself. Remove it.")
    return len(draft.problems) == num_problems


def _is_in(draft: Draft, point: str, zone: str, zones: Collection[str]) -> bool:
    """Whether a host or router is in a zone or in the zones in it."""
    around: str | None = None if point in zones else draft.zone_of.get(point)
    while around is not None and around != zone:
        around = draft.zone_of.get(around)
    return around is not None
