"""Hardware types as data: processors, nodes, memories and networks, each by name.

The figures live in the TOML files beside this module. A platform file may add types of its own; they
are written in the same vocabulary and checked by the same classes.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationInfo
from pydantic.dataclasses import dataclass as checked_dataclass
from pydantic_core import PydanticCustomError

from hdeeprm.errors import did_you_mean

MAX_CORES = 10_000_000
"""Most cores of one platform; the largest machines of the TOP500 list have about as many."""

Count = Annotated[int, Field(strict=True, ge=1, le=MAX_CORES)]
Figure = Annotated[float, Field(strict=True, ge=1e-3, le=1e6, allow_inf_nan=False)]
STRICT = ConfigDict(extra="forbid")


def known(kind: str) -> AfterValidator:
    """Check that a name is one of the ``kind`` that the validation context lists.

    Args:
        kind: Key of the validation context: processors, nodes, memories or networks. Without such a
            key nothing is checked.
    """

    def check(name: str, info: ValidationInfo) -> str:
        names: Collection[str] | None = (info.context or {}).get(kind)
        if names is None or name in names:
            return name
        allowed = did_you_mean(name, names) or " Known: " + ", ".join(sorted(names)) + "."
        text = f"is none of the known {kind}.{allowed} Define a new one under types.{kind}."
        raise PydanticCustomError("unknown_name", "{text}", {"text": text})

    return AfterValidator(check)


@checked_dataclass(frozen=True, config=STRICT)
class ProcessorType:
    """A processor: one socket, the bandwidth domain of its cores.

    Attributes:
        cores: Number of cores.
        clock_ghz: Base clock, in GHz.
        flop_per_cycle: Double-precision operations per cycle of one core, in flop.
        power_watts: Draw of the whole processor with all its cores active, in W.
        bandwidth_gb_per_s: Bandwidth to memory shared by the cores, in GB/s.
        llc_mb: Last-level cache, in MB; 0 where unknown, not simulated.
        microarchitecture: Code name; empty where unknown.
    """

    cores: Count
    clock_ghz: Figure
    flop_per_cycle: Figure
    power_watts: Figure
    bandwidth_gb_per_s: Figure
    llc_mb: Annotated[float, Field(strict=True, ge=0, le=1e6, allow_inf_nan=False)] = 0.0
    microarchitecture: str = ""

    @property
    def gflops_per_core(self) -> float:
        """Peak speed of one core: clock x operations per cycle, in 10^9 flop/s."""
        return self.clock_ghz * self.flop_per_cycle

    @property
    def watts_per_core(self) -> float:
        """Draw of one active core, in W."""
        return self.power_watts / self.cores


@checked_dataclass(frozen=True, config=STRICT)
class ProcessorGroup:
    """Equal processors of a node.

    Attributes:
        type: Name of a processor type.
        number: How many of them.
    """

    type: Annotated[str, known("processors")]
    number: Count


@checked_dataclass(frozen=True, config=STRICT)
class NodeType:
    """A node: the memory domain of its cores.

    Attributes:
        processors: Processors in the order in which their cores are numbered.
        memory_gb: Memory shared by all cores, in GB (1 GB = 1000 MB).
        memory_type: Name of a memory type, or None where unknown.
    """

    processors: Annotated[tuple[ProcessorGroup, ...], Field(min_length=1)]
    memory_gb: Figure
    memory_type: Annotated[str, known("memories")] | None = None


@checked_dataclass(frozen=True, config=STRICT)
class MemoryType:
    """A main memory.

    Attributes:
        latency_ns: From the command to the data, in ns; not simulated.
    """

    latency_ns: Figure


@checked_dataclass(frozen=True, config=STRICT)
class NetworkType:
    """A network.

    Attributes:
        bandwidth_gbps: Bandwidth of each link, in Gbit/s.
    """

    bandwidth_gbps: Figure


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Every hardware type, by kind and name; immutable.

    Attributes:
        processors: Processor types by name.
        nodes: Node types by name.
        memories: Memory types by name.
        networks: Network types by name.
    """

    processors: Mapping[str, ProcessorType]
    nodes: Mapping[str, NodeType]
    memories: Mapping[str, MemoryType]
    networks: Mapping[str, NetworkType]

    def __post_init__(self) -> None:
        """Make the tables read-only."""
        for kind in KINDS:
            object.__setattr__(self, kind, MappingProxyType(dict(getattr(self, kind))))

    def __reduce__(self) -> tuple[type[Catalogue], tuple[dict[str, Any], ...]]:
        """Pickle as plain dicts, for platforms sent to worker processes."""
        return Catalogue, tuple(dict(getattr(self, kind)) for kind in KINDS)

    def extended(self, types: Mapping[str, Mapping[str, Any]]) -> Catalogue:
        """Copy with the types of a platform file added; equal names replace."""
        return Catalogue(**{kind: {**getattr(self, kind), **types.get(kind, {})} for kind in KINDS})


KINDS: Mapping[str, type[Any]] = MappingProxyType(
    {"processors": ProcessorType, "nodes": NodeType, "memories": MemoryType, "networks": NetworkType}
)
"""Class of each kind of hardware type."""


@functools.cache
def load_catalogue() -> Catalogue:
    """The types that come with the package, read once.

    >>> load_catalogue().processors["Xeon L5640"].cores
    6
    """
    folder = Path(__file__).parent
    tables = {kind: tomllib.loads((folder / f"{kind}.toml").read_text("utf-8")) for kind in KINDS}
    return Catalogue(
        **{
            kind: {
                name: TypeAdapter(checked).validate_python(row, context=tables)
                for name, row in tables[kind].items()
            }
            for kind, checked in KINDS.items()
        }
    )
