"""Schedules of a published kind of trace that independent simulators agree on, to all printed digits.

Rules of the queue and backfilling over the first 1000 jobs of a Lublin-Feitelson trace on 256 equal
processors, and RLScheduler's table over ten sequences of it [Zhang et al. 2020, SC'20; run again].
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from hdeeprm.platforms import Platform, load_platform
from hdeeprm.scores import Score
from hdeeprm.selections import SelectionPair
from hdeeprm.simulator import EmbeddedSimulator, JobStatus
from hdeeprm.simulator.queue_rules import QueueRules
from hdeeprm.workloads import TraceSettings, Workload, load_workload
from hdeeprm.workloads.window import window
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


needs_trace = pytest.mark.skipif(not LUBLIN.exists(), reason="the trace lublin_256.swf is not here")
compiled_only = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="takes too long without the compiler")


def play(
    platform: Platform, workload: Workload, pair: tuple[int, int], **rules: Any
) -> tuple[np.ndarray, EmbeddedSimulator]:
    """What became of each job under one pair."""
    simulator = EmbeddedSimulator(platform, workload, queue=QueueRules(**rules))
    simulator.reset()
    while not simulator.over:
        simulator.run(pair, limit=1000)
    jobs = simulator.job_records()
    assert np.all(jobs["status"] == JobStatus.SUCCESS)
    return jobs, simulator


def mean_bounded_slowdown(workload: Workload, jobs: np.ndarray) -> float:
    """By its definition."""
    run_time = jobs["end_time"] - jobs["start_time"]
    turnaround = jobs["end_time"] - workload.submit_time
    return float(np.mean(np.maximum(1.0, turnaround / np.maximum(run_time, 10.0))))


@needs_trace
@pytest.mark.parametrize(
    ("selection", "rules", "wait", "bounded_slowdown", "slowdown", "makespan"),
    [
        (FIRST, {}, "158270.95", "4159.6091", "7012.8856", "1519735"),
        (SHORTEST, {}, "19212.42", "41.9547", "65.0370", "1291198"),
        (SHORTEST, {"discipline": "commit"}, None, "368.3348", None, None),
        (FIRST, {"backfilling": "easy"}, "11045.20", "60.7841", "94.52", "1156731"),
        (FIRST, {"backfilling": "easy-strict"}, "13560.35", "123.0171", None, None),
        (SHORTEST, {"backfilling": "easy"}, "6398.46", "38.4107", None, None),
    ],
)
@pytest.mark.parametrize("core_selection", CORE_SELECTIONS)
def test_first_jobs(
    homogeneous: Platform,
    core_selection: int,
    selection: int,
    rules: dict[str, str],
    wait: str | None,
    bounded_slowdown: str,
    slowdown: str | None,
    makespan: str | None,
) -> None:
    """Where all cores are alike, which of them a job gets does not matter."""
    settings = TraceSettings(nb_jobs=1000, memory="zero", mem_bw="none")
    workload = load_workload(LUBLIN, settings)
    workload = replace(workload, requested_time=workload.run_time)
    jobs, simulator = play(homogeneous, workload, (selection, core_selection), **rules)
    turnaround = jobs["end_time"] - workload.submit_time
    run_time = jobs["end_time"] - jobs["start_time"]
    assert f"{mean_bounded_slowdown(workload, jobs):.4f}" == bounded_slowdown
    assert simulator.num_late == 0
    if wait:
        assert f"{np.mean(jobs['start_time'] - workload.submit_time):.2f}" == wait
    if slowdown:
        digits = len(slowdown.partition(".")[2])
        assert f"{np.mean(turnaround / run_time):.{digits}f}" == slowdown
    if makespan:
        assert f"{jobs['end_time'].max():.0f}" == makespan


SEQUENCES = (1981, 2756, 4299, 8850, 3316, 2714, 5228, 7762, 4022, 7085)
JOBS_PER_SEQUENCE = 1024
TABLE = {  # without backfilling, and with RLScheduler's
    "first": ("7273.77", "235.82"),
    "shortest": ("277.35", "73.31"),
    "F1": ("258.37", "75.07"),
    "wfp3-published": ("19753.53", "133.87"),
    "wfp3": ("337.34", "126.50"),
    "unicep-published": ("22274.74", "307.23"),
    "unicep": ("381.71", "103.10"),
    "F2": ("268.47", "58.24"),
    "F3": ("341.77", "58.49"),
    "F4": ("289.57", "53.64"),
    "smallest": ("304.64", "86.36"),
}


@compiled_only
@needs_trace
@pytest.mark.parametrize("row", ["none", "rlscheduler"])
@pytest.mark.parametrize("name", TABLE)
def test_the_table_of_rlscheduler(homogeneous: Platform, name: str, row: str) -> None:
    """Every cell: the mean over ten sequences of the mean bounded slowdown, with jobs that block."""
    whole = load_workload(LUBLIN, TraceSettings(reading="rlscheduler", mem_bw="none"))
    pair = SelectionPair.parse(f"{name}-high_gflops")
    scores = (pair.job,) if isinstance(pair.job, Score) else ()
    found = []
    for start in SEQUENCES:
        workload = window(whole, start, JOBS_PER_SEQUENCE)
        rules: dict[str, Any] = {"scores": scores, "discipline": "commit", "backfilling": row}
        jobs, _ = play(homogeneous, workload, pair.codes(scores), **rules)
        found.append(mean_bounded_slowdown(workload, jobs))
    assert f"{np.mean(found):.2f}" == TABLE[name][row == "rlscheduler"]
