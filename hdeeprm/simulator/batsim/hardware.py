"""What a machine on Batsim's clock is made of, and how it behaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hdeeprm.simgrid_versions import LATEST
from hdeeprm.simulator.kernel.tables import Floats, Integers

from .profiles import Network
from .versions import VERSIONS, Tolerance


@dataclass(frozen=True)
class Hosts:
    """The hosts of a platform; H hosts, S P-states of all of them, one host's after the other's."""

    speeds: Floats  # flop/s, (S,)
    watts: Floats  # idle, lowest and full, (S, 3)
    first_state: Integers  # (H,)
    pstates: Integers  # at the start, (H,)

    @property
    def num_hosts(self) -> int:
        """How many there are."""
        return len(self.first_state)

    @property
    def num_pstates(self) -> Integers:
        """How many P-states each host has, shape (H,)."""
        return np.diff(np.append(self.first_state, len(self.speeds)))


@dataclass(frozen=True)
class Links:
    """The links of a platform, shape (links,) each."""

    bandwidths: Floats  # byte/s
    fatpipe: npt.NDArray[np.bool_]


class PlatformNetwork(Network, Protocol):
    """Where links lie between hosts, and between each host and the server."""

    links: Links

    def to_server(self, host: int) -> tuple[Sequence[int], float]:
        """Links from a host to the server, and their latency in s."""


@dataclass(frozen=True)
class Settings:
    """How a machine behaves."""

    tolerance: Tolerance = VERSIONS[LATEST].tolerance
    energy: bool = True
    charge_p0: bool = False  # hosts draw the power of P-state 0 until they are first looked at after time 0
    sharing: bool = False  # a host may run several jobs at a time
    tracing: bool = False
    registration: bool = False  # the scheduler may register jobs
    acknowledge: bool = False  # jobs that it registers are submitted back to it
