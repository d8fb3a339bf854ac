"""What the Batsim backend costs.

The whole way to another process and back, for each decision: PyBatsim, ZeroMQ and a Batsim, which is the
drop-in one, so that it can be measured everywhere. The same decisions are taken on the embedded simulator
with clock *batsim*: the difference is the backend's own. Platform gaia, seconds on the clock from the first
decision to the last; Batsim has been started before.
"""

from __future__ import annotations

import sysconfig
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from hdeeprm.env import WorkloadManagementEnv

from .measuring import SHIPPED_TRACE, Row, Settings

PAIR = "first-high_gflops"
NUM_JOBS = 1_000
DECISIONS_PER_JOB = 0.8
"""So few that the simulation is not over: to write its results is no part of a decision."""
EMBEDDED = {"clock": "batsim"}
BACKEND = {"backend": "batsim", "batsim_command": str(Path(sysconfig.get_path("scripts"), "hdeeprm-batsim"))}


def measure(settings: Settings) -> Iterator[Row]:
    """Both in turn, so that a slow minute falls on both alike."""
    num_jobs = settings.scaled(NUM_JOBS)
    envs = [_make(simulator, num_jobs) for simulator in (EMBEDDED, BACKEND)]
    for env in envs:
        _microseconds(env, num_jobs)
    pairs = [[_microseconds(env, num_jobs) for env in envs] for _ in range(settings.repetitions)]
    for env in envs:
        env.close()
    embedded, backend = (median(values) for values in zip(*pairs, strict=True))
    yield Row("decision on the embedded simulator, clock batsim", embedded, "µs")
    yield Row("decision on the Batsim backend", backend, "µs")
    yield Row("the backend's own part of it", median(theirs - ours for ours, theirs in pairs), "µs")


def _make(simulator: Mapping[str, str], num_jobs: int) -> WorkloadManagementEnv:
    options = {
        "platform_file_path": "gaia",
        "workload_file_path": SHIPPED_TRACE,
        "nb_jobs": num_jobs,
        "env": {"observation": "minimal"},
        "simulator": simulator,
    }
    return WorkloadManagementEnv(options)


def _microseconds(env: WorkloadManagementEnv, num_jobs: int) -> float:
    """Of a decision, on average over most of an episode."""
    env.reset(seed=0)
    pair, limit = env.pair(env.actions.names.index(PAIR)), int(num_jobs * DECISIONS_PER_JOB)
    started = time.perf_counter()
    num_decisions = len(env.simulator.run(pair, limit))
    return (time.perf_counter() - started) / num_decisions * 1e6
