"""Finds a platform by path or name and turns its file into a Platform."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from hdeeprm.catalogue import MAX_CORES, Catalogue, NodeType, load_catalogue
from hdeeprm.errors import PlatformError, did_you_mean, json_path
from hdeeprm.memory_units import KB_PER_GB, MB_PER_GB
from hdeeprm.platforms.files import NodeGroup, PlatformFile, check_platform, read_json
from hdeeprm.platforms.p_states import core_mflops, core_milliwatts
from hdeeprm.platforms.platform import Cluster, IntArray, Platform
from hdeeprm.shipped import shipped_file, shipped_names

LARGEST_FIGURE = 10**9
"""In MFLOPS, mW and MB/s; with at most 10 million cores, sums stay within 64 bits."""


def load_platform(source: str | Path | Mapping[str, Any], search: Path | None = None) -> Platform:
    """Platform from a file, a shipped name or the content of a file.

    Args:
        source: Path of a JSON file, a shipped name such as ``"gaia"``, or a mapping.
        search: Folder tried before the working directory for relative paths.

    Raises:
        PlatformError: If there is no such file or it describes no usable platform; with all problems.

    >>> load_platform("gaia").num_cores
    2280
    """
    if isinstance(source, Mapping):
        return _build(check_platform(dict(source), "platform"), "inline", "platform")
    path = _find(source, search)
    return _build(check_platform(read_json(path), str(path)), path.stem, str(path))


def _find(source: str | Path, search: Path | None) -> Path:
    """Path of the file that a name or path stands for."""
    places = [place / source for place in ([search] if search else []) + [Path()]]
    file = next((path for path in places if os.path.isfile(path)), None) or shipped_file(
        "platforms", str(source)
    )
    if file:
        return file
    if any(os.path.isdir(path) for path in places):
        raise PlatformError(f"{source}: a directory. Give the JSON file of a platform.")
    names = shipped_names("platforms")
    tried = ", ".join(str(path.absolute()) for path in places)
    raise PlatformError(
        f"{source}: no such platform file (tried {tried}) nor shipped platform."
        f"{did_you_mean(Path(source).stem, names)} Shipped: {', '.join(names)}."
    )


def _build(file: PlatformFile, name: str, source: str) -> Platform:
    """Arrays of a checked platform file."""
    types = load_catalogue().extended(
        {kind.name: getattr(file.types, kind.name) for kind in fields(file.types)}
    )
    _check_figures(file, types, source)
    links = file.global_links
    return Platform(
        name=name,
        clusters=_clusters(file, types),
        global_link_type=links.type,
        global_link_gbps=types.networks[links.type].bandwidth_gbps,
        global_link_latency=links.latency,
        types=types,
        p_states=file.p_states,
        **_node_arrays(file, types),
        **_processor_arrays(file, types),
    )


def _groups(file: PlatformFile) -> list[NodeGroup]:
    """Groups of equal nodes, over all clusters in order."""
    return [group for cluster in file.clusters for group in cluster.nodes]


def _clusters(file: PlatformFile, types: Catalogue) -> tuple[Cluster, ...]:
    clusters: list[Cluster] = []
    first_node = 0
    for entry in file.clusters:
        links, num_nodes = entry.local_links, sum(group.number for group in entry.nodes)
        gbps = types.networks[links.type].bandwidth_gbps
        clusters.append(Cluster(entry.id, first_node, num_nodes, links.type, gbps, links.latency))
        first_node += num_nodes
    return tuple(clusters)


def _node_arrays(file: PlatformFile, types: Catalogue) -> dict[str, Any]:
    """Fields of a platform that hold one entry per node."""
    groups = _groups(file)
    numbers = [group.number for group in groups]
    clusters = [index for index, cluster in enumerate(file.clusters) for _ in cluster.nodes]
    memories = [round(types.nodes[group.type].memory_gb * KB_PER_GB) for group in groups]
    return {
        "node_types": tuple(group.type for group in groups for _ in range(group.number)),
        "node_cluster": np.repeat(np.array(clusters, dtype=np.int64), numbers),
        "node_memory_kb": np.repeat(np.array(memories, dtype=np.int64), numbers),
    }


def _processor_arrays(file: PlatformFile, types: Catalogue) -> dict[str, Any]:
    """Fields of a platform that hold one entry per processor."""
    groups = _groups(file)
    per_node = [_processor_names(types.nodes[group.type]) for group in groups]
    counts = np.repeat([len(names) for names in per_node], [group.number for group in groups])
    names = tuple(name for group, node in zip(groups, per_node, strict=True) for name in node * group.number)
    row = {name: index for index, name in enumerate(dict.fromkeys(names))}
    rows = np.array([row[name] for name in names])
    kinds = [types.processors[name] for name in row]

    def spread(figures: Iterable[Any]) -> IntArray:
        return np.array(list(figures), dtype=np.int64).take(rows, axis=0)

    return {
        "processor_types": names,
        "processor_node": np.repeat(np.arange(len(counts), dtype=np.int64), counts),
        "processor_cores": spread(kind.cores for kind in kinds),
        "processor_bandwidth_mb_per_s": spread(round(kind.bandwidth_gb_per_s * MB_PER_GB) for kind in kinds),
        "processor_mflops": spread(core_mflops(kind, file.p_states) for kind in kinds),
        "processor_milliwatts": spread(core_milliwatts(kind, file.p_states) for kind in kinds),
    }


def _processor_names(node: NodeType) -> tuple[str, ...]:
    """Type name of each processor of a node, in order."""
    return tuple(group.type for group in node.processors for _ in range(group.number))


def _check_figures(file: PlatformFile, types: Catalogue, source: str) -> None:
    """Refuse a platform that is too large, or whose cores come out without speed or power."""
    problems = []
    total = sum(_num_cores(types.nodes[group.type], types) * group.number for group in _groups(file))
    if total > MAX_CORES:
        problems.append(
            f"clusters: {total} cores in all; at most {MAX_CORES} are allowed. Lower the numbers."
        )
    used = dict.fromkeys(part.type for group in _groups(file) for part in types.nodes[group.type].processors)
    for name in used:
        kind = types.processors[name]
        if 0 in core_mflops(kind, file.p_states)[:2] or core_milliwatts(kind, file.p_states)[0] == 0:
            problems.append(
                f"{json_path(['types', 'processors', name])}: the speed of a core rounds to 0 MFLOPS in P0 "
                "or P1, or its power to 0 mW in P0. Raise clock_ghz, power_watts or p_states."
            )
        largest = max(*core_mflops(kind, file.p_states), *core_milliwatts(kind, file.p_states))
        if max(largest, kind.bandwidth_gb_per_s * MB_PER_GB) > LARGEST_FIGURE:
            problems.append(
                f"{json_path(['types', 'processors', name])}: speed, power or bandwidth of a core is above "
                f"{LARGEST_FIGURE:g} MFLOPS, mW or MB/s. Lower it."
            )
    if problems:
        raise PlatformError("\n".join(f"{source}: {problem}" for problem in problems))


def _num_cores(node: NodeType, types: Catalogue) -> int:
    return sum(types.processors[group.type].cores * group.number for group in node.processors)
