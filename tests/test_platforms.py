"""Platforms: shipped ones, their arrays, feasibility of jobs, and what is said about wrong files."""

from __future__ import annotations

import copy
import dataclasses
import gzip
import io
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from defusedxml.ElementTree import parse  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from hdeeprm.errors import PlatformError
from hdeeprm.experiment import run_experiment
from hdeeprm.options import load_options
from hdeeprm.platform_summary import show_platform
from hdeeprm.platforms import P_STATES, Platform, load_platform
from hdeeprm.shipped import shipped_file, shipped_names

SHARED = Path(__file__).parents[2] / "shared"
CORES = {
    "das2": 144,
    "equal_256": 256,
    "gaia": 2280,
    "gaia_264": 264,
    "learning": 4,
    "mc2": 10_002,
    "pik": 2560,
    "ricc": 8192,
    "shinx": 9216,
    "unequal_256": 256,
    "wice": 19_344,
}
LINKS = {"type": "InfiniBand QDR", "latency": "0us"}


def content(*nodes: tuple[str, int], **more: Any) -> dict[str, Any]:
    """Content of a platform file with one cluster."""
    groups = [{"type": name, "number": number} for name, number in nodes]
    return {"clusters": [{"id": "a", "nodes": groups, "local_links": LINKS}], "global_links": LINKS, **more}


def processor(**figures: Any) -> dict[str, Any]:
    """A processor type of a platform file."""
    usual = {"cores": 2, "clock_ghz": 1.0, "flop_per_cycle": 4, "power_watts": 50, "bandwidth_gb_per_s": 10}
    return {**usual, **figures}


def problems(wrong: Any) -> list[str]:
    """Lines of the error that a wrong platform raises."""
    with pytest.raises(PlatformError) as caught:
        load_platform(wrong)
    return str(caught.value).splitlines()


# The shipped platforms ------------------------------------------------------------------------------------


def test_shipped_names() -> None:
    assert shipped_names("platforms") == tuple(sorted(CORES))
    assert shipped_names("nothing") == ()
    assert shipped_file("platforms", "gaia") == shipped_file("platforms", "gaia.json")
    assert shipped_file("platforms", "../platforms/gaia.json") is None


@pytest.mark.parametrize("name", CORES)
def test_shipped_platforms(name: str) -> None:
    platform = load_platform(name)
    assert platform.name == name
    assert platform.num_cores == CORES[name]


@pytest.mark.parametrize("name", CORES)
def test_shipped_files_are_those_of_the_original(name: str) -> None:
    original = SHARED / "original" / "platforms" / f"{name}.json"
    if not original.is_file():
        pytest.skip(f"needs the original's {original.name}")
    ours = shipped_file("platforms", name)
    assert ours is not None
    assert json.loads(ours.read_text("utf-8")) == json.loads(original.read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("gaia", "padded_gaia_gaia_2000_first-high_gflops"),
        ("das2", "das2_hpc2n_1000_first-high_gflops"),
        ("pik", "pik_hpc2n_300_first-high_gflops"),
        ("learning", "learning60_first-high_cores"),
    ],
)
def test_cores_are_those_of_the_recorded_platform_xml(name: str, run: str) -> None:
    path = SHARED / "golden" / "runs" / run / "platform.xml.gz"
    if not path.is_file():
        pytest.skip(f"needs the recorded run {run}")
    platform = load_platform(name)
    rows = [[*speeds, *powers] for speeds, powers in xml_cores(path)]
    figures = np.hstack([platform.processor_mflops[:, :2], platform.processor_milliwatts])
    np.testing.assert_array_equal(figures[platform.core_processor], rows)


def xml_cores(path: Path) -> Iterator[tuple[list[int], list[int]]]:
    """MFLOPS in P0 and P1 and milliwatts in P0 to P3 of each core, in the order of the core ids."""
    with gzip.open(path) as stream:
        hosts = [host for host in parse(stream, forbid_dtd=False).iter("host") if host.get("pstate")]
    for host in sorted(hosts, key=lambda host: int(host.get("id").removeprefix("cor_"))):
        watts = host.find("prop").get("value")
        speeds = [round(float(gflops) * 1000) for gflops in re.findall(r"([\d.]+)Gf", host.get("speed"))]
        yield speeds, [round(float(low) * 1000) for low in re.findall(r"([\d.]+):", watts)]


def test_learning_by_hand() -> None:
    platform = load_platform("learning")
    assert platform.processor_types == ("Test0_0", "Test0_1")
    assert platform.processor_cores.tolist() == [2, 2]
    assert platform.processor_first_core.tolist() == [0, 2]
    assert platform.core_processor.tolist() == [0, 0, 1, 1]
    assert platform.processor_bandwidth_mb_per_s.tolist() == [32_000, 32_000]
    assert platform.processor_mflops.tolist() == [[4000, 3000, 0, 0], [4400, 3300, 0, 0]]
    assert platform.processor_milliwatts.tolist() == [
        [40_000, 40_000, 10_000, 2000],
        [50_000, 50_000, 12_500, 2500],
    ]
    assert platform.node_memory_kb.tolist() == [32_000_000]
    assert platform.reference_speed_flops == 4.2e9
    assert (platform.peak_gflops, platform.max_watts, platform.idle_watts, platform.memory_gb) == (
        16.8,
        180,
        9,
        32,
    )


@pytest.mark.parametrize(
    ("name", "peak_tflops", "memory_gib", "tdp_watts"),
    [
        # cores x GHz x flop per cycle / 1000, nodes x GiB, and sockets x W, as docs/platforms.md has them
        ("shinx", 9216 * 2.4 * 16 / 1000, 48 * 370, 96 * 360),
        ("wice", (12_816 * 2.4 + 6528 * 2.1) * 32 / 1000, 240 * 256 + 5 * 2048 + 8192, 356 * 250 + 136 * 350),
    ],
)
def test_present_day_platforms(name: str, peak_tflops: float, memory_gib: float, tdp_watts: float) -> None:
    platform = load_platform(name)
    assert platform.peak_gflops / 1000 == pytest.approx(peak_tflops)
    assert platform.memory_gb == pytest.approx(memory_gib * 2**30 / 1e9, rel=1e-5)
    assert platform.max_watts == pytest.approx(0.75 * tdp_watts, rel=1e-3)


def test_thin_and_fat_nodes_of_wice() -> None:
    platform = load_platform("wice")
    assert [(cluster.id, cluster.num_nodes) for cluster in platform.clusters] == [("thin", 240), ("fat", 6)]
    memory_per_core = {
        kind: platform.types.nodes[kind].memory_gb / 72 for kind in ("wICE Thin Node A", "wICE Big Node")
    }
    assert memory_per_core["wICE Big Node"] == pytest.approx(
        8 * memory_per_core["wICE Thin Node A"], rel=1e-5
    )


BIG, HUGE = 2_000_000_000, 8_000_000_000  # KB per processor: only fat nodes of wice have them
JOBS = ((1, 100), (128, 500), (8, BIG), (72, 100), (1, HUGE))
"""Cores, and memory per core in KB."""


@pytest.mark.parametrize(("name", "num_rejected"), [("shinx", 2), ("wice", 0)])
def test_present_day_platforms_run(name: str, num_rejected: int, tmp_path: Path) -> None:
    trace = tmp_path / "trace.swf"
    line = "{0} {0} 0 60 {1} -1 -1 {1} 100 {2} 1 -1 -1 -1 -1 -1 -1 -1\n"
    trace.write_text("".join(line.format(job, *ask) for job, ask in enumerate(JOBS, start=1)), "utf-8")
    options = {"platform_file_path": name, "workload_file_path": str(trace), "workload": {"mem_bw": "none"}}
    run = run_experiment(load_options({**options, "agent": {"name": "first-high_mem"}}), tmp_path / "run")
    assert run.metrics["num_rejected"] == num_rejected
    assert run.metrics["num_finished"] == len(JOBS) - num_rejected


def test_clusters_of_mc2() -> None:
    platform = load_platform("mc2")
    assert len(platform.clusters) == 32
    firsts = [cluster.first_node for cluster in platform.clusters]
    assert firsts == np.flatnonzero(np.diff(platform.node_cluster, prepend=-1)).tolist()
    assert sum(cluster.num_nodes for cluster in platform.clusters) == platform.num_nodes == 641
    ajax = platform.clusters[0]
    assert (ajax.id, ajax.link_type, ajax.link_gbps, ajax.link_latency) == (
        "ajax_cluster",
        "Gigabit Ethernet 1000BASE-T",
        1.0,
        "0us",
    )


def test_fractional_bandwidth_is_whole_in_mb_per_s() -> None:
    gaia = load_platform("gaia")
    assert set(gaia.processor_bandwidth_mb_per_s.tolist()) == {32_000, 51_200, 85_000, 59_700}


# Where platforms come from --------------------------------------------------------------------------------


def test_a_file_is_found_before_a_shipped_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gaia.json").write_text(json.dumps(content(("Basic", 3))), "utf-8")
    assert load_platform("gaia.json", search=tmp_path).num_cores == 12
    assert load_platform(tmp_path / "gaia.json").name == "gaia"
    monkeypatch.chdir(tmp_path)
    assert load_platform("gaia.json").num_cores == 12
    assert load_platform("gaia").num_cores == 2280


def test_a_folder_does_not_hide_a_shipped_platform(tmp_path: Path) -> None:
    (tmp_path / "gaia").mkdir()
    assert load_platform("gaia", search=tmp_path).num_cores == 2280


def test_own_types_and_p_states() -> None:
    own = {
        "processors": {"Fast": processor(clock_ghz=2.0)},
        "nodes": {"Mine": {"processors": [{"type": "Fast", "number": 2}], "memory_gb": 0.5}},
        "networks": {"Wire": {"bandwidth_gbps": 100}},
    }
    p_states = [{"speed": speed, "power": power} for speed, power in ((1, 1), (0.5, 0.9), (0, 0.5), (0, 0))]
    file = content(("Mine", 2), ("Basic", 1), types=own, p_states=p_states)
    file["global_links"] = {"type": "Wire", "latency": "1.5us"}
    platform = load_platform(file)
    assert platform.node_types == ("Mine", "Mine", "Basic")
    assert platform.processor_mflops[0].tolist() == [8000, 4000, 0, 0]
    assert platform.processor_milliwatts[0].tolist() == [25_000, 22_500, 12_500, 0]
    assert platform.node_memory_kb.tolist() == [500_000, 500_000, 32_000_000]
    assert (platform.global_link_gbps, platform.global_link_latency) == (100, "1.5us")


def test_nothing_can_be_changed() -> None:
    platform = load_platform("learning")
    for field in dataclasses.fields(platform):
        value = getattr(platform, field.name)
        assert not isinstance(value, np.ndarray) or not value.flags.writeable
    assert not platform.processor_first_core.flags.writeable
    assert not platform.core_processor.flags.writeable
    with pytest.raises(dataclasses.FrozenInstanceError):
        platform.name = "mine"  # type: ignore[misc]


def test_platforms_survive_a_trip_to_another_process() -> None:
    platform = load_platform("gaia")
    twin = pickle.loads(pickle.dumps(platform))
    np.testing.assert_array_equal(twin.processor_mflops, platform.processor_mflops)
    assert twin.types.nodes == platform.types.nodes


# Properties -----------------------------------------------------------------------------------------------

NODE_TYPES = ("Basic", "Test0", "DAS2-fs0", "Bullx B500-0", "Perian Node A")
node_groups = st.lists(st.tuples(st.sampled_from(NODE_TYPES), st.integers(1, 4)), min_size=1, max_size=4)


@st.composite
def platforms(draw: st.DrawFn) -> Platform:
    """Platforms of 1 to 3 clusters made of the catalogue's types."""
    file = content(("Basic", 1))
    entry = file["clusters"][0]
    groups = draw(st.lists(node_groups, min_size=1, max_size=3))
    file["clusters"] = [
        {**entry, "id": f"c{index}", "nodes": [{"type": name, "number": number} for name, number in nodes]}
        for index, nodes in enumerate(groups)
    ]
    return load_platform(file)


@given(platforms())
def test_numbers_are_depth_first(platform: Platform) -> None:
    core = 0
    processors = iter(range(platform.num_processors))
    for node, node_type in enumerate(platform.node_types):
        for group in platform.types.nodes[node_type].processors:
            for _ in range(group.number):
                processor = next(processors)
                cores = platform.types.processors[group.type].cores
                assert platform.processor_types[processor] == group.type
                assert platform.processor_node[processor] == node
                assert platform.processor_first_core[processor] == core
                assert (platform.core_processor[core : core + cores] == processor).all()
                core += cores
    assert next(processors, None) is None
    assert core == platform.num_cores == len(platform.core_processor)


@given(platforms())
def test_totals_add_up_core_by_core(platform: Platform) -> None:
    cores = platform.core_processor
    mflops = [int(platform.processor_mflops[processor, 0]) for processor in cores]
    watts = [int(platform.processor_milliwatts[processor, 0]) for processor in cores]
    idle = [int(platform.processor_milliwatts[processor, 3]) for processor in cores]
    assert platform.reference_speed_flops == sum(mflops) / len(cores) * 1e6
    assert (platform.peak_gflops, platform.max_watts, platform.idle_watts) == (
        sum(mflops) / 1000,
        sum(watts) / 1000,
        sum(idle) / 1000,
    )
    assert platform.node_cores.sum() == platform.num_cores
    assert platform.memory_gb == sum(platform.types.nodes[name].memory_gb for name in platform.node_types)


jobs = st.tuples(st.integers(1, 60), st.one_of(st.just(0), st.integers(1, 40_000_000)))


@given(platforms(), st.lists(jobs, max_size=20))
def test_feasible_against_a_loop(platform: Platform, some_jobs: list[tuple[int, int]]) -> None:
    expected = []
    for requested_cores, memory_kb in some_jobs:
        room = 0
        for cores, memory in zip(platform.node_cores.tolist(), platform.node_memory_kb.tolist(), strict=True):
            room += min(cores, memory // memory_kb) if memory_kb else cores
        expected.append(room >= requested_cores)
    asked = np.array(some_jobs, dtype=np.int64).reshape(-1, 2)
    assert platform.feasible(asked[:, 0], asked[:, 1]).tolist() == expected


def test_feasible_at_its_borders() -> None:
    learning = load_platform("learning")  # one node with 4 cores and 32 GB
    assert learning.feasible([4, 5, 4, 4], [0, 0, 8_000_000, 8_000_001]).tolist() == [
        True,
        False,
        True,
        False,
    ]


# Wrong files ----------------------------------------------------------------------------------------------


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    file = content(("Bulx B500-0", 0), ("Basic", 2))
    file["clusters"][0]["local_link"] = file["clusters"][0].pop("local_links")
    file["clusters"].append(copy.deepcopy(file["clusters"][0]) | {"nodes": []})
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(file), "utf-8")
    lines = problems(path)
    assert all(line.startswith(f"{path}: ") for line in lines)
    text = "\n".join(lines).replace(f"{path}: ", "")
    assert "clusters[0].nodes[0].type is 'Bulx B500-0'" in text
    assert "Did you mean 'Bullx B500-0'?" in text
    assert "clusters[0].nodes[0].number is 0" in text
    assert "clusters[0].local_links is missing" in text
    assert "clusters[0].local_link is an unknown key. Did you mean 'local_links'?" in text
    assert "clusters[1].nodes is empty" in text
    assert "clusters: id 'a' is given 2 times" in text
    assert "clusters is empty" not in text


@pytest.mark.parametrize("number", [0, -1, 2.5, 2.0, True, "2", None, float("nan"), 10_000_001, 10**30])
def test_counts_must_be_whole_and_positive(number: Any) -> None:
    (line,) = problems(content(("Basic", number)))
    assert line.startswith("platform: clusters[0].nodes[0].number is ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cores", 0),
        ("clock_ghz", float("nan")),
        ("clock_ghz", 1e999),
        ("power_watts", -1),
        ("flop_per_cycle", "4"),
    ],
)
def test_figures_of_own_types_are_checked(key: str, value: Any) -> None:
    (line,) = problems(content(("Basic", 1), types={"processors": {"My own": processor(**{key: value})}}))
    assert line.startswith(f'platform: types.processors["My own"].{key} is {value!r}; it should be ')


def test_missing_and_unknown_keys_of_own_types() -> None:
    figures = processor(clock=1)
    del figures["cores"]
    lines = problems(content(("Basic", 1), types={"processors": {"Mine": figures}, "node": {}}))
    assert lines[0] == "platform: types.processors.Mine.cores is missing; add it."
    assert lines[1].startswith("platform: types.processors.Mine.clock is an unknown key.")
    assert "types.node is an unknown key. Did you mean 'nodes'?" in lines[2]


def test_names_that_own_types_use_are_checked() -> None:
    node = {"processors": [{"type": "Basik", "number": 1}], "memory_gb": 1, "memory_type": "DDR3-1601"}
    lines = problems(content(("Mine", 1), types={"nodes": {"Mine": node}}))
    assert "types.nodes.Mine.processors[0].type is 'Basik'" in lines[0]
    assert "Did you mean 'Basic'?" in lines[0]
    assert "Did you mean 'DDR3-1600'?" in lines[1]


@pytest.mark.parametrize(
    ("p_states", "where"),
    [
        ([{"speed": 0, "power": 1}], "p_states[0] is "),
        ([{"speed": 1.5, "power": 1}], "p_states[0].speed is 1.5"),
        ([{"speed": 1, "power": -0.5}], "p_states[0].power is -0.5"),
        ([{"speed": 1}], "p_states[0].power is missing"),
    ],
)
def test_p_states_are_checked(p_states: list[dict[str, float]], where: str) -> None:
    usual = [{"speed": state.speed, "power": state.power} for state in P_STATES]
    (line,) = problems(content(("Basic", 1), p_states=p_states + usual[1:]))
    assert line.startswith(f"platform: {where}")


def test_there_are_four_p_states() -> None:
    states = [{"speed": 1.0, "power": 1.0}] * 5
    assert "four entries" in problems(content(("Basic", 1), p_states=states))[0]
    assert problems(content(("Basic", 1), p_states=states[:3])) == [
        "platform: p_states[3] is missing; add it."
    ]


def test_a_core_without_speed_is_refused() -> None:
    slow = processor(clock_ghz=0.001, flop_per_cycle=0.001)
    node = {"processors": [{"type": "Slow", "number": 1}], "memory_gb": 1}
    (line,) = problems(content(("Mine", 1), types={"processors": {"Slow": slow}, "nodes": {"Mine": node}}))
    assert "types.processors.Slow" in line
    assert "rounds to 0 MFLOPS" in line


def test_too_many_cores_are_refused_before_they_are_made() -> None:
    (line,) = problems(content(("Basic", 9_999_999), ("Basic", 9_999_999)))
    assert "79999992 cores in all; at most 10000000" in line


@pytest.mark.parametrize("latency", ["0", "fast", "-1us", 0, "1 us"])
def test_latencies_carry_a_unit(latency: Any) -> None:
    (line,) = problems(
        content(("Basic", 1)) | {"global_links": {"type": "InfiniBand QDR", "latency": latency}}
    )
    assert line.startswith(f"platform: global_links.latency is {latency!r}")


@pytest.mark.parametrize("wrong", [[], 3, "text", None])
def test_parts_of_the_wrong_kind(wrong: Any) -> None:
    whole = {"clusters": wrong, "global_links": wrong, "types": wrong, "p_states": wrong}
    lines = problems(whole)
    for key in whole:
        assert any(line.startswith(f"platform: {key}") for line in lines)


def test_an_unknown_name_offers_the_nearest() -> None:
    (line,) = problems("gaja")
    assert f"Did you mean 'gaia'? Shipped: {', '.join(CORES)}." in line
    assert "Did you mean 'pik'?" in problems("missing/pik.json")[0]
    assert "no such platform file" in problems("x" * 5000)[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"clusters":\n  [1,]}', ":2:6: not valid JSON"),
        ("", ":1:1: not valid JSON"),
        ("[" * 100_000, "not a usable JSON file"),
        ('{"clusters": 1, "clusters": 2}', "key 'clusters' is given twice"),
        ("[]", "the platform is []; it should be an object with clusters, global_links, types, p_states."),
    ],
)
def test_files_that_are_no_platform(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text, "utf-8")
    (line,) = problems(path)
    assert line.startswith(str(path))
    assert said in line


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_bytes(b"\xff\xfe\x00")
    assert "not a usable JSON file" in problems(path)[0]
    assert "a directory" in problems(tmp_path)[0]


# The documentation ----------------------------------------------------------------------------------------


def test_the_table_of_platforms_is_right() -> None:
    page = (Path(__file__).parents[1] / "docs" / "platforms.md").read_text("utf-8")
    rows = {
        row[0]: row[1:]
        for row in re.findall(r"^\| `(\w+)` \| .* \| (\S+) \| (\S+) \| (\d+) \| (.*) \|$", page, re.M)
    }
    assert set(rows) == set(CORES)
    for name, (nodes, cores, kinds, gflops) in rows.items():
        platform = load_platform(name)
        speeds = {platform.types.processors[kind].gflops_per_core for kind in platform.processor_types}
        assert (nodes, cores) == (f"{platform.num_nodes:,}", f"{platform.num_cores:,}")
        assert int(kinds) == len(set(platform.node_types))
        assert gflops == " to ".join(dict.fromkeys(f"{speed:g}" for speed in (min(speeds), max(speeds))))


# The summary ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CORES)
def test_the_summary_fits_80_columns(name: str) -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    show_platform(load_platform(name), console)
    text = console.export_text()
    assert f"{CORES[name]:,}" in text
    assert "GFLOPS" in text
    assert "watts" in text
    processors = [line for line in text.splitlines() if " GHz" in line]
    assert processors
    assert all(line.rstrip().endswith("GB/s") for line in processors)  # none is wrapped


def test_names_are_shown_as_they_are() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    file = content(("Basic", 1))
    file["clusters"][0]["id"] = "[bold]odd[/bold]"
    show_platform(load_platform(file), console)
    assert "[bold]odd[/bold]: 1 node, " in console.export_text()
