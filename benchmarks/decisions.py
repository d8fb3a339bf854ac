"""Decisions per second on platform gaia, 2,280 cores.

*Environment*: ``gymnasium.make`` with its wrappers, minimal observation, one ``step`` after another through
the whole trace. *Kernel*: the simulator alone, many decisions in one call, no observation. CartPole-v1
through ``gymnasium.make`` runs in between, a yardstick for the machine. The original HDeepRM with Batsim
takes 25 to 147 decisions per second with selection pairs on the same platform, measured on another machine;
ratios are to the 147.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np

from hdeeprm.env import WorkloadManagementEnv

from .measuring import Case, Rate, Row, Settings, measure_rates

PAIRS = (
    "first-high_gflops",
    "shortest-high_gflops",
    "shortest-low_power",
    "smallest-high_mem_bw",
    "low_mem-high_cores",
    "low_mem_bw-high_mem",
    "random-random",
)
ANY_PAIR = "another pair at each decision"
MAX_DECISIONS = 200_000
"""More than the trace brings: whole episodes, unless scaled."""
ENVIRONMENT_TARGET = 20_000.0
KERNEL_TARGET = 150_000.0
ORIGINAL = 147.0
"""Decisions per second of the original where it is fastest."""


def measure(settings: Settings) -> Iterator[Row]:
    """Rates through the environment, of the kernel, and of CartPole."""
    env = _make(settings)
    limit = settings.scaled(MAX_DECISIONS)
    cases: dict[str, Case] = {"CartPole": _cartpole_case(settings.scaled(50_000))}
    for name in PAIRS:
        cases[f"environment, {name}"] = _environment_case(
            env, [env.unwrapped.actions.names.index(name)], limit
        )
    cases[f"environment, {ANY_PAIR}"] = _environment_case(env, _random_actions(), limit)
    for name in PAIRS:
        cases[f"kernel, {name}"] = _kernel_case(env, env.unwrapped.actions.names.index(name), limit)
    rates = measure_rates(cases, settings.repetitions)
    cartpole = rates.pop("CartPole")
    for name, rate in rates.items():
        yield _row(f"{name}, {settings.trace_name}", rate, cartpole)
    yield Row("CartPole-v1 through gymnasium.make", cartpole.per_second, "steps/s")


def _make(settings: Settings) -> Any:
    options = {
        "platform_file_path": "gaia",
        "workload_file_path": settings.trace,
        "nb_jobs": settings.scaled(60_000) if settings.scale < 1 else None,
        "env": {"observation": "minimal"},
    }
    return gymnasium.make("HDeepRM/WorkloadManagement-v0", options=options)


def _row(name: str, rate: Rate, cartpole: Rate) -> Row:
    kernel = name.startswith("kernel")
    comparison = f"{rate.per_second / ORIGINAL:,.0f} x the original"
    if not kernel:
        comparison = f"{rate.per_second / cartpole.per_second:.2f} x CartPole, {comparison}"
    return Row(
        name,
        rate.per_second,
        "decisions/s",
        at_least=KERNEL_TARGET if kernel else ENVIRONMENT_TARGET,
        comparison=comparison,
    )


def _random_actions() -> list[int]:
    """Pairs, not void, drawn beforehand; taken again from the start when they are used up."""
    return [int(action) for action in np.random.default_rng(0).integers(0, 36, 10_007)]


def _environment_case(env: Any, actions: list[int], limit: int) -> Case:
    def play() -> tuple[int, float]:
        env.reset(seed=0)
        taken, over = 0, False
        started = time.process_time()
        while not over and taken < limit:
            _, _, over, _, _ = env.step(actions[taken % len(actions)])
            taken += 1
        return taken, time.process_time() - started

    return play


def _kernel_case(env: Any, action: int, limit: int) -> Case:
    unwrapped: WorkloadManagementEnv = env.unwrapped
    simulator, pair = unwrapped.simulator, unwrapped.pair(action)

    def play() -> tuple[int, float]:
        simulator.reset()
        started = time.process_time()
        taken = len(simulator.run(pair, limit))
        return taken, time.process_time() - started

    return play


def _cartpole_case(num_steps: int) -> Case:
    env = gymnasium.make("CartPole-v1")
    actions = np.random.default_rng(0).integers(0, 2, num_steps)

    def play() -> tuple[int, float]:
        env.reset(seed=0)
        started = time.process_time()
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        return num_steps, time.process_time() - started

    return play
