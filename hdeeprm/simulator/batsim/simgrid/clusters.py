"""The elements that stand for many hosts around a centre: cluster, cabinet, host_link, backbone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hdeeprm.simulator.batsim.simgrid.draft import FATPIPE, MAX_HOSTS, SHARED, SPLIT_DUPLEX, Draft
from hdeeprm.simulator.batsim.simgrid.routing import Star
from hdeeprm.simulator.batsim.simgrid.units import BANDWIDTH, TIME

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

BACKBONE_POLICIES = {SHARED: SHARED, FATPIPE: FATPIPE}
POLICIES = {**BACKBONE_POLICIES, SPLIT_DUPLEX: SPLIT_DUPLEX, "FULLDUPLEX": SPLIT_DUPLEX}
"""What a sharing policy stands for; FULLDUPLEX is an old name."""

_RANGE = re.compile(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?")


def add_cluster(draft: Draft, element: Element, zone_properties: Mapping[str, str]) -> Star:
    """Hosts, links and routes of a flat cluster, which is a zone of its own.

    Each host has its own link, and perhaps a loopback and a limiter that all its flows share; flows
    between two hosts cross the backbone, if there is one.

    Args:
        draft: Takes the hosts and links.
        element: The cluster.
        zone_properties: Properties of the zones around it and its own.
    """
    name, star = element.get("id", ""), Star()
    draft.choice(element, "topology", {"FLAT": "FLAT"}, "FLAT")
    policy = draft.choice(element, "sharing_policy", POLICIES, SPLIT_DUPLEX)
    backbone = _cluster_backbone(draft, element)
    bandwidth, latency = draft.positive(element, "bw", BANDWIDTH), draft.figure(element, "lat", TIME)
    for number in _radicals(draft, element):
        host = f"{element.get('prefix')}{number}{element.get('suffix')}"
        link = f"{name}_link_{number}"
        draft.host(element, host, name, zone_properties)
        _add_loopback(draft, element, star, host, f"{link}_loopback")
        limiter = _limiter(draft, element, f"{link}_limiter")
        up = len(draft.links)
        draft.link(element, link, bandwidth, latency, policy)
        down = len(draft.links) - 1
        star.up[host] = (*limiter, up, *backbone)
        star.down[host] = (*backbone, down, *limiter)
    router = element.get("router_id") or f"{element.get('prefix')}{name}_router{element.get('suffix')}"
    draft.point(element, router, name)
    return star


def _cluster_backbone(draft: Draft, element: Element) -> tuple[int, ...]:
    """Index of the backbone that two attributes of a cluster ask for; empty for none."""
    policy = draft.choice(element, "bb_sharing_policy", BACKBONE_POLICIES, SHARED)
    bandwidth = draft.figure(element, "bb_bw", BANDWIDTH, "0")
    latency = draft.figure(element, "bb_lat", TIME, "0")
    if bandwidth == 0 and latency == 0:
        return ()
    bandwidth = draft.positive(element, "bb_bw", BANDWIDTH, "0")
    draft.link(element, f"{element.get('id')}_backbone", bandwidth, latency, policy)
    return (len(draft.links) - 1,)


def _add_loopback(draft: Draft, element: Element, star: Star, host: str, name: str) -> None:
    """The link from a host to itself, where the cluster asks for one."""
    bandwidth = draft.figure(element, "loopback_bw", BANDWIDTH, "0")
    latency = draft.figure(element, "loopback_lat", TIME, "0")
    if bandwidth > 0 or latency > 0:
        bandwidth = draft.positive(element, "loopback_bw", BANDWIDTH, "0")
        star.loopback[host] = (len(draft.links),)
        draft.link(element, name, bandwidth, latency, FATPIPE)


def _limiter(draft: Draft, element: Element, name: str) -> tuple[int, ...]:
    """Index of the link that all flows of a host share; empty for none."""
    bandwidth = draft.figure(element, "limiter_link", BANDWIDTH, "0")
    if bandwidth == 0:
        return ()
    draft.link(element, name, bandwidth, 0.0, SHARED)
    return (len(draft.links) - 1,)


def add_backbone(draft: Draft, zone: Element) -> tuple[int, ...]:
    """Index of the backbone of a zone of routing "Cluster"; empty for none."""
    elements = zone.findall("backbone")
    for element in elements[:1]:
        draft.link_from(element, SHARED)
    for element in elements[1:]:
        draft.problem(element, "the zone has two backbones; remove one.")
    return (len(draft.links) - 1,) if elements else ()


def add_cabinet(draft: Draft, element: Element, zone: str, zone_properties: Mapping[str, str]) -> Star:
    """Hosts of a cabinet, each with a link up and a link down."""
    bandwidth, latency = draft.positive(element, "bw", BANDWIDTH), draft.figure(element, "lat", TIME)
    star = Star()
    for number in _radicals(draft, element):
        host = f"{element.get('prefix')}{number}{element.get('suffix')}"
        draft.host(element, host, zone, zone_properties)
        star.up[host] = (len(draft.links),)
        draft.link(element, f"link_{host}_UP", bandwidth, latency, SHARED)
        star.down[host] = (len(draft.links),)
        draft.link(element, f"link_{host}_DOWN", bandwidth, latency, SHARED)
    return star


def star_of(draft: Draft, zone: Element, backbone: tuple[int, ...], cabinets: list[Star]) -> Star:
    """Routes of a zone of routing "Cluster": cabinets and host_links, all over its backbone.

    A host that neither names has nothing between it and the centre.
    """
    star, name = Star(), zone.get("id", "")
    for part in cabinets:
        star.up.update(part.up)
        star.down.update(part.down)
    for element in zone.iterfind("host_link"):
        host = element.get("id", "")
        if draft.zone_of.get(host) != name:
            draft.problem(element, f"there is no host {host!r} in zone {name!r}.")
        up = draft.find_link(element, element.get("up", ""))
        down = draft.find_link(element, element.get("down", ""))
        if up is not None and down is not None:
            star.up[host], star.down[host] = (up,), (down,)
    for host in star.up:
        star.up[host], star.down[host] = star.up[host] + backbone, backbone + star.down[host]
    return star


def _radicals(draft: Draft, element: Element) -> Iterator[int]:
    """Numbers of "0-3,7"."""
    text = element.get("radical", "")
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        first, last = (int(match.group(1)), int(match.group(2) or match.group(1))) if match else (1, 0)
        if first > last:
            draft.problem(
                element, f"radical is {text!r}; it should hold numbers and ascending ranges, such as '0-3,7'."
            )
            return
        if len(draft.hosts) + last - first >= MAX_HOSTS:
            draft.problem(element, f"radical is {text!r}: more than {MAX_HOSTS} hosts in all. Lower it.")
            return
        yield from range(first, last + 1)
