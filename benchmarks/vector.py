"""Decisions per second of many environments side by side.

``gymnasium.make_vec`` with minimal observations, the same pair in every row, and the next episode begun in
the step that ends one. On *learning* an episode is one decision; on *gaia* it is 256 jobs of gaia_like.swf,
from a random one on. CartPole-v1 in Gymnasium's NumPy-native vector form, with as many rows, runs in between.
Rates of one thread are per CPU second. Those of two threads, which share the work from 128 rows on where
there are two cores, are per second on the clock, CartPole's beside them as well: only a quiet machine tells
the truth there. The targets are for two threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from hdeeprm.env import WorkloadManagementVectorEnv

from .measuring import GAIA_WINDOWS, Case, Rate, Row, Settings, measure_rates

NUM_DECISIONS = 200_000
"""Of one measurement, in all rows together."""
MOST_THREADS = 2


@dataclass(frozen=True, eq=False)
class Setting:
    """Where rates are measured, and what they should be with two threads."""

    name: str
    options: Mapping[str, Any]
    pairs: tuple[str, ...]
    sizes: tuple[int, ...]
    target: float


SETTINGS = (
    Setting(
        "learning",
        {
            "platform_file_path": "learning",
            "workload_file_path": "learning.json",
            "env": {"objective": "makespan", "reward": "integrated", "observation": "minimal"},
        },
        ("first-high_mem_bw",),
        (64, 256, 512),
        1_000_000.0,
    ),
    Setting(
        "gaia",
        {**GAIA_WINDOWS, "env": {"observation": "minimal"}},
        ("first-high_gflops", "shortest-high_mem_bw"),
        (16, 64, 256),
        200_000.0,
    ),
)


@dataclass(frozen=True)
class _Measured:
    """What a rate is of."""

    setting: Setting
    pair: str
    num_envs: int
    num_threads: int

    @property
    def yardstick(self) -> str:
        """Name of the CartPole that it is compared with."""
        return f"CartPole, {self.num_envs} rows, {'on the clock' if self.num_threads > 1 else 'CPU'}"

    @property
    def clock(self) -> Callable[[], float]:
        """What counts: CPU time of the process, unless threads share the work."""
        return time.perf_counter if self.num_threads > 1 else time.process_time


def measure(settings: Settings) -> Iterator[Row]:
    """Rates on both platforms, with one thread and with two, and those of CartPole."""
    limit = settings.scaled(NUM_DECISIONS)
    cases: dict[str | _Measured, Case] = {}
    for setting in SETTINGS:
        for num_envs in setting.sizes:
            for measured, case in _cases(setting, num_envs, limit):
                cases[measured.yardstick] = _cartpole_case(num_envs, limit, measured.clock)
                cases[measured] = case
    rates = measure_rates(cases, settings.repetitions)
    for name, rate in rates.items():
        if isinstance(name, _Measured):
            yield _row(name, rate, rates[name.yardstick])
    for name, rate in rates.items():
        if isinstance(name, str):
            yield Row(name, rate.per_second, "steps/s")


def _row(measured: _Measured, rate: Rate, cartpole: Rate) -> Row:
    setting, threads = measured.setting, measured.num_threads
    return Row(
        f"{setting.name}, {measured.pair}, {measured.num_envs} rows, "
        f"{'two threads, on the clock' if threads > 1 else 'one thread'}",
        rate.per_second,
        "decisions/s",
        at_least=setting.target if threads > 1 else None,
        comparison=f"{rate.per_second / cartpole.per_second:.2f} x CartPole",
    )


def _cases(setting: Setting, num_envs: int, limit: int) -> Iterator[tuple[_Measured, Case]]:
    envs: Any = gymnasium.make_vec(
        "hdeeprm:HDeepRM/WorkloadManagement-v0", num_envs, options=setting.options, autoreset_mode="SameStep"
    )
    for pair in setting.pairs:
        actions = np.full(num_envs, envs.actions.names.index(pair))
        for num_threads in sorted({1, min(MOST_THREADS, envs.batch.num_threads)}):
            measured = _Measured(setting, pair, num_envs, num_threads)
            yield measured, _case(envs, actions, limit, measured)


def _case(
    envs: WorkloadManagementVectorEnv, actions: npt.NDArray[np.int64], limit: int, measured: _Measured
) -> Case:
    num_steps = -(-limit // measured.num_envs)

    def play() -> tuple[int, float]:
        envs.batch.num_threads = measured.num_threads
        envs.reset(seed=0)
        envs.step(actions)  # threads start
        started = measured.clock()
        for _ in range(num_steps):
            envs.step(actions)
        return num_steps * len(actions), measured.clock() - started

    return play


def _cartpole_case(num_envs: int, limit: int, clock: Callable[[], float]) -> Case:
    envs = gymnasium.make_vec("CartPole-v1", num_envs, vectorization_mode="vector_entry_point")
    num_steps = -(-limit // num_envs)
    actions = np.random.default_rng(0).integers(0, 2, (num_steps, num_envs))

    def play() -> tuple[int, float]:
        envs.reset(seed=0)
        started = clock()
        for chosen in actions:
            envs.step(chosen)
        return actions.size, clock() - started

    return play
