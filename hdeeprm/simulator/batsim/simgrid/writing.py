"""Writes a platform as SimGrid's XML, for the real Batsim.

The outermost zone holds one with the master host and one for each cluster: a router, a link for each
node, a host for each core with the routes between it and the router. There are no routes from core to
core: communication inside a job is no part of the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import not_installed
from hdeeprm.platforms import Cluster, Platform
from hdeeprm.simulator.batsim.simgrid.machines import MASTER_HOST
from hdeeprm.simulator.batsim.versions import VERSIONS, Version

if TYPE_CHECKING:
    import numpy as np

DOCTYPE = '<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">'
IDLE_FLOPS = 0.001
"""Speed of a core that does not compute, in flop/s: SimGrid wants one above 0."""
INITIAL_PSTATE = 3
"""Of idle cores."""
FULL_SPEED_PSTATE = 0


def host_names(platform: Platform) -> list[str]:
    """Names of the hosts that stand for the cores, in their order.

    They are padded with zeros, so that the ids that Batsim gives them, the ranks of their names, are the ids
    of the cores.
    """
    digits = len(str(platform.num_cores - 1))
    return [f"cor_{core:0{digits}}" for core in range(platform.num_cores)]


def platform_xml(platform: Platform, simgrid: str, pstate: int = INITIAL_PSTATE) -> bytes:
    """Content of the platform file, its hosts named as by :func:`host_names`.

    Args:
        platform: The platform.
        simgrid: Version of SimGrid, "3.24" or "3.29".
        pstate: P-state that the cores start in.

    Raises:
        DependencyNotInstalled: If lxml is missing.
    """
    etree, version = _lxml(), VERSIONS[simgrid]
    root = etree.Element("platform", version="4.1")
    main = etree.SubElement(root, "zone", id="main", routing="Full")
    master = etree.SubElement(main, "zone", id="master", routing=version.master_routing)
    host = etree.SubElement(master, "host", id=MASTER_HOST, speed="1Gf")
    etree.SubElement(host, "prop", id=version.watts_property, value="0:0")
    writer = _Writer(etree, platform, version, pstate)
    for number, cluster in enumerate(platform.clusters):
        writer.cluster(main, number, cluster)
    for number in range(len(platform.clusters)):
        writer.link(main, f"glob_lnk_{number}", platform.global_link_gbps, platform.global_link_latency)
    for number in range(len(platform.clusters)):
        writer.global_routes(main, number)
    content: bytes = etree.tostring(
        root, encoding="utf-8", xml_declaration=True, doctype=DOCTYPE, pretty_print=True
    )
    return content


class _Writer:
    """Adds the elements of a platform to a tree."""

    def __init__(self, etree: ModuleType, platform: Platform, version: Version, pstate: int) -> None:
        self.etree = etree
        self.platform = platform
        self.watts_property = version.watts_property
        self.pstate = pstate
        self.names = host_names(platform)
        self.node_first_core = platform.node_cores.cumsum() - platform.node_cores

    def cluster(self, main: Any, number: int, cluster: Cluster) -> None:
        """The zone of a cluster."""
        zone = self.etree.SubElement(main, "zone", id=f"clu_{number}", routing="Full")
        self.etree.SubElement(zone, "router", id=f"rou_{number}")
        nodes = range(cluster.first_node, cluster.first_node + cluster.num_nodes)
        for node in nodes:
            self.link(zone, f"udl_{node}", cluster.link_gbps, cluster.link_latency)
            for core in self.cores(node):
                self.host(zone, core)
        for node in nodes:
            for core in self.cores(node):
                self.local_routes(zone, f"rou_{number}", self.names[core], f"udl_{node}")

    def cores(self, node: int) -> Iterator[int]:
        """Ids of the cores of a node."""
        first = int(self.node_first_core[node])
        return iter(range(first, first + int(self.platform.node_cores[node])))

    def link(self, zone: Any, name: str, gbps: float, latency: str) -> None:
        """A link with both directions apart."""
        self.etree.SubElement(
            zone, "link", id=name, sharing_policy="SPLITDUPLEX", bandwidth=f"{gbps}Gbps", latency=latency
        )

    def host(self, zone: Any, core: int) -> None:
        """The host of a core, in its P-states."""
        processor = self.platform.core_processor[core]
        speeds = ", ".join(_speed(mflops) for mflops in self.platform.processor_mflops[processor])
        watts = ", ".join(_watts(figure) for figure in self.platform.processor_milliwatts[processor])
        host = self.etree.SubElement(zone, "host", id=self.names[core], speed=speeds, pstate=str(self.pstate))
        self.etree.SubElement(host, "prop", id=self.watts_property, value=watts)

    def local_routes(self, zone: Any, router: str, host: str, link: str) -> None:
        """The ways between a host and the router of its cluster."""
        for source, target, direction in ((router, host, "DOWN"), (host, router, "UP")):
            route = self.etree.SubElement(zone, "route", src=source, dst=target, symmetrical="NO")
            self.etree.SubElement(route, "link_ctn", id=link, direction=direction)

    def global_routes(self, main: Any, number: int) -> None:
        """The ways between the master and a cluster."""
        master, cluster = ("master", MASTER_HOST), (f"clu_{number}", f"rou_{number}")
        for source, target, direction in ((master, cluster, "DOWN"), (cluster, master, "UP")):
            route = self.etree.SubElement(
                main,
                "zoneRoute",
                src=source[0],
                dst=target[0],
                gw_src=source[1],
                gw_dst=target[1],
                symmetrical="NO",
            )
            self.etree.SubElement(route, "link_ctn", id=f"glob_lnk_{number}", direction=direction)


def _speed(mflops: np.int64) -> str:
    """Speed of a core in one P-state."""
    return f"{mflops}Mf" if mflops else f"{IDLE_FLOPS}f"


def _watts(milliwatts: np.int64) -> str:
    """Power of a core in one P-state, whether it computes or not."""
    watts = f"{milliwatts / 1000:.3f}"
    return f"{watts}:{watts}"


def _lxml() -> ModuleType:
    try:
        from lxml import etree
    except ImportError as error:
        raise not_installed("writing a platform file for Batsim", "lxml", "batsim") from error
    module: ModuleType = etree
    return module
