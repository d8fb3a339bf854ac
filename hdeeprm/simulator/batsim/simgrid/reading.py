"""Reads the platform files of SimGrid 3.13 and newer (versions 4 and 4.1), as far as Batsim's jobs need them.

Hosts, clusters, links and zones of routing Full, Floyd, Dijkstra, Cluster and None are read; whatever
else a file holds is refused by name. Figures are those of the host model that Batsim uses, ptask_L07.
"""

from __future__ import annotations

import os
from pathlib import Path

from hdeeprm.simulator.batsim.simgrid.draft import Draft
from hdeeprm.simulator.batsim.simgrid.network import Network
from hdeeprm.simulator.batsim.simgrid.platform import Link, SimGridPlatform
from hdeeprm.simulator.batsim.simgrid.routing import Leg
from hdeeprm.simulator.batsim.simgrid.xml_file import load, report
from hdeeprm.simulator.batsim.simgrid.zones import read_zones, rules_of

LOOPBACK = Link("__loopback__", bandwidth=498e6, latency=15e-6, fatpipe=True)
"""What SimGrid puts between a host and itself (its options network/loopback-bw and loopback-lat)."""


def read_platform(path: str | os.PathLike[str]) -> SimGridPlatform:
    """Platform of a SimGrid file.

    Raises:
        PlatformError: If the file can't be read, or with all that is wrong or not supported in it.
        DependencyNotInstalled: If the parser is missing.
    """
    file = Path(path)
    root = load(file)
    draft = Draft()
    for config in root.iterfind("config/prop"):
        draft.problem(config, "configuration in the platform file is not supported. Remove it.")
    zones = read_zones(draft, root)
    links = (*draft.links, LOOPBACK)
    rules = dict(rules_of(draft, zones, Leg((len(draft.links),))))
    report(file, draft.problems)
    network = Network(str(file), draft.zone_of, rules, links)
    return SimGridPlatform(str(file), tuple(draft.hosts), links, network)
