"""A platform: the resource hierarchy, cluster ▸ node ▸ processor ▸ core, as flat arrays.

Clusters, nodes, processors and cores are numbered from 0, depth first in the order of the platform
file; the cores of a processor, the processors of a node and the nodes of a cluster are contiguous.
Nothing of a platform can be changed: what is busy or free is the simulator's business.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hdeeprm.catalogue import Catalogue
from hdeeprm.memory_units import KB_PER_GB
from hdeeprm.platforms.p_states import PStates

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Cluster:
    """A cluster: contiguous nodes behind one kind of links.

    Attributes:
        id: Its name in the platform file.
        first_node: Number of its first node.
        num_nodes: Number of its nodes.
        link_type: Name of its network type.
        link_gbps: Bandwidth of each of its links, in Gbit/s.
        link_latency: Latency of each link, a number with its unit as the file gives it.
    """

    id: str
    first_node: int
    num_nodes: int
    link_type: str
    link_gbps: float
    link_latency: str


@dataclass(frozen=True, eq=False)
class Platform:
    """A heterogeneous platform; all arrays are read-only.

    Speeds and powers are those of one core at P-states 0 to 3, in integers of the third decimal.

    Attributes:
        name: Name of the platform.
        clusters: Clusters in order.
        global_link_type: Name of the network type between clusters.
        global_link_gbps: Bandwidth of each link between clusters, in Gbit/s.
        global_link_latency: Latency of those links, a number with its unit as the file gives it.
        types: Hardware types that the platform can name.
        p_states: Fractions of speed and power in P0 to P3.
        node_types: Type name of each node.
        node_cluster: Cluster of each node.
        node_memory_kb: Memory of each node, in KB (1 GB = 10^6 KB).
        processor_types: Type name of each processor.
        processor_node: Node of each processor.
        processor_cores: Number of cores of each processor.
        processor_bandwidth_mb_per_s: Memory bandwidth of each processor, in MB/s (1 GB = 1000 MB).
        processor_mflops: Speed of one core of each processor, in 10^6 flop/s.
        processor_milliwatts: Power of one core of each processor, in 10^-3 W.
    """

    name: str
    clusters: tuple[Cluster, ...]
    global_link_type: str
    global_link_gbps: float
    global_link_latency: str
    types: Catalogue
    p_states: PStates
    node_types: tuple[str, ...]
    node_cluster: IntArray  # (num_nodes,)
    node_memory_kb: IntArray  # (num_nodes,)
    processor_types: tuple[str, ...]
    processor_node: IntArray  # (num_processors,)
    processor_cores: IntArray  # (num_processors,)
    processor_bandwidth_mb_per_s: IntArray  # (num_processors,)
    processor_mflops: IntArray  # (num_processors, 4)
    processor_milliwatts: IntArray  # (num_processors, 4)

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_types)

    @property
    def num_processors(self) -> int:
        """Number of processors."""
        return len(self.processor_types)

    @cached_property
    def num_cores(self) -> int:
        """Number of cores; their ids are 0 to ``num_cores`` - 1."""
        return int(self.processor_cores.sum())

    @cached_property
    def processor_first_core(self) -> IntArray:
        """First core id of each processor, shape (num_processors,)."""
        return _frozen(np.cumsum(self.processor_cores) - self.processor_cores)

    @cached_property
    def core_processor(self) -> IntArray:
        """Processor of each core, shape (num_cores,)."""
        return _frozen(np.repeat(np.arange(self.num_processors, dtype=np.int64), self.processor_cores))

    @cached_property
    def node_cores(self) -> IntArray:
        """Number of cores of each node, shape (num_nodes,)."""
        cores = np.zeros(self.num_nodes, dtype=np.int64)
        np.add.at(cores, self.processor_node, self.processor_cores)
        return _frozen(cores)

    @cached_property
    def reference_speed_flops(self) -> float:
        """Mean peak speed over the cores, in flop/s: turns run times into work."""
        return self._core_sum(self.processor_mflops[:, 0]) / self.num_cores * 1e6

    @cached_property
    def peak_gflops(self) -> float:
        """Speed of all cores together in P0, in 10^9 flop/s."""
        return self._core_sum(self.processor_mflops[:, 0]) / 1e3

    @cached_property
    def max_watts(self) -> float:
        """Power with every core active (P0), in W."""
        return self._core_sum(self.processor_milliwatts[:, 0]) / 1e3

    @cached_property
    def idle_watts(self) -> float:
        """Power with every processor idle (P3), in W."""
        return self._core_sum(self.processor_milliwatts[:, 3]) / 1e3

    @cached_property
    def memory_gb(self) -> float:
        """Memory of all nodes together, in GB."""
        return float(self.node_memory_kb.sum(dtype=np.float64)) / KB_PER_GB

    def feasible(self, requested_cores: ArrayLike, memory_kb: ArrayLike) -> NDArray[np.bool_]:
        """Which jobs could run on the empty platform.

        Σ over nodes of min(cores, memory // memory per core) >= requested cores. Memory bandwidth
        does not count: it may be over-subscribed.

        Args:
            requested_cores: Cores of each job, shape (num_jobs,).
            memory_kb: Memory per core of each job, in KB, shape (num_jobs,); 0 for none.

        Returns:
            bool, shape (num_jobs,).
        """
        wanted_kb = np.asarray(memory_kb)
        room = np.zeros(wanted_kb.shape, dtype=np.int64)
        node_kinds = np.stack([self.node_cores, self.node_memory_kb], axis=1)
        for (cores, memory), number in zip(*np.unique(node_kinds, axis=0, return_counts=True), strict=True):
            fitting = np.where(wanted_kb > 0, memory // np.maximum(wanted_kb, 1), cores)
            room += number * np.minimum(cores, fitting)
        return np.asarray(room >= np.asarray(requested_cores))

    def _core_sum(self, per_core: IntArray) -> int:
        """Sum over all cores of a figure given per processor, shape (num_processors,)."""
        return int((per_core * self.processor_cores).sum())


def _frozen(array: IntArray) -> IntArray:
    array.setflags(write=False)
    return array
