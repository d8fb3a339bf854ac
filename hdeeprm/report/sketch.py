"""The platform as a picture: clusters, their nodes as boxes, the processors of a node as stripes in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from hdeeprm.platforms import Cluster, Platform

from .entries import Entry
from .markup import Html, Section, element, section, shown, table

BOX, GAP, PER_ROW = 22, 4, 36
"""Size of a node and the space between nodes, in pixels, and nodes side by side."""
HEADING = 22
MOST_BOXES = 1500
"""Beyond, one box stands for all nodes of a type in a cluster."""
FAINTEST = 0.2
"""Opacity of the slowest cores; the fastest are opaque."""


class _Box(NamedTuple):
    """A node, or equal nodes."""

    node: int
    number: int


def platform_section(entries: Sequence[Entry]) -> Section:
    """A sketch and a table of each platform that the runs used."""
    platforms = {
        platform.name: platform
        for entry in entries
        if (platform := entry.found(lambda run: run.platform)) is not None
    }
    parts = [part for platform in platforms.values() for part in _described(platform)]
    return section("platform", "Platform", *(parts or [element("p", "The runs do not tell their platform.")]))


def _described(platform: Platform) -> Iterator[Html]:
    facts = (
        f"Nodes: {platform.num_nodes:,}; processors: {platform.num_processors:,}; "
        f"cores: {platform.num_cores:,}; "
        f"{shown(platform.memory_gb)} GB of memory, {shown(platform.peak_gflops)} GFLOPS, "
        f"{shown(platform.idle_watts)} to {shown(platform.max_watts)} W"
    )
    yield element("h3", platform.name)
    yield element("p", facts)
    yield element("div", sketch(platform), class_="wide", tabindex=0, role="region", aria_label="Sketch")
    yield element(
        "p", "Each box is a node, each stripe a processor; the darker, the faster its cores.", class_="hint"
    )
    yield _node_types(platform)


def sketch(platform: Platform) -> Html:
    """The platform as SVG."""
    single = platform.num_nodes <= MOST_BOXES
    parts, top = [], 0
    for cluster in platform.clusters:
        boxes = _boxes(platform, cluster, single)
        parts.append(element("text", _cluster_title(cluster), x=0, y=top + HEADING - 8))
        top += HEADING
        parts += [_node(platform, box, place, top) for place, box in enumerate(boxes)]
        top += -(-len(boxes) // PER_ROW) * (BOX + GAP) + GAP
    width = PER_ROW * (BOX + GAP)
    name = f"{platform.name}: {len(platform.clusters)} clusters, {platform.num_nodes} nodes"
    size = {"viewBox": f"0 0 {width} {top}", "width": width, "height": top}
    return element("svg", *parts, class_="sketch", role="img", aria_label=name, **size)


def _cluster_title(cluster: Cluster) -> str:
    nodes = "node" if cluster.num_nodes == 1 else "nodes"
    return f"{cluster.id}: {cluster.num_nodes:,} {nodes}, {cluster.link_type}"


def _boxes(platform: Platform, cluster: Cluster, single: bool) -> list[_Box]:
    members = range(cluster.first_node, cluster.first_node + cluster.num_nodes)
    if single:
        return [_Box(node, 1) for node in members]
    counts = Counter(platform.node_types[node] for node in members)
    first = {platform.node_types[node]: node for node in reversed(members)}
    return [_Box(first[name], number) for name, number in counts.items()]


def _node(platform: Platform, box: _Box, place: int, top: int) -> Html:
    """A box with a stripe for each processor, named where the pointer rests on it."""
    x, y = (place % PER_ROW) * (BOX + GAP), top + place // PER_ROW * (BOX + GAP)
    name = platform.node_types[box.node]
    title = f"node {box.node}: {name}" if box.number == 1 else f"{box.number:,} x {name}"
    frame = element("rect", x=x, y=y, width=BOX, height=BOX, class_="frame")
    return element("g", element("title", title), *_stripes(platform, box.node, x, y), frame)


def _stripes(platform: Platform, node: int, left: int, top: int) -> Iterator[Html]:
    """The processors of a node, as strong as their cores are fast."""
    first, end = np.searchsorted(platform.processor_node, (node, node + 1))
    speed = platform.processor_mflops[:, 0]
    width = BOX / int(end - first)
    for place, share in enumerate((speed[first:end] / speed.max()).tolist()):
        yield element(
            "rect",
            x=f"{left + place * width:.5g}",
            y=top,
            width=f"{width:.5g}",
            height=BOX,
            fill_opacity=f"{FAINTEST + (1 - FAINTEST) * share:.2f}",
        )


def _node_types(platform: Platform) -> Html:
    """The same as a table, by cluster and type of node."""
    rows = []
    for cluster in platform.clusters:
        members = platform.node_types[cluster.first_node : cluster.first_node + cluster.num_nodes]
        rows += [
            [cluster.id, name, number, *_node_facts(platform, name)]
            for name, number in Counter(members).items()
        ]
    header = ("cluster", "node type", "nodes", "processors", "cores", "GFLOPS per core", "memory (GB)")
    return table(f"Nodes of {platform.name}", header, rows)


def _node_facts(platform: Platform, name: str) -> list[object]:
    kind = platform.types.nodes[name]
    groups = [(group, platform.types.processors[group.type]) for group in kind.processors]
    return [
        " + ".join(f"{group.number} x {group.type}" for group, _ in groups),
        sum(group.number * processor.cores for group, processor in groups),
        ", ".join(shown(processor.gflops_per_core) for _, processor in groups),
        kind.memory_gb,
    ]
