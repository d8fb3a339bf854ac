"""From a SimGrid platform to the hosts and links of the simulated Batsim."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hdeeprm.errors import PlatformError
from hdeeprm.simulator.batsim.hardware import Hosts, Links
from hdeeprm.simulator.batsim.simgrid import Machines, SimGridPlatform, Watts

SLEEP_PSTATES = "sleep_pstates"
"""Property by which Batsim knows P-states that take time to enter and to leave."""
NO_WATTS = Watts(0.0, 0.0, 0.0)


def hosts_of(machines: Machines, energy: bool, source: str) -> Hosts:
    """The machines, by id.

    Args:
        machines: Master and others.
        energy: Whether their power is needed.
        source: Name of the file for messages.

    Raises:
        PlatformError: If power is needed and a host does not tell it for all its P-states or can sleep, or a
            host has several cores, which SimGrid's model of parallel tasks does not know.
    """
    for host in machines.hosts:
        if host.cores != 1:
            raise PlatformError(
                f"{source}: host {host.name!r} has {host.cores} cores, which the model of parallel tasks "
                "does not know; write a host for each core"
            )
        if energy and SLEEP_PSTATES in host.properties:
            raise PlatformError(
                f"{source}: host {host.name!r} has a property {SLEEP_PSTATES}; how machines fall asleep and "
                "wake up is not simulated here; take the property out, or the real Batsim, or leave out -E"
            )
        if energy and len(host.watts) != len(host.speeds):
            raise PlatformError(
                f"{source}: host {host.name!r} tells the power of {len(host.watts)} of its "
                f"{len(host.speeds)} P-states; give it a property wattage_per_state for all, or leave out -E"
            )
    counts = np.array([len(host.speeds) for host in machines.hosts])
    watts = [host.watts or (NO_WATTS,) * len(host.speeds) for host in machines.hosts]
    return Hosts(
        np.array([speed for host in machines.hosts for speed in host.speeds]),
        np.array([state for host_watts in watts for state in host_watts]),
        np.cumsum(counts) - counts,
        np.array([host.pstate for host in machines.hosts]),
    )


@dataclass
class PlatformFileNetwork:
    """The links of a platform file, numbered after the machines."""

    platform: SimGridPlatform
    machines: Machines
    links: Links = field(init=False)

    def __post_init__(self) -> None:
        """Take the links over."""
        links = self.platform.links
        self.links = Links(
            np.array([link.bandwidth for link in links], np.float64),
            np.array([link.fatpipe for link in links], np.bool_),
        )

    def route(self, source: int, target: int) -> tuple[tuple[int, ...], float]:
        """Links from one machine to another, and their latency in s."""
        return self._route(self.machines.hosts[source].name, self.machines.hosts[target].name)

    def to_server(self, host: int) -> tuple[tuple[int, ...], float]:
        """Links from a machine to the master, and their latency in s."""
        return self._route(self.machines.hosts[host].name, self.machines.master.name)

    def _route(self, source: str, target: str) -> tuple[tuple[int, ...], float]:
        links, latency = self.platform.route(source, target)
        return tuple(len(self.machines.hosts) + link for link in links), latency
