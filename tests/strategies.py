"""Hypothesis strategies: small platforms, workloads that contend for them, and sequences of actions.

Times are multiples of simple fractions, so that ties are many and exact, or else far wider than the
tolerance within which events are one instant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from hypothesis import strategies as st

from hdeeprm.platforms import Platform, load_platform
from hdeeprm.workloads.workload import Workload
from naive import CORE_SELECTIONS, JOB_SELECTIONS, NaiveSimulator

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

Pair = tuple[str | None, str | None]
T = TypeVar("T")

VOID: Pair = (None, None)
PAIRS: tuple[Pair, ...] = tuple((job, core) for job in JOB_SELECTIONS for core in CORE_SELECTIONS)
LINKS = {"type": "InfiniBand QDR", "latency": "0us"}

DEFAULT_JOB: dict[str, Any] = {
    "submit_time": 0.0,
    "requested_cores": 1,
    "requested_time": None,  # as the run time
    "run_time": 1.0,
    "memory_kb": 0,
    "bandwidth_mb_per_s": 0,
    "walltime": math.inf,
    "work_flop": math.nan,
    "requested_work_flop": math.nan,
}
MAX_WIDTH = 60
"""Most cores of a generated job, so that the twin stays quick."""

INTEGER_FIELDS = ("requested_cores", "memory_kb", "bandwidth_mb_per_s")


def make_workload(jobs: Iterable[dict[str, Any]]) -> Workload:
    """A workload of jobs that say only what is special about them, in order of submission."""
    rows = [DEFAULT_JOB | job for job in jobs]
    for row in rows:
        if row["requested_time"] is None:
            row["requested_time"] = row["run_time"] or 1.0
    columns: dict[str, Any] = {
        name: np.array([row[name] for row in rows], dtype=np.int64 if name in INTEGER_FIELDS else np.float64)
        for name in DEFAULT_JOB
    }
    ids = tuple(f"{index:05}" for index in range(len(rows)))
    return Workload(name="made", job_ids=ids, profiles=ids, **columns)


def mostly(usual: T, *others: T) -> SearchStrategy[T]:
    """The usual value in half of the cases."""
    return st.sampled_from([usual] * len(others) + list(others))


# Platforms -----------------------------------------------------------------------------------------------


@st.composite
def processor_types(draw: DrawFn) -> dict[str, Any]:
    """A processor of 1 to 40 cores; more than 32 fill more than one word of any bitset."""
    return {
        "cores": draw(st.sampled_from([2, 1, 3, 4, 5, 8, 31, 32, 33, 40])),
        "clock_ghz": draw(st.sampled_from([1.0, 2.0, 2.26, 2.5, 3.06])),
        "flop_per_cycle": draw(st.sampled_from([1.0, 2.0, 4.0])),
        "power_watts": draw(st.sampled_from([10.0, 29.0, 45.0, 65.25, 80.0])),
        "bandwidth_gb_per_s": draw(st.sampled_from([1.0, 4.0, 6.4, 25.6])),
    }


@st.composite
def p_states(draw: DrawFn) -> list[dict[str, float]]:
    """A table of P-states; power never rises from one to the next, idle cores have no speed."""
    speeds = [draw(mostly(1.0, 0.9)), draw(mostly(0.75, 0.5, 0.3)), 0.0, 0.0]
    powers = [draw(mostly(1.0, 0.8)), draw(st.sampled_from([0.7, 0.8])), draw(mostly(0.25, 0.5, 0.0)), 0.0]
    powers[3] = min(powers[2], draw(mostly(0.05, 0.0)))
    return [{"speed": speed, "power": power} for speed, power in zip(speeds, powers, strict=True)]


@st.composite
def platform_files(draw: DrawFn) -> dict[str, Any]:
    """Content of a platform file: 1 to 3 clusters of 1 to 4 nodes of 1 to 3 processors."""
    processors = draw(st.lists(processor_types(), min_size=1, max_size=3))
    # One or two node types are tight enough in memory to block jobs that have cores enough.
    memories = st.sampled_from([0.001, 0.004, 0.0075, 1.0])
    node_types = {}
    for number in range(draw(st.integers(1, 3))):
        kinds = draw(st.lists(st.integers(0, len(processors) - 1), min_size=1, max_size=3))
        groups = [{"type": f"processor {kind}", "number": 1} for kind in kinds]
        node_types[f"node {number}"] = {"processors": groups, "memory_gb": draw(memories)}
    content: dict[str, Any] = {
        "clusters": [draw(clusters(f"cluster {k}", list(node_types))) for k in range(draw(mostly(1, 2, 3)))],
        "global_links": LINKS,
        "types": {
            "processors": {f"processor {kind}": processor for kind, processor in enumerate(processors)},
            "nodes": node_types,
        },
    }
    if draw(mostly(False, True)):
        content["p_states"] = draw(p_states())
    return content


@st.composite
def clusters(draw: DrawFn, name: str, node_types: Sequence[str]) -> dict[str, Any]:
    """A cluster of 1 to 4 nodes."""
    sizes = draw(st.sampled_from([[1], [2], [1, 1], [2, 1], [1, 1, 1], [4]]))
    nodes = [{"type": draw(st.sampled_from(node_types)), "number": size} for size in sizes]
    return {"id": name, "nodes": nodes, "local_links": LINKS}


def platforms() -> SearchStrategy[Platform]:
    """Small platforms, loaded by the project's own loader."""
    return platform_files().map(load_platform)


def small_platform(*nodes: tuple[float, list[int]], bandwidth: float = 10.0) -> Platform:
    """A platform of (memory in GB, cores of each processor) per node, all cores alike."""
    sizes = sorted({cores for _, processors in nodes for cores in processors})
    kinds = {"clock_ghz": 1.0, "flop_per_cycle": 1.0, "power_watts": 40.0, "bandwidth_gb_per_s": bandwidth}
    node_types = {
        f"node {index}": {
            "memory_gb": memory,
            "processors": [{"type": f"processor {cores}", "number": 1} for cores in processors],
        }
        for index, (memory, processors) in enumerate(nodes)
    }
    return load_platform(
        {
            "clusters": [
                {
                    "id": "cluster",
                    "nodes": [{"type": name, "number": 1} for name in node_types],
                    "local_links": LINKS,
                }
            ],
            "global_links": LINKS,
            "types": {
                "processors": {f"processor {cores}": {"cores": cores} | kinds for cores in sizes},
                "nodes": node_types,
            },
        }
    )


# Workloads -----------------------------------------------------------------------------------------------


@st.composite
def jobs(draw: DrawFn, platform: Platform) -> dict[str, Any]:
    """A job, submitted ``gap`` after the one before it, sized for a part of the platform."""
    num_cores = int(sum(platform.processor_cores))
    processor = draw(st.integers(0, len(platform.processor_cores) - 1))
    node = int(platform.processor_node[processor])
    cores = int(platform.processor_cores[processor])
    memory = int(platform.node_memory_kb[node]) // int(
        sum(platform.processor_cores[platform.processor_node == node])
    )
    bandwidth = int(platform.processor_bandwidth_mb_per_s[processor]) // cores
    requested_cores = draw(
        st.sampled_from([1, 2, 3, cores, cores + 1, num_cores // 3, num_cores // 2, num_cores])
    )
    run_time = draw(run_times())
    requested_time = draw(st.sampled_from([run_time, 2 * run_time, 0.5 * run_time, 10.0])) or 1.0
    per_second = float(platform.reference_speed_flops)
    return {
        "gap": draw(st.sampled_from([0.0, 0.0, 0.0, 1.0, 0.5, 1 / 3, 7.0])),
        "run_time": run_time,
        "requested_time": requested_time,
        "requested_cores": 1 + num_cores
        if draw(rarely())
        else max(1, min(requested_cores, num_cores, MAX_WIDTH)),
        # Fair shares of the node and of the processor, less and more.
        "memory_kb": draw(st.sampled_from([0, memory // 3, memory, memory + 1, 2 * memory])),
        "bandwidth_mb_per_s": draw(
            st.sampled_from([0, bandwidth // 2, bandwidth, bandwidth + 1, 3 * bandwidth])
        ),
        "walltime": draw(mostly(math.inf, math.inf, run_time, requested_time, 0.75 * run_time + 1)),
        "work_flop": draw(mostly(math.nan, math.nan, 0.0, 3 * per_second, run_time * 0.5 * per_second)),
        "requested_work_flop": draw(mostly(math.nan, 5 * per_second, requested_time * 2 * per_second)),
    }


def rarely() -> SearchStrategy[bool]:
    """True in one of ten cases."""
    return st.integers(0, 9).map(lambda number: number == 9)


def run_times() -> SearchStrategy[float]:
    """Whole seconds, so that ties are many, or eighths and sevenths of them; sometimes zero."""
    return st.one_of(
        st.integers(0, 12).map(float),
        st.integers(1, 400).map(lambda number: number / 8),
        st.integers(1, 400).map(lambda number: number / 7),
    )


@st.composite
def workloads(draw: DrawFn, platform: Platform, max_jobs: int = 40) -> Workload:
    """1 to 40 jobs sized for a platform; some never fit it, many are submitted together."""
    min_jobs = min(max_jobs, draw(st.sampled_from([1, 5, 15, 30])))
    rows = draw(st.lists(jobs(platform), min_size=min_jobs, max_size=max_jobs))
    submit_time = -rows[0]["gap"]
    for row in rows:
        submit_time += row.pop("gap")
        row["submit_time"] = submit_time
    return make_workload(rows)


# Actions -------------------------------------------------------------------------------------------------


def action_sequences(max_size: int = 30) -> SearchStrategy[list[Pair]]:
    """Selection pairs without random ones, void among them."""
    return st.lists(st.sampled_from([*PAIRS, VOID, VOID, VOID]), min_size=1, max_size=max_size)


def follow(actions: Sequence[Pair]) -> Callable[[NaiveSimulator], Pair]:
    """Policy that takes the actions in turn, over and over; void that would stall becomes the first pair."""

    def policy(simulator: NaiveSimulator) -> Pair:
        action = actions[(len(simulator.decisions) - 1) % len(actions)]
        return PAIRS[0] if action == VOID and simulator.void_would_stall else action

    return policy
