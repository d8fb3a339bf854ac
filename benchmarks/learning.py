"""PPO on platform gaia, 64 environments.

What the built-in learner does in training, acting, moving the environments and learning, without validation,
checkpoints and curves: windows of 256 jobs of gaia_like.swf, observation *fit*, all 37 actions, default
settings; CPU time of one process, PyTorch with one thread. Measured where PyTorch is installed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from hdeeprm.agents import agent_from_options
from hdeeprm.env import WorkloadManagementEnv, WorkloadManagementVectorEnv
from hdeeprm.options import load_options

from .measuring import GAIA_WINDOWS, Row, Settings, measure_rates

NUM_ENVS = 64
ROLLOUT_STEPS = 128
"""As by default, unless scaled."""
NUM_UPDATES = 2
"""Of one measurement."""
MOST_SHARE = 20.0
"""% of the time that may go to the environment."""


def measure(settings: Settings) -> Iterator[Row]:
    """Steps per second, and the environment's share; nothing without PyTorch."""
    if find_spec("torch") is None:
        return
    training = _Training(settings.scaled(ROLLOUT_STEPS))
    rates = measure_rates({"": training.go_on}, settings.repetitions)
    per_second = rates[""].per_second
    yield Row("training", per_second, "steps/s")
    share = median(training.shares[-settings.repetitions :])
    environment, learner = 1e4 * share / per_second, 1e4 * (100.0 - share) / per_second
    comparison = f"{environment:.1f} µs a step, and PPO's acting and learning {learner:.1f} µs"
    yield Row("environment's share of it", share, "%", at_most=MOST_SHARE, comparison=comparison)


class _Training:
    """A learner and its environments.

    Attributes:
        shares: % of each measurement that went to the environments.
    """

    def __init__(self, rollout_steps: int) -> None:
        options = load_options(
            {
                **GAIA_WINDOWS,
                "env": {"objective": "avg_bounded_slowdown", "reward": "integrated", "observation": "fit"},
                "agent": {"type": "LEARNING", "name": "ppo", "settings": {"rollout_steps": rollout_steps}},
                "training": {"device": "cpu"},
            }
        )
        self.shares: list[float] = []
        self._num_steps = NUM_UPDATES * rollout_steps
        self._learner: Any = agent_from_options(options, WorkloadManagementEnv(options), NUM_ENVS)
        self._envs = WorkloadManagementVectorEnv(
            options, num_envs=NUM_ENVS, autoreset_mode=AutoresetMode.SAME_STEP
        )
        self._observations, infos = self._envs.reset(seed=0)
        self._masks = infos["action_mask"]

    def go_on(self) -> tuple[int, float]:
        """Train for some updates; the steps, and the CPU seconds."""
        started, inside = time.process_time(), 0.0
        for _ in range(self._num_steps):
            inside += self._step()
        seconds = time.process_time() - started
        self.shares.append(100.0 * inside / seconds)
        return self._num_steps * NUM_ENVS, seconds

    def _step(self) -> float:
        """A decision in each environment; the CPU seconds that the environments took."""
        from hdeeprm.agents.learner import Outcome

        actions = self._learner.act(self._observations, self._masks)
        started = time.process_time()
        observations, rewards, terminated, truncated, infos = self._envs.step(actions)
        seconds = time.process_time() - started
        ended, final = terminated | truncated, observations
        if ended.any():
            final = np.where(ended[:, np.newaxis], self._envs.batch.view.final_observations, observations)
        self._masks = infos["action_mask"]
        self._learner.learn(Outcome(rewards, terminated, truncated, observations, final, self._masks))
        self._observations = observations
        return seconds
