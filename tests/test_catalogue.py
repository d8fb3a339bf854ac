"""The catalogue of hardware types and the figures derived from it."""

from __future__ import annotations

import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from hdeeprm.catalogue import KINDS, NodeType, ProcessorType, load_catalogue
from hdeeprm.platforms.p_states import core_mflops, core_milliwatts

ORIGINAL = Path(__file__).parents[2] / "shared" / "original" / "types"


def original(kind: str) -> dict[str, Any]:
    """Types of HDeepRM 0.3, where a checkout has them beside it."""
    path = ORIGINAL / f"{kind}_types.json"
    if not path.is_file():
        pytest.skip(f"needs the original's {path.name}")
    types: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return {name: figures for name, figures in types.items() if name != "_doc"}


def test_processors_have_the_figures_of_the_original() -> None:
    ours, theirs = load_catalogue().processors, original("processor")
    assert set(ours) - set(theirs) == {"EPYC 9654", "Xeon 8360Y", "Xeon 8468"}
    assert set(ours) >= set(theirs)
    for name, figures in theirs.items():
        kind = ours[name]
        keys = ("cores", "clock_rate", "dpflops_per_cycle", "power", "mem_bw", "llc_size")
        assert (
            kind.cores,
            kind.clock_ghz,
            kind.flop_per_cycle,
            kind.power_watts,
            kind.bandwidth_gb_per_s,
            kind.llc_mb,
        ) == tuple(figures[key] for key in keys)


def test_nodes_have_the_figures_of_the_original() -> None:
    ours, theirs = load_catalogue().nodes, original("node")
    own = ("Shinx Node", "wICE Thin Node A", "wICE Thin Node B", "wICE Big Node", "wICE Huge Node")
    assert set(ours) - set(theirs) == set(own)
    assert set(ours) >= set(theirs)
    for name, figures in theirs.items():
        groups = [{"type": group.type, "number": group.number} for group in ours[name].processors]
        assert groups == figures["processors"]
        assert ours[name].memory_gb == figures["memory"]["capacity"]
        assert ours[name].memory_type == figures["memory"]["type"]


def test_memories_and_networks_have_the_figures_of_the_original() -> None:
    catalogue = load_catalogue()
    latencies = {name: f"{kind.latency_ns:.2f}ns" for name, kind in catalogue.memories.items()}
    memories = {name: figures["latency"] for name, figures in original("memory").items()}
    assert latencies == memories | {"DDR4-3200": "103.75ns", "DDR5-4800": "106.67ns"}
    bandwidths = {name: f"{kind.bandwidth_gbps}Gbps" for name, kind in catalogue.networks.items()}
    networks = {name: figures["bandwidth"] for name, figures in original("network").items()}
    assert bandwidths == networks | {"InfiniBand HDR100": "100.0Gbps", "InfiniBand NDR200": "200.0Gbps"}


@pytest.mark.parametrize(
    ("name", "gflops", "watts"),
    [
        ("Xeon L5640", (9.04, 6.78), (7.5, 7.5, 1.875, 0.375)),
        ("Xeon E7-4850", (8.0, 6.0), (9.75, 9.75, 2.438, 0.488)),
        ("Xeon E5-4640", (19.2, 14.4), (8.906, 8.906, 2.227, 0.445)),
        ("Xeon E5-2660", (17.6, 13.2), (8.906, 8.906, 2.227, 0.445)),
        ("Xeon X5670", (11.72, 8.79), (11.875, 11.875, 2.969, 0.594)),
        ("Xeon E7-8880 v2", (20.0, 15.0), (6.5, 6.5, 1.625, 0.325)),
        ("Xeon E5-4650 v2", (19.2, 14.4), (7.125, 7.125, 1.781, 0.356)),
    ],
)
def test_figures_of_one_core(name: str, gflops: tuple[float, ...], watts: tuple[float, ...]) -> None:
    kind = load_catalogue().processors[name]
    assert tuple(speed / 1000 for speed in core_mflops(kind)) == (*gflops, 0, 0)
    assert tuple(power / 1000 for power in core_milliwatts(kind)) == watts


def test_each_p_state_is_rounded_from_the_exact_figure() -> None:
    kind = ProcessorType(cores=3, clock_ghz=1.0, flop_per_cycle=1, power_watts=0.005, bandwidth_gb_per_s=1)
    assert core_milliwatts(kind)[0] == 2  # 1.667 mW
    assert core_milliwatts(kind)[2] == 0  # 0.417 mW, not a quarter of 2 mW


def test_names_are_consistent() -> None:
    catalogue = load_catalogue()
    for node in catalogue.nodes.values():
        assert all(group.type in catalogue.processors for group in node.processors)
        assert node.memory_type in catalogue.memories


def test_the_catalogue_is_read_once_and_cannot_be_changed() -> None:
    catalogue = load_catalogue()
    assert catalogue is load_catalogue()
    with pytest.raises(TypeError):
        catalogue.processors["mine"] = catalogue.processors["Basic"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalogue.processors["Basic"].cores = 3  # type: ignore[misc]


def test_own_types_are_added_to_a_copy() -> None:
    mine = NodeType(processors=load_catalogue().nodes["Basic"].processors, memory_gb=1)
    extended = load_catalogue().extended({"nodes": {"mine": mine, "Basic": mine}})
    assert extended.nodes["mine"] is extended.nodes["Basic"] is mine
    assert "mine" not in load_catalogue().nodes
    assert extended.processors == load_catalogue().processors


def test_the_catalogue_survives_a_trip_to_another_process() -> None:
    copy = pickle.loads(pickle.dumps(load_catalogue()))
    assert all(getattr(copy, kind) == getattr(load_catalogue(), kind) for kind in KINDS)
