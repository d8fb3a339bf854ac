"""What it takes to look ahead on platform gaia.

In the middle of an episode of 256 jobs of gaia_like.swf, CPU time. *Snapshot and restore*: both together, of
the simulator and of the environment. *Decision of rollout*: with its default settings, which simulate each of
the 37 actions in 8 futures of 20 arrivals; where they all do the same thing now, as in about half of these
decisions, there is nothing to simulate.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from hdeeprm.agents import AgentEnvironment
from hdeeprm.agents.rollout import RolloutAgent
from hdeeprm.env import WorkloadManagementEnv

from .measuring import GAIA_WINDOWS, Case, Row, Settings, measure_rates

PAIR = "shortest-high_mem_bw"
NUM_STEPS_BEFORE = 128
NUM_SNAPSHOTS = 5_000
NUM_DECISIONS = 64
MOST_MICROSECONDS = 50.0
"""For a snapshot with its restoration."""


def measure(settings: Settings) -> Iterator[Row]:
    """Microseconds of snapshots and of decisions."""
    env = _in_mid_episode()
    rates = measure_rates(
        {
            "simulator": _snapshot_case(env.simulator, settings.scaled(NUM_SNAPSHOTS)),
            "environment": _snapshot_case(env, settings.scaled(NUM_SNAPSHOTS)),
            "rollout": _rollout_case(env, settings.scaled(NUM_DECISIONS)),
        },
        settings.repetitions,
    )
    microseconds = {name: 1e6 / rate.per_second for name, rate in rates.items()}
    for name in ("simulator", "environment"):
        yield Row(f"snapshot and restore, {name}", microseconds[name], "CPU µs", at_most=MOST_MICROSECONDS)
    yield Row(
        "decision of rollout",
        microseconds["rollout"],
        "CPU µs",
        comparison=f"mean of {settings.scaled(NUM_DECISIONS)}, one after the other",
    )


def _in_mid_episode() -> WorkloadManagementEnv:
    env = WorkloadManagementEnv({**GAIA_WINDOWS, "env": {"observation": "minimal"}})
    env.reset(seed=0)
    for _ in range(NUM_STEPS_BEFORE):
        env.step(env.actions.names.index(PAIR))
    return env


def _snapshot_case(kept: Any, count: int) -> Case:
    """Of a simulator or an environment; it ends where it was."""

    def repeat() -> tuple[int, float]:
        started = time.process_time()
        for _ in range(count):
            kept.restore(kept.snapshot())
        return count, time.process_time() - started

    return repeat


def _rollout_case(env: WorkloadManagementEnv, count: int) -> Case:
    agent, environment, begin = RolloutAgent(base=PAIR), AgentEnvironment(env), env.snapshot()
    unseen = np.empty(0, np.float32)  # it looks at the simulation itself

    def decide() -> tuple[int, float]:
        env.restore(begin)
        agent.begin(environment)
        seconds = 0.0
        for _ in range(count):
            started = time.process_time()
            action = agent.decide(unseen)
            seconds += time.process_time() - started
            env.step(action)
        env.restore(begin)
        return count, seconds

    return decide
