"""Schedules of a published kind of trace that independent simulators agree on, to all printed digits.

Strict first come, first served, and shortest job first that is ranked anew at every event, over the first
1000 jobs of a Lublin-Feitelson trace on 256 equal processors.
"""

from __future__ import annotations

from pathlib import Path

import numba
import numpy as np
import pytest

from hdeeprm.platforms import Platform, load_platform
from hdeeprm.simulator import EmbeddedSimulator, JobStatus
from hdeeprm.workloads import TraceSettings, load_workload
from strategies import LINKS

LUBLIN = Path(__file__).parents[2] / "shared" / "traces" / "lublin_256.swf"
FIRST, SHORTEST = 1, 2
CORE_SELECTIONS = [1] if numba.config.DISABLE_JIT else range(6)  # one is slow enough without the compiler


@pytest.fixture(scope="module")
def homogeneous() -> Platform:
    """256 equal cores."""
    processor = {
        "cores": 256,
        "clock_ghz": 1.0,
        "flop_per_cycle": 1.0,
        "power_watts": 256.0,
        "bandwidth_gb_per_s": 1.0,
    }
    node = {"processors": [{"type": "processor", "number": 1}], "memory_gb": 1.0}
    nodes = [{"type": "node", "number": 1}]
    return load_platform(
        {
            "clusters": [{"id": "cluster", "nodes": nodes, "local_links": LINKS}],
            "global_links": LINKS,
            "types": {"processors": {"processor": processor}, "nodes": {"node": node}},
        }
    )


@pytest.mark.skipif(not LUBLIN.exists(), reason="the trace lublin_256.swf is not here")
@pytest.mark.parametrize(
    ("job_selection", "wait", "bounded_slowdown", "slowdown", "makespan"),
    [
        (FIRST, "158270.95", "4159.6091", "7012.8856", "1519735"),
        (SHORTEST, "19212.42", "41.9547", "65.0370", "1291198"),
    ],
)
@pytest.mark.parametrize("core_selection", CORE_SELECTIONS)
def test_lublin(
    homogeneous: Platform,
    job_selection: int,
    core_selection: int,
    wait: str,
    bounded_slowdown: str,
    slowdown: str,
    makespan: str,
) -> None:
    """Where all cores are alike, which of them a job gets does not matter."""
    workload = load_workload(LUBLIN, TraceSettings(nb_jobs=1000, memory="zero", mem_bw="none"))
    simulator = EmbeddedSimulator(homogeneous, workload)
    simulator.reset()
    while not simulator.over:
        simulator.run((job_selection, core_selection), limit=1000)
    jobs = simulator.job_records()
    assert np.all(jobs["status"] == JobStatus.SUCCESS)
    turnaround = jobs["end_time"] - workload.submit_time
    run_time = jobs["end_time"] - jobs["start_time"]
    bounded = np.maximum(1.0, turnaround / np.maximum(run_time, 10.0))
    assert f"{np.mean(jobs['start_time'] - workload.submit_time):.2f}" == wait
    assert f"{np.mean(bounded):.4f}" == bounded_slowdown
    assert f"{np.mean(turnaround / run_time):.4f}" == slowdown
    assert f"{jobs['end_time'].max():.0f}" == makespan
