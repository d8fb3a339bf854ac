"""Tiny experiments that the real Batsim has run: starts, ends and energies of jobs on named cores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from golden import GOLDEN, VOID, Placement, parse_cores, read_jobs
from hdeeprm.platforms import Platform, load_platform
from hdeeprm.simulator import EmbeddedSimulator, JobStatus
from hdeeprm.workloads import Workload, workload_from_json
from strategies import LINKS

EXPERIMENTS = [
    "E1_cpu_per_host",
    "E2_hetero_slowest",
    "E9_walltime",
    "G1_complete_and_submit_same_t",
    "G2_two_completes_and_submit",
    "G7_zero",
]
FLOP_SCALE = 1e6
"""Hosts of a few flop/s are taken as of as many Mflop/s, and the work of the jobs likewise."""
EMPTY_JOB_SECONDS = 1e-5
"""Run time that Batsim writes of a job without work."""
FINAL_STATES = {
    "COMPLETED_SUCCESSFULLY": JobStatus.SUCCESS,
    "COMPLETED_WALLTIME_REACHED": JobStatus.WALLTIME_REACHED,
}


def read_platform(path: Path) -> Platform:
    """A platform of a node per host; speeds and powers per P-state are those of the file."""
    tree = pytest.importorskip("defusedxml.ElementTree").parse(path, forbid_dtd=False)
    hosts = [host for host in tree.iter("host") if host.get("id") != "master_host"]
    speeds = [
        four([float(speed.strip().removesuffix("f")) for speed in host.get("speed").split(",")])
        for host in hosts
    ]
    watts = [
        four([float(pair.split(":")[1]) for pair in host.find("prop").get("value").split(",")])
        for host in hosts
    ]
    processor = {
        "cores": 1,
        "clock_ghz": 1.0,
        "flop_per_cycle": 1.0,
        "power_watts": 1.0,
        "bandwidth_gb_per_s": 1.0,
    }
    node = {"processors": [{"type": "host", "number": 1}], "memory_gb": 1.0}
    clusters = [{"id": "clu_0", "nodes": [{"type": "host", "number": len(hosts)}], "local_links": LINKS}]
    types = {"processors": {"host": processor}, "nodes": {"host": node}}
    template = load_platform({"clusters": clusters, "global_links": LINKS, "types": types})
    return replace(
        template,
        processor_mflops=np.rint(speeds).astype(np.int64),
        processor_milliwatts=np.rint(np.array(watts) * 1000).astype(np.int64),
    )


def four(states: list[float]) -> list[float]:
    """P-states 0 to 3; what is missing is as the last one."""
    return (states + states[-1:] * 4)[:4]


def read_workload(path: Path) -> Workload:
    """The jobs, their work scaled as the speeds are."""
    workload = workload_from_json(path)
    return replace(workload, work_flop=workload.work_flop * FLOP_SCALE)


def read_script(path: Path, workload: Workload) -> Iterator[Placement]:
    """What the script starts: at given times, and when a job is submitted."""
    script = json.loads(path.read_text())
    submit_times = dict(zip(workload.job_ids, workload.submit_time.tolist(), strict=True))
    entries = [(entry["t"], entry["exec"]) for entry in script["script"]]
    entries += [
        (submit_times[name.split("!")[1]], entry["exec"])
        for name, entry in script.get("on_submit", {}).items()
    ]
    for time, placements in entries:
        for name, cores in placements:
            yield Placement(time, workload.job_ids.index(name.split("!")[1]), parse_cores(cores))


def play(platform: Platform, workload: Workload, placements: Iterator[Placement]) -> EmbeddedSimulator:
    """The run to its end."""
    simulator = EmbeddedSimulator(platform, workload)
    simulator.reset()
    for placement in placements:
        while simulator.now < placement.time:
            simulator.run(VOID)
        simulator.place(placement.job, np.array(placement.cores))
    while not simulator.over:
        simulator.run(VOID)
    return simulator


@pytest.mark.skipif(not GOLDEN.exists(), reason="the recorded experiments are not here")
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_jobs_start_end_and_cost_as_recorded(name: str) -> None:
    folder = GOLDEN / "micro" / name
    workload = read_workload(folder / "workload.json")
    simulator = play(
        read_platform(folder / "platform.xml"), workload, read_script(folder / "options.json", workload)
    )
    outcomes = read_jobs(folder / "out_jobs.csv")
    assert outcomes.keys() == set(workload.job_ids)
    for index, record in enumerate(simulator.job_records()):
        expected = outcomes[workload.job_ids[index]]
        empty = EMPTY_JOB_SECONDS if workload.work_flop[index] == 0 else 0.0
        assert record.start_time == pytest.approx(expected.start, abs=2e-6)
        assert record.end_time == pytest.approx(expected.finish - empty, abs=2e-6)
        assert record.energy_mj / 1000 == pytest.approx(expected.energy_joules, abs=1e-5, rel=1e-6)
        assert JobStatus(record.status) is FINAL_STATES[expected.final_state]
