"""Shows a platform in the terminal: its hierarchy, its totals and its P-states."""

from __future__ import annotations

from collections import Counter

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from hdeeprm.platforms import Cluster, Platform
from hdeeprm.platforms.p_states import P_STATE_MEANINGS


def show_platform(platform: Platform, console: Console) -> None:
    """Print the hierarchy of a platform, then its totals, then the table of P-states.

    Args:
        platform: Platform to show.
        console: Where to print.
    """
    console.print(_hierarchy(platform))
    console.print()
    console.print(_totals(platform))
    console.print(_p_states(platform))


def _hierarchy(platform: Platform) -> Tree:
    """Clusters, their nodes by type, and the processors of each node type."""
    tree = Tree(Text(platform.name, style="bold"))
    for cluster in platform.clusters:
        branch = tree.add(Text(_cluster_line(cluster)))
        members = slice(cluster.first_node, cluster.first_node + cluster.num_nodes)
        for node_type, number in Counter(platform.node_types[members]).items():
            memory = platform.types.nodes[node_type].memory_gb
            twig = branch.add(Text(f"{number} x {node_type}, {_figure(memory)} GB"))
            for line in _processor_lines(platform, node_type):
                twig.add(Text(line))
    return tree


def _cluster_line(cluster: Cluster) -> str:
    nodes = "node" if cluster.num_nodes == 1 else "nodes"
    links = f"{cluster.link_type} ({_figure(cluster.link_gbps)} Gbit/s)"
    return f"{cluster.id}: {cluster.num_nodes:,} {nodes}, {links}"


def _processor_lines(platform: Platform, node_type: str) -> list[str]:
    lines = []
    for group in platform.types.nodes[node_type].processors:
        kind = platform.types.processors[group.type]
        cores = f"{kind.cores} core{'s' if kind.cores > 1 else ''}"
        speed = f"{_figure(kind.gflops_per_core)} GFLOPS ({_figure(kind.clock_ghz)} GHz)"
        lines.append(
            f"{group.number} x {group.type}: {cores} of {speed}, {_figure(kind.bandwidth_gb_per_s)} GB/s"
        )
    return lines


def _totals(platform: Platform) -> Table:
    """Counts, memory, speed and power of the whole platform."""
    table = Table(title="Totals", title_justify="left", box=SIMPLE, show_header=False, pad_edge=False)
    table.add_column("quantity")
    table.add_column("value", justify="right")
    table.add_column("unit")
    rows = [
        ("nodes", platform.num_nodes, ""),
        ("processors", platform.num_processors, ""),
        ("cores", platform.num_cores, ""),
        ("memory", platform.memory_gb, "GB"),
        ("peak speed", platform.peak_gflops, "GFLOPS"),
        ("reference speed, mean of the cores", platform.reference_speed_flops / 1e9, "GFLOPS"),
        ("power, all cores active", platform.max_watts, "watts"),
        ("power, all cores idle", platform.idle_watts, "watts"),
    ]
    for quantity, value, unit in rows:
        table.add_row(quantity, _figure(value), unit)
    return table


def _p_states(platform: Platform) -> Table:
    """Part of its speed and power that a core has in each P-state."""
    table = Table(title="P-states of a core", title_justify="left", box=SIMPLE, pad_edge=False)
    table.add_column("state")
    table.add_column("speed", justify="right")
    table.add_column("power", justify="right")
    table.add_column("when")
    for index, (state, meaning) in enumerate(zip(platform.p_states, P_STATE_MEANINGS, strict=True)):
        table.add_row(
            f"P{index}", f"{_figure(state.speed * 100)} %", f"{_figure(state.power * 100)} %", meaning
        )
    return table


def _figure(value: float) -> str:
    """Number with at most three decimals, without trailing zeros, and thousands separated."""
    text = f"{value:,.3f}"
    return text.rstrip("0").rstrip(".")
