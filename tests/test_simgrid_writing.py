"""Platform files for the real Batsim: what they say of every core; the same as in recorded runs."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from golden import GOLDEN
from hdeeprm.platforms import Platform, load_platform
from hdeeprm.shipped import shipped_names
from hdeeprm.simulator.batsim.simgrid import Machines, SimGridPlatform, machines, platform_xml, read_platform
from strategies import platforms

needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded runs are not there")
SIMGRIDS = ("3.24", "3.29")
IDLE_SPEED = 0.001
"""Flop/s of a core that does not compute."""


def write(platform: Platform, simgrid: str, folder: Path) -> SimGridPlatform:
    """A platform written and read again."""
    file = folder / "platform.xml"
    file.write_bytes(platform_xml(platform, simgrid))
    return read_platform(file)


def routes(platform: SimGridPlatform, source: str, target: str) -> list[tuple[float, float]]:
    """Bandwidth and latency of each link between two hosts."""
    links = (platform.links[link] for link in platform.route(source, target).links)
    return [(link.bandwidth, link.latency) for link in links]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written")


def check_cores(platform: Platform, found: Machines) -> None:
    """Every machine is the core of the same id."""
    assert len(found.hosts) == platform.num_cores
    mflops = platform.processor_mflops[platform.core_processor]
    milliwatts = platform.processor_milliwatts[platform.core_processor]
    speeds = np.array([host.speeds for host in found.hosts])
    watts = np.array([host.watts for host in found.hosts])
    assert np.array_equal(speeds, np.where(mflops > 0, mflops * 1e6, IDLE_SPEED))
    assert np.array_equal(watts, np.repeat(milliwatts[:, :, None] / 1000, 3, axis=2))
    assert {host.pstate for host in found.hosts} == {3}


@settings(max_examples=25)
@given(platforms())
def test_what_is_written_is_read_again(folder: Path, platform: Platform) -> None:
    for simgrid in SIMGRIDS:
        written = write(platform, simgrid, folder)
        found = machines(written)
        check_cores(platform, found)
        assert found.master.watts == ((0.0, 0.0, 0.0),)
        master = found.master.name
        for node in range(platform.num_nodes):
            core = int(platform.node_cores[:node].sum())
            up = [written.links[link].name for link in written.route(found.hosts[core].name, master).links]
            assert up == [f"udl_{node}_UP", f"glob_lnk_{platform.node_cluster[node]}_UP"]
            down = [written.links[link].name for link in written.route(master, found.hosts[core].name).links]
            assert down == [name.replace("_UP", "_DOWN") for name in reversed(up)]
        assert written.route(master, master) == ((), 0.0)


def test_links_have_the_figures_of_their_networks(folder: Path) -> None:
    content = {
        "clusters": [
            {
                "id": name,
                "nodes": [{"type": "Test0", "number": 1}],
                "local_links": {"type": network, "latency": latency},
            }
            for name, network, latency in (("x", "InfiniBand DDR", "2us"), ("y", "InfiniBand FDR x4", "3ns"))
        ],
        "global_links": {"type": "Gigabit Ethernet 1000BASE-T", "latency": "1ms"},
    }
    platform = load_platform(content)
    written = write(platform, "3.29", folder)
    first, last = "cor_0", f"cor_{platform.num_cores - 1}"
    assert routes(written, first, "master_host") == [(5e9 / 8, 2e-6), (1e9 / 8, 1e-3)]
    assert routes(written, "master_host", last) == [(1e9 / 8, 1e-3), (54.54 * 1.25e8, 3 * 1e-9)]
    assert routes(written, first, "cor_1") == []


def test_versions_differ_in_the_property_of_the_watts_and_the_zone_of_the_master() -> None:
    platform = load_platform("learning")
    old, new = (platform_xml(platform, simgrid).decode() for simgrid in SIMGRIDS)
    assert '"watt_per_state"' in old
    assert '<zone id="master" routing="None">' in old
    assert new == old.replace('"watt_per_state"', '"wattage_per_state"').replace('"None"', '"Cluster"')
    assert '<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">' in new


def test_host_names_sort_as_core_ids_do(folder: Path) -> None:
    found = machines(write(load_platform("das2"), "3.29", folder))
    assert [host.name for host in found.hosts] == [f"cor_{core:03}" for core in range(144)]


@pytest.mark.parametrize("name", shipped_names("platforms"))
def test_shipped_platforms(folder: Path, name: str) -> None:
    platform = load_platform(name)
    check_cores(platform, machines(write(platform, "3.29", folder)))


def test_ten_thousand_cores_are_not_much_text() -> None:
    platform = load_platform("mc2")
    assert len(platform_xml(platform, "3.29")) < 500 * platform.num_cores


def test_missing_library_names_the_cure() -> None:
    code = (
        "import sys\n"
        "sys.modules['lxml'] = None\n"
        "from hdeeprm.errors import DependencyNotInstalled\n"
        "from hdeeprm.platforms import load_platform\n"
        "from hdeeprm.simulator.batsim.simgrid import platform_xml\n"
        "try:\n    platform_xml(load_platform('learning'), '3.29')\n"
        "except DependencyNotInstalled as error:\n    print(error)\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "hdeeprm[batsim]"' in shown.stdout


@needs_golden
@pytest.mark.parametrize(
    ("run", "name", "simgrid"),
    [
        ("learning60_first-high_gflops", "learning", "3.29"),
        ("das2_hpc2n_1000_first-high_gflops", "das2", "3.29"),
        ("padded_gaia_gaia_2000_first-high_gflops", "gaia", "3.29"),
        ("pik_hpc2n_300_first-high_gflops", "pik", "3.29"),
        ("batsim31_das2_hpc2n_1000_first-high_gflops", "das2", "3.24"),
        ("batsim31_learning60_shortest-high_mem_bw", "learning", "3.24"),
    ],
)
def test_written_as_in_the_recorded_runs(folder: Path, run: str, name: str, simgrid: str) -> None:
    file = folder / "recorded.xml"
    file.write_bytes(gzip.decompress((GOLDEN / "runs" / run / "platform.xml.gz").read_bytes()))
    recorded, written = read_platform(file), write(load_platform(name), simgrid, folder)
    theirs, ours = machines(recorded), machines(written)
    # Names without padding are not in the order of the cores.
    in_order = sorted(theirs.hosts, key=lambda host: int(host.name.removeprefix("cor_")))
    figures = [(host.speeds, host.watts, host.pstate, host.cores) for host in in_order]
    assert figures == [(host.speeds, host.watts, host.pstate, host.cores) for host in ours.hosts]
    assert (theirs.master.speeds, theirs.master.watts) == (ours.master.speeds, ours.master.watts)
    property_name = "watt_per_state" if simgrid == "3.24" else "wattage_per_state"
    assert {*theirs.hosts[0].properties} == {*ours.hosts[0].properties} == {property_name}
    assert recorded.links == written.links
    for one, other in zip(in_order, ours.hosts, strict=True):
        for ends, same in (
            ((one.name, "master_host"), (other.name, "master_host")),
            (("master_host", one.name), ("master_host", other.name)),
            ((one.name, in_order[0].name), (other.name, ours.hosts[0].name)),
        ):
            assert recorded.route(*ends) == written.route(*same)
