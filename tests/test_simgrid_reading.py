"""SimGrid platform files: hosts, links and routes with figures worked out by hand; what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from golden import GOLDEN
from hdeeprm.errors import PlatformError
from hdeeprm.simulator.batsim.simgrid import (
    Host,
    SimGridPlatform,
    Watts,
    machines,
    read_platform,
)
from hdeeprm.simulator.batsim.simgrid.units import BANDWIDTH, SPEED, TIME, Quantity, parse

needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded runs are not there")

HEAD = '<?xml version="1.0"?>\n<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">\n'
TWO_HOSTS = '<host id="a" speed="1Gf"/><host id="b" speed="2Gf"/>'
LINKS = (
    '<link id="one" bandwidth="1GBps" latency="1ms"/>'
    '<link id="two" bandwidth="2GBps" latency="10ms"/>'
    '<link id="duplex" bandwidth="4GBps" latency="100ms" sharing_policy="SPLITDUPLEX"/>'
    '<link id="wide" bandwidth="8GBps" latency="1s" sharing_policy="FATPIPE"/>'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("platforms")


@pytest.fixture
def read(folder: Path):
    """Reader of the content of a platform element."""

    def _read(content: str, version: str = "4.1", head: str = HEAD) -> SimGridPlatform:
        file = folder / "platform.xml"
        file.write_text(f'{head}<platform version="{version}">{content}</platform>')
        return read_platform(file)

    return _read


def zone(content: str, routing: str = "Full", name: str = "main") -> str:
    return f'<zone id="{name}" routing="{routing}">{content}</zone>'


def route(source: str, target: str, *hops: str, symmetrical: str = "YES") -> str:
    """A route over links "name" or "name/direction"."""
    return f'<route src="{source}" dst="{target}" symmetrical="{symmetrical}">{ctns(*hops)}</route>'


def ctns(*hops: str) -> str:
    parts = [hop.partition("/") for hop in hops]
    return "".join(f'<link_ctn id="{name}" direction="{way or "NONE"}"/>' for name, _, way in parts)


def zone_route(source: tuple[str, str], target: tuple[str, str], *hops: str, symmetrical: str = "YES") -> str:
    return (
        f'<zoneRoute src="{source[0]}" gw_src="{source[1]}" dst="{target[0]}" gw_dst="{target[1]}" '
        f'symmetrical="{symmetrical}">{ctns(*hops)}</zoneRoute>'
    )


def names(platform: SimGridPlatform, source: str, target: str) -> list[str]:
    """Names of the links between two hosts."""
    return [platform.links[link].name for link in platform.route(source, target).links]


# Units ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "quantity", "figure"),
    [
        ("10f", SPEED, 10.0),
        ("9.040Gf", SPEED, 9.04e9),
        ("0.001f", SPEED, 0.001),
        ("1.5kf", SPEED, 1500.0),
        ("2Tf", SPEED, 2e12),
        ("3megaflops", SPEED, 3e6),
        ("7", SPEED, 7.0),
        (" 1e3Mf ", SPEED, 1e9),
        ("10.0Gbps", BANDWIDTH, 1.25e9),
        ("8bps", BANDWIDTH, 1.0),
        ("125MBps", BANDWIDTH, 1.25e8),
        ("1kBps", BANDWIDTH, 1000.0),
        ("1KiBps", BANDWIDTH, 1024.0),
        ("8Kibps", BANDWIDTH, 1024.0),
        ("100MiBps", BANDWIDTH, 104857600.0),
        ("5", BANDWIDTH, 5.0),
        ("0us", TIME, 0.0),
        ("50us", TIME, 50 * 1e-6),
        ("2ms", TIME, 0.002),
        ("2ns", TIME, 2e-9),
        ("1m", TIME, 60.0),
        ("1h", TIME, 3600.0),
        ("1d", TIME, 86400.0),
        ("0", TIME, 0.0),
    ],
)
def test_figures(text: str, quantity: Quantity, figure: float) -> None:
    assert parse(text, quantity) == figure


@pytest.mark.parametrize(
    "text", ["", "fast", "10 Gf", "10GBps", "-1Gf", "1e999Gf", "inf", "nan", "1Gf2", "0x10f", "1_0f", "Gf"]
)
def test_wrong_figures(text: str) -> None:
    with pytest.raises(ValueError, match=r"number and a unit|finite"):
        parse(text, SPEED)


@given(st.text(max_size=12), st.sampled_from([SPEED, BANDWIDTH, TIME]))
def test_any_text_is_a_figure_or_a_value_error(text: str, quantity: Quantity) -> None:
    try:
        assert parse(text, quantity) >= 0
    except ValueError as error:
        assert quantity.examples in str(error)


# Hosts ---------------------------------------------------------------------------------------------------


def test_host_with_everything(read) -> None:
    platform = read(
        zone(
            '<prop id="site" value="north"/><prop id="rack" value="1"/>'
            + zone(
                '<prop id="rack" value="2"/>'
                '<host id="h" speed="10Gf, 5Gf,1f" pstate="2" core="4">'
                '<prop id="wattage_per_state" value="10:12:20, 9:18,  1:1"/>'
                '<prop id="role" value=""/></host>',
                name="inner",
            )
        )
    )
    assert platform.hosts == (
        Host(
            name="h",
            speeds=(10e9, 5e9, 1.0),
            pstate=2,
            watts=(Watts(10.0, 12.0, 20.0), Watts(9.0, 9.0, 18.0), Watts(1.0, 1.0, 1.0)),
            cores=4,
            properties={"wattage_per_state": "10:12:20, 9:18,  1:1", "role": ""},
            zone_properties={"site": "north", "rack": "2"},
        ),
    )


def test_watts_of_older_versions_and_none(read) -> None:
    old, none = read(
        zone(
            '<host id="a" speed="1Gf"><prop id="watt_per_state" value="95:200"/></host>'
            '<host id="b" speed="1Gf" pstate="0.0"/>'
        ),
        version="4",
    ).hosts
    assert old.watts == (Watts(95.0, 95.0, 200.0),)
    assert none.watts == ()
    assert none.pstate == 0


def test_links(read) -> None:
    platform = read(zone(TWO_HOSTS + LINKS))
    assert [(link.name, link.bandwidth, link.latency, link.fatpipe) for link in platform.links] == [
        ("one", 1e9, 0.001, False),
        ("two", 2e9, 0.01, False),
        ("duplex_UP", 4e9, 0.1, False),
        ("duplex_DOWN", 4e9, 0.1, False),
        ("wide", 8e9, 1.0, True),
        ("__loopback__", 498e6, 15e-6, True),
    ]


# Routes in one zone --------------------------------------------------------------------------------------


def test_symmetrical_route_comes_back_by_the_other_direction(read) -> None:
    platform = read(zone(TWO_HOSTS + LINKS + route("a", "b", "one", "duplex/UP", "wide")))
    assert names(platform, "a", "b") == ["one", "duplex_UP", "wide"]
    assert names(platform, "b", "a") == ["wide", "duplex_DOWN", "one"]
    assert platform.route("a", "b").latency == 0.001 + 0.1 + 1.0
    assert platform.route("a", "b") is platform.route("a", "b")


def test_one_way_and_missing_routes_cost_nothing_in_a_full_zone(read) -> None:
    platform = read(zone(TWO_HOSTS + LINKS + route("a", "b", "one", symmetrical="NO")))
    assert names(platform, "a", "b") == ["one"]
    assert platform.route("b", "a") == ((), 0.0)


def test_a_direction_of_a_duplex_link_by_its_own_name(read) -> None:
    platform = read(zone(TWO_HOSTS + LINKS + route("a", "b", "duplex_DOWN", symmetrical="no")))
    assert names(platform, "a", "b") == ["duplex_DOWN"]


@pytest.mark.parametrize("routing", ["Full", "Floyd", "Dijkstra", "DIJKSTRACACHE"])
def test_loopback(read, routing: str) -> None:
    platform = read(
        zone(TWO_HOSTS + LINKS + route("a", "b", "one") + route("b", "b", "two", symmetrical="NO"), routing)
    )
    assert names(platform, "a", "a") == ["__loopback__"]
    assert platform.route("a", "a").latency == 15e-6
    assert names(platform, "b", "b") == ["two"]


def test_routing_none_has_empty_routes(read) -> None:
    platform = read(zone(TWO_HOSTS, "None"))
    assert platform.route("a", "a") == platform.route("a", "b") == ((), 0.0)


@pytest.mark.parametrize("routing", ["Floyd", "Dijkstra"])
def test_fewest_links_win(read, routing: str) -> None:
    # a-b-c-d are three hops of one link each; a-d directly is four links.
    points = "".join(f'<host id="{name}" speed="1f"/>' for name in "ade") + '<router id="b"/><router id="c"/>'
    links = "".join(f'<link id="l{n}" bandwidth="1Bps" latency="{n}s"/>' for n in range(1, 8))
    platform = read(
        zone(
            points
            + links
            + route("a", "b", "l1")
            + route("b", "c", "l2")
            + route("c", "d", "l3")
            + route("a", "d", "l4", "l5", "l6", "l7"),
            routing,
        )
    )
    assert names(platform, "a", "d") == ["l1", "l2", "l3"]
    assert names(platform, "d", "a") == ["l3", "l2", "l1"]
    assert platform.route("a", "d").latency == 6.0
    with pytest.raises(PlatformError, match="no route from 'a' to 'e'"):
        platform.route("a", "e")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, int]]]:
    """A number of hosts, and one-way routes between them with their numbers of links."""
    size = draw(st.integers(2, 6))
    ends = [(one, other) for one in range(size) for other in range(size) if one != other]
    chosen = draw(st.lists(st.sampled_from(ends), unique=True, min_size=1))
    return size, [(one, other, draw(st.integers(1, 4))) for one, other in chosen]


@settings(max_examples=40)
@given(graphs())
def test_floyd_and_dijkstra_find_equally_short_ways(folder: Path, graph) -> None:
    size, edges = graph
    content = "".join(f'<host id="h{host}" speed="1f"/>' for host in range(size))
    links, routes = "", ""
    for one, other, length in edges:
        ids = [f"l{one}-{other}-{place}" for place in range(length)]
        links += "".join(f'<link id="{name}" bandwidth="1Bps"/>' for name in ids)
        routes += route(f"h{one}", f"h{other}", *ids, symmetrical="NO")
    platforms = []
    for routing in ("Floyd", "Dijkstra"):
        file = folder / f"{routing}.xml"
        file.write_text(f'<platform version="4.1">{zone(content + links + routes, routing)}</platform>')
        platforms.append(read_platform(file))
    best = naive_lengths(size, edges)
    for one, other in best:
        for platform in platforms:
            if best[one, other] is None:
                with pytest.raises(PlatformError, match="no route"):
                    platform.route(f"h{one}", f"h{other}")
            else:
                found = names(platform, f"h{one}", f"h{other}")
                assert len(found) == best[one, other]
                hops = list(dict.fromkeys(tuple(name[1:].split("-")[:2]) for name in found))
                assert hops[0][0] == str(one)
                assert hops[-1][1] == str(other)
                assert all(before[1] == after[0] for before, after in pairwise(hops))


def naive_lengths(size: int, edges: list[tuple[int, int, int]]) -> dict[tuple[int, int], int | None]:
    """Fewest links between different hosts, by relaxing every edge as often as there are hosts."""
    best: dict[tuple[int, int], int | None] = {}
    for source in range(size):
        costs = {source: 0}
        for _ in range(size):
            for one, other, length in edges:
                if one in costs and costs[one] + length < costs.get(other, 10**6):
                    costs[other] = costs[one] + length
        best |= {(source, other): costs.get(other) for other in range(size) if other != source}
    return best


# Clusters ------------------------------------------------------------------------------------------------

CLUSTER = (
    '<cluster id="c" prefix="node-" suffix=".org" radical="0-2,7" speed="1Gf,500Mf" core="2" '
    'bw="125MBps" lat="50us" {}><prop id="kind" value="thin"/></cluster>'
)


def test_cluster(read) -> None:
    platform = read(CLUSTER.format('bb_bw="2.25GBps" bb_lat="500us"'))
    assert [host.name for host in platform.hosts] == [f"node-{number}.org" for number in (0, 1, 2, 7)]
    assert {(host.speeds, host.cores, host.pstate) for host in platform.hosts} == {((1e9, 5e8), 2, 0)}
    assert platform.hosts[0].properties == platform.hosts[0].zone_properties == {"kind": "thin"}
    assert names(platform, "node-0.org", "node-7.org") == ["c_link_0_UP", "c_backbone", "c_link_7_DOWN"]
    assert platform.route("node-0.org", "node-7.org").latency == pytest.approx(600e-6, rel=1e-15)
    assert [platform.links[0].bandwidth, platform.links[1].bandwidth] == [2.25e9, 1.25e8]
    assert names(platform, "node-1.org", "node-1.org") == ["c_link_1_UP", "c_backbone", "c_link_1_DOWN"]


def test_cluster_with_shared_links_loopback_and_limiter(read) -> None:
    platform = read(
        CLUSTER.format(
            'sharing_policy="SHARED" loopback_bw="1GBps" loopback_lat="1us" limiter_link="10MBps" '
            'bb_bw="1GBps" bb_sharing_policy="FATPIPE"'
        )
    )
    assert names(platform, "node-0.org", "node-1.org") == [
        "c_link_0_limiter",
        "c_link_0",
        "c_backbone",
        "c_link_1",
        "c_link_1_limiter",
    ]
    assert names(platform, "node-2.org", "node-2.org") == ["c_link_2_loopback"]
    by_name = {link.name: link for link in platform.links}
    assert by_name["c_link_2_loopback"].fatpipe
    assert by_name["c_backbone"].fatpipe
    assert by_name["c_link_2_limiter"].bandwidth == 1e7
    assert not by_name["c_link_2"].fatpipe


def test_cabinets_and_host_links_over_a_backbone(read) -> None:
    platform = read(
        zone(
            '<host id="single" speed="1f"/><host id="bare" speed="1f"/>'
            '<link id="up" bandwidth="1Bps" latency="1s"/><link id="down" bandwidth="1Bps" latency="2s"/>'
            '<backbone id="spine" bandwidth="5Bps" latency="4s"/>'
            '<cabinet id="cab" prefix="h" suffix="" radical="1-2" speed="3f" bw="1Bps" lat="8s"/>'
            '<host_link id="single" up="up" down="down"/>',
            "Cluster",
        )
    )
    assert names(platform, "single", "h2") == ["up", "spine", "link_h2_DOWN"]
    assert platform.route("single", "h2").latency == 13.0
    assert names(platform, "h1", "single") == ["link_h1_UP", "spine", "down"]
    assert platform.route("bare", "bare") == ((), 0.0)
    assert names(platform, "bare", "single") == ["spine", "down"]


def test_clusters_around_a_router(read) -> None:
    clusters = "".join(
        f'<cluster id="{name}" prefix="{name}" suffix="" radical="0-1" speed="1f" bw="1Bps" lat="1s" '
        f'bb_bw="1Bps" bb_lat="10s" router_id="{name}_out"/>'
        for name in "xy"
    )
    platform = read(
        zone(
            clusters
            + '<link id="far" bandwidth="1Bps" latency="100s"/>'
            + zone_route(("x", "x_out"), ("y", "y_out"), "far")
        )
    )
    expected = ["x_link_0_UP", "x_backbone", "far", "y_backbone", "y_link_1_DOWN"]
    assert names(platform, "x0", "y1") == expected
    assert platform.route("x0", "y1").latency == 122.0
    assert names(platform, "y1", "x0") == [
        "y_link_1_UP",
        "y_backbone",
        "far",
        "x_backbone",
        "x_link_0_DOWN",
    ]


# Zones ---------------------------------------------------------------------------------------------------


def nested(routing: str) -> str:
    """Three sites in a row, a-b-c; the hosts of each reach its two gateways over a link of their own."""
    sites = ""
    for name in "abc":
        sites += zone(
            f'<host id="{name}" speed="1f"/><router id="{name}-in"/><router id="{name}-out"/>'
            f'<link id="{name}-west" bandwidth="1Bps" latency="1s"/>'
            f'<link id="{name}-east" bandwidth="1Bps" latency="2s"/>'
            f'<link id="{name}-across" bandwidth="1Bps" latency="4s"/>'
            + route(f"{name}-in", name, f"{name}-west")
            + route(name, f"{name}-out", f"{name}-east")
            + route(f"{name}-in", f"{name}-out", f"{name}-across"),
            name=f"site-{name}",
        )
    links = '<link id="ab" bandwidth="1Bps" latency="10s"/><link id="bc" bandwidth="1Bps" latency="20s"/>'
    return zone(
        sites
        + links
        + zone_route(("site-a", "a-out"), ("site-b", "b-in"), "ab")
        + zone_route(("site-b", "b-out"), ("site-c", "c-in"), "bc"),
        routing,
    )


@pytest.mark.parametrize("routing", ["Floyd", "Dijkstra"])
def test_several_hops_cross_the_zones_between(read, routing: str) -> None:
    platform = read(nested(routing))
    assert names(platform, "a", "c") == ["a-east", "ab", "b-across", "bc", "c-west"]
    assert platform.route("a", "c").latency == 37.0
    assert names(platform, "c", "a") == ["c-west", "bc", "b-across", "ab", "a-east"]


def test_zones_without_a_route_are_named(read) -> None:
    platform = read(nested("Full"))
    assert names(platform, "a", "b") == ["a-east", "ab", "b-west"]
    with pytest.raises(
        PlatformError, match="from 'a' to 'c': zone 'main' has none from 'site-a' to 'site-c'"
    ):
        platform.route("a", "c")
    with pytest.raises(PlatformError, match=r"no host 'aa'\. Did you mean 'a'"):
        platform.route("aa", "b")


def test_gateways_deep_in_zones_in_zones(read) -> None:
    def site(name: str) -> str:
        inner = zone(
            f'<host id="{name}" speed="1f"/><router id="{name}-gate"/>'
            + (
                f'<link id="{name}-link" bandwidth="1Bps" latency="1s"/>'
                + route(name, f"{name}-gate", f"{name}-link")
            ),
            name=f"{name}-inner",
        )
        return zone(inner, name=f"{name}-outer")

    platform = read(
        zone(
            site("p")
            + site("q")
            + '<link id="middle" bandwidth="1Bps" latency="5s"/>'
            + zone_route(("p-outer", "p-gate"), ("q-outer", "q-gate"), "middle")
        )
    )
    assert platform.route("p", "q").latency == 7.0
    assert names(platform, "q", "p") == ["q-link", "middle", "p-link"]


def test_old_names_of_zones(read) -> None:
    content = zone(
        zone('<host id="a" speed="1f"/>', "None", "left")
        + zone('<host id="b" speed="1f"/>', "None", "right")
        + '<link id="l" bandwidth="1Bps" sharing_policy="FULLDUPLEX"/>'
        + zone_route(("left", "a"), ("right", "b"), "l/UP")
    )
    platform = read(content.replace("<zone ", "<AS ").replace("zone>", "AS>").replace("zoneRoute", "ASroute"))
    assert names(platform, "a", "b") == ["l_UP"]
    assert names(platform, "b", "a") == ["l_DOWN"]


# Machines ------------------------------------------------------------------------------------------------


def test_ids_are_ranks_of_names(read) -> None:
    hosts = "".join(
        f'<host id="{name}" speed="1f"/>' for name in ("h10", "h9", "master_host", "h1", "H2", "é")
    )
    found = machines(read(zone(hosts)))
    assert found.master.name == "master_host"
    assert [host.name for host in found.hosts] == ["H2", "h1", "h10", "h9", "é"]


def test_master_by_name_or_role(read) -> None:
    platform = read(
        zone('<host id="a" speed="1f"/><host id="boss" speed="1f"><prop id="role" value="master"/></host>')
    )
    assert machines(platform).master.name == "boss"
    assert machines(platform, "boss").hosts[0].name == "a"
    with pytest.raises(PlatformError, match="'a', 'boss' are all master"):
        machines(platform, "a")


@pytest.mark.parametrize(
    ("hosts", "message"),
    [
        ('<host id="master_hosts" speed="1f"/>', "no master host 'master_host'. Did you mean 'master_hosts'"),
        ('<host id="master_host" speed="1f"/>', "no host but the master"),
        (
            '<host id="a" speed="1f"><prop id="role" value="storage"/></host>',
            "role 'storage' is not supported",
        ),
    ],
)
def test_wrong_machines(read, hosts: str, message: str) -> None:
    with pytest.raises(PlatformError, match=message):
        machines(read(zone(hosts)))


# What is refused -----------------------------------------------------------------------------------------

GOOD = TWO_HOSTS + LINKS
ZONES = zone('<host id="x" speed="1f"/>', name="left") + zone('<host id="y" speed="1f"/>', name="right")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            zone('<host id="a" speed="1Gx"/>'),
            r"host 'a': speed is '1Gx', which should be a number and a unit",
        ),
        (zone('<host id="a" speed="1 Gf"/>'), "Did you mean 'Gf'"),
        (zone('<host id="a" speed="1Gf,0f"/>'), "each P-state must have a speed above 0"),
        (zone('<host id="a" speed="1Gf" pstate="1"/>'), "pstate is 1"),
        (zone('<host id="a" speed="1Gf" pstate="-1"/>'), "pstate is '-1'"),
        (zone('<host id="a" speed="1Gf" core="0"/>'), "core is '0'"),
        (zone('<host id="a"/>'), "host 'a': speed is missing"),
        (zone('<host id="" speed="1f"/>'), "name is empty"),
        (
            zone('<host id="a" speed="1f"/><router id="a"/>'),
            "router 'a': there is already a host, router or zone 'a'",
        ),
        (zone('<host id="a" speed="1f" speed_file="trace"/>'), "speed_file is not supported"),
        (zone('<host id="a" speed="1f" sped="2f"/>'), "sped is not supported. Did you mean 'speed'"),
        (zone('<host id="a" speed="1f"><disk id="d" read_bw="1Bps" write_bw="1Bps"/></host>'), "disk 'd'"),
        (zone('<host id="a" speed="1f"><prop id="wattage_per_state" value="1:2,3:4"/></host>'), "1 P-states"),
        (zone('<host id="a" speed="1f"><prop id="watt_per_state" value="1"/></host>'), "idle:full"),
        (zone('<host id="a" speed="1f"><prop id="watt_per_state" value="1:nan"/></host>'), "idle:full"),
        (zone('<link id="l" bandwidth="1Gf"/>'), "link 'l': bandwidth is '1Gf'"),
        (zone('<link id="l" bandwidth="0Bps"/>'), "bandwidth is '0Bps'; it must be above 0"),
        (zone('<link id="l" bandwidth="1Bps" latency="-1s"/>'), "latency is '-1s'"),
        (zone('<link id="l" bandwidth="1Bps"/><link id="l" bandwidth="1Bps"/>'), "already a link 'l'"),
        (
            zone('<link id="l" bandwidth="1Bps" sharing_policy="WIFI"/>'),
            "sharing_policy 'WIFI' is not supported",
        ),
        (zone('<link id="l" bandwidth="1Bps" bandwidth_file="t"/>'), "bandwidth_file is not supported"),
        (zone(GOOD, "Vivaldi"), "routing 'Vivaldi' is not supported"),
        (zone(GOOD, "Ful"), "Did you mean 'Full'"),
        (
            zone(GOOD + route("a", "b", "on")),
            r"route from 'a' to 'b': there is no link 'on'. Did you mean 'one'",
        ),
        (zone(GOOD + route("a", "b", "duplex")), "'duplex' is a SPLITDUPLEX link"),
        (zone(GOOD + route("a", "b", "one/UP")), "'one' is no SPLITDUPLEX link"),
        (zone(GOOD + route("a", "b", "one/SIDEWAYS")), "direction 'SIDEWAYS' is not supported"),
        (zone(GOOD + route("a", "b", "one", symmetrical="MAYBE")), "symmetrical 'MAYBE' is not supported"),
        (zone(GOOD + route("a", "c", "one")), "dst: there is no host or router 'c' in zone 'main'"),
        (zone(GOOD + route("a", "b")), "no link_ctn"),
        (zone(GOOD + route("a", "b", "one") + route("b", "a", "two")), "already a route from 'b' to 'a'"),
        (zone(GOOD + route("a", "b", "one"), "None"), "takes no routes"),
        (zone(GOOD + '<bypassRoute src="a" dst="b"/>'), "bypassRoute from 'a' to 'b' in zone 'main'"),
        (
            zone(GOOD + '<backbone id="l" bandwidth="1Bps" latency="0"/>'),
            "backbone belongs in a zone of routing",
        ),
        (zone(GOOD + ZONES), "holds zones and also hosts"),
        (zone(ZONES, "Cluster"), "holds hosts, not zones"),
        (zone(GOOD + '<host_link id="q" up="one" down="two"/>', "Cluster"), "no host 'q' in zone 'main'"),
        (
            zone(ZONES + LINKS + zone_route(("left", "y"), ("right", "x"), "one")),
            "gw_src: there is no host or",
        ),
        (zone(ZONES + LINKS + zone_route(("left", "x"), ("left", "x"), "one")), "from a zone to itself"),
        (zone(ZONES + LINKS + zone_route(("left", "x"), ("write", "y"), "one")), "Did you mean 'right'"),
        (zone(zone(ZONES + LINKS + zone_route(("left", "x"), ("left", "y"), "one"))), "or zone 'main'"),
        (CLUSTER.format('topology="TORUS"'), "topology 'TORUS' is not supported"),
        (CLUSTER.format("").replace("0-2,7", "0-2;7"), "radical is '0-2;7'"),
        (CLUSTER.format("").replace("0-2,7", "5-2"), "radical is '5-2'"),
        (CLUSTER.format("").replace("0-2,7", "0-999999999"), "more than 200000 hosts"),
        (CLUSTER.format("").replace("0-2,7", "0-2,1"), "already a host, router or zone 'node-1.org'"),
        (CLUSTER.format('bb_lat="1s"'), "bb_bw is None; it must be above 0"),
        ('<trace id="t" periodicity="1"/>' + zone(GOOD), "trace 't' in platform is not supported"),
        ('<config id="General"><prop id="host/model" value="x"/></config>' + zone(GOOD), "prop 'host/model'"),
        (zone(GOOD) + zone("", name="other"), "2 outermost zones"),
        ("", "0 outermost zones"),
        (
            zone('<peer id="p" speed="1f" bw_in="1Bps" bw_out="1Bps"/>'),
            "peer 'p' in zone 'main' is not supported",
        ),
        ('<zone id="z" routing="Full">' * 70 + "</zone>" * 70, "nested more than 64 deep"),
    ],
)
def test_refused_by_name(read, content: str, message: str) -> None:
    with pytest.raises(PlatformError, match=message) as caught:
        read(content)
    assert "platform.xml: " in str(caught.value)


def test_all_problems_at_once_but_not_without_end(read) -> None:
    wrong = "".join(f'<host id="h{number}" speed="1Gx"/>' for number in range(30))
    with pytest.raises(PlatformError) as caught:
        read(zone(wrong + '<link id="l" bandwidth="fast"/>'))
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[-1].endswith("and 11 more problems.")
    with pytest.raises(PlatformError) as caught:
        read(CLUSTER.format("").replace('speed="1Gf', 'speed="1Gx'))
    assert len(str(caught.value).splitlines()) == 1  # not once for each host


@pytest.mark.parametrize("version", ["3", "5", "0.0", "new"])
def test_wrong_version(read, version: str) -> None:
    with pytest.raises(PlatformError, match=f"version is '{version}'; 4 and 4.1 are read"):
        read(zone(GOOD), version=version)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE platform [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise("abcdefghijk"))
    + "]>"
)


@pytest.mark.parametrize(
    "head",
    [
        BOMB,
        '<!DOCTYPE platform [<!ENTITY secret SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE platform [<!ENTITY % more SYSTEM "http://localhost:1/x.dtd"> %more;]>',
    ],
)
def test_entities_are_refused(read, head: str) -> None:
    with pytest.raises(PlatformError, match="entities are not allowed"):
        read(zone('<host id="&k;&secret;" speed="1f"/>'), head=head)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no XML at all",
        b'<platform version="4.1"><zone id="main" routing="Full">',
        b'<platform version="4.1"/><platform version="4.1"/>',
        bytes(range(256)),
        b"\xff\xfe" + b"<\x00",
        b'<?xml version="1.0" encoding="klingon"?><platform version="4.1"/>',
        b'<platform version="4.1">&undefined;</platform>',
    ],
)
def test_not_xml(folder: Path, content: bytes) -> None:
    file = folder / "broken.xml"
    file.write_bytes(content)
    with pytest.raises(PlatformError, match=r"broken\.xml: not XML"):
        read_platform(file)


def test_no_platform_and_no_file(folder: Path) -> None:
    (folder / "page.xml").write_text("<html/>")
    os.mkfifo(folder / "pipe.xml")
    for name, message in [
        ("page.xml", "the root is <html>"),
        ("missing.xml", "no such file"),
        ("pipe.xml", "no regular file"),
        (".", "no regular file"),
    ]:
        with pytest.raises(PlatformError, match=message):
            read_platform(folder / name)


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_file_is_an_error_or_still_a_platform(folder: Path, data: st.DataObject) -> None:
    content = HEAD + f'<platform version="4.1">{nested("Floyd")}</platform>'
    for _ in range(data.draw(st.integers(1, 3))):
        first = data.draw(st.integers(0, len(content)))
        last = data.draw(st.integers(first, min(first + 20, len(content))))
        insert = data.draw(st.sampled_from(["", "a", '"', "<", ">", "/", "1", content[last : last + 15]]))
        content = content[:first] + insert + content[last:]
    file = folder / "damaged.xml"
    file.write_text(content)
    try:
        platform = read_platform(file)
    except PlatformError as error:
        assert "damaged.xml: " in str(error)
    else:
        for host in platform.hosts:
            assert platform.route(host.name, host.name).latency >= 0


def test_missing_parser_names_the_cure(folder: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['defusedxml'] = None\n"
        "from hdeeprm.errors import DependencyNotInstalled\n"
        "from hdeeprm.simulator.batsim.simgrid import read_platform\n"
        "try:\n    read_platform('x.xml')\n"
        "except DependencyNotInstalled as error:\n    print(error)\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "hdeeprm[batsim]"' in shown.stdout


def test_import_loads_no_parser() -> None:
    code = (
        "import sys, hdeeprm, hdeeprm.simulator.batsim.simgrid\n"
        "print(sorted({'lxml', 'defusedxml'} & sys.modules.keys()))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


# The recorded experiments --------------------------------------------------------------------------------


@needs_golden
def test_all_recorded_experiments_can_be_read() -> None:
    files = sorted(GOLDEN.glob("micro/*/platform.xml"))
    assert len(files) > 30
    for file in files:
        found = machines(read_platform(file))
        assert found.hosts
        assert all(len(host.watts) == len(host.speeds) for host in found.hosts)


@needs_golden
def test_recorded_communication() -> None:
    apart = read_platform(GOLDEN / "micro/F2_com_two_nodes/platform.xml")
    assert apart.route("cor_0", "cor_1") == ((), 0.0)
    assert names(apart, "cor_1", "master_host") == ["udl_1_UP", "glob_lnk_0_UP"]
    assert apart.route("master_host", "master_host") == ((), 0.0)
    joined = read_platform(GOLDEN / "micro/H2_com_two_nodes/platform.xml")
    assert names(joined, "cor_0", "cor_1") == ["udl_0_UP", "udl_1_DOWN"]
    slow = read_platform(GOLDEN / "micro/H7_latency_1ms/platform.xml")
    assert slow.route("cor_0", "cor_1").latency > 0


@needs_golden
def test_recorded_order_of_hosts() -> None:
    found = machines(read_platform(GOLDEN / "micro/E10_host_order/platform.xml"))
    assert [host.name for host in found.hosts[:4]] == ["cor_0", "cor_1", "cor_10", "cor_11"]
