"""Small tasks with known answers that learners are tried on, many side by side, reset in the same step."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

from hdeeprm.agents.learner import Learner, Outcome, Shape

Observations = npt.NDArray[np.float32]
Masks = npt.NDArray[np.int8]


class CartPole:
    """Gymnasium's CartPole-v1 in its NumPy form, but each episode that ends is followed in the same step."""

    shape = Shape(observation_size=4, num_actions=2)

    def __init__(self, num_envs: int, seed: int) -> None:
        self.num_envs = num_envs
        self._env = CartPoleVectorEnv(num_envs, max_episode_steps=500)
        self._env.action_space.contains = lambda action: True  # type: ignore[method-assign]  # half its time
        self.observations: Observations = self._env.reset(seed=seed)[0]
        self.masks: Masks = np.ones((num_envs, 2), np.int8)
        self._returns = np.zeros(num_envs)
        self.episode_returns: deque[float] = deque(maxlen=100)

    def step(self, actions: npt.NDArray[np.int64]) -> Outcome:
        """What the actions lead to."""
        final, rewards, terminated, truncated, _ = self._env.step(actions)
        ended = terminated | truncated
        self._returns += rewards
        self.observations = final
        if ended.any():
            self.episode_returns.extend(self._returns[ended].tolist())
            self._returns[ended] = 0.0
            self.observations = self._begin_again(final, ended)
        return Outcome(rewards.astype(float), terminated, truncated, self.observations, final, self.masks)

    def _begin_again(self, final: Observations, ended: npt.NDArray[np.bool_]) -> Observations:
        env = self._env
        state: Any = env.state
        state[:, ended] = env.np_random.uniform(-0.05, 0.05, (4, int(ended.sum())))
        env.steps[ended] = 0
        env.prev_done[:] = False
        observations = final.copy()
        observations[ended] = state.T[ended].astype(np.float32)
        return observations


class ContextualBandit:
    """Three arms; the context says which one pays. In every fourth context that arm is not allowed.

    Contexts 0 to 2 pay 1 for the arm of their number. Context 3 would pay most for arm 0, which is masked
    there; of the others arm 2 pays 0.5. Anything else pays 0. An episode is 4 decisions.
    """

    shape = Shape(observation_size=4, num_actions=3)
    pays = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [9, 0, 0.5]], float)
    contexts = np.eye(4, dtype=np.float32)
    allowed = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 1], [0, 1, 1]], np.int8)
    best = np.array([0, 1, 2, 2])

    def __init__(self, num_envs: int, seed: int) -> None:
        self.num_envs = num_envs
        self._rng = np.random.default_rng(seed)
        self._step = 0
        self._draw()

    def step(self, actions: npt.NDArray[np.int64]) -> Outcome:
        """What the actions lead to."""
        assert self.allowed[self._context, actions].all()
        rewards = self.pays[self._context, actions]
        self._step += 1
        ended = np.full(self.num_envs, self._step % 4 == 0)
        self._draw()
        return Outcome(rewards, ended, np.zeros_like(ended), self.observations, self.observations, self.masks)

    def _draw(self) -> None:
        self._context = self._rng.integers(4, size=self.num_envs)
        self.observations: Observations = self.contexts[self._context]
        self.masks: Masks = self.allowed[self._context]


def train(learner: Learner, task: CartPole | ContextualBandit, num_steps: int) -> list[dict[str, float]]:
    """Train for a number of decisions, all environments together; the losses of each update."""
    losses = []
    for _ in range(num_steps // task.num_envs):
        actions = learner.act(task.observations, task.masks)
        found = learner.learn(task.step(actions))
        if found is not None:
            losses.append(found)
    return losses


def greedy_return(learner: Learner, seed: int) -> float:
    """Mean return of 20 episodes of CartPole in which the learner takes its best actions."""
    task = CartPole(20, seed)
    returns, alive = np.zeros(20), np.ones(20, bool)
    while alive.any():
        outcome = task.step(learner.greedy(task.observations, task.masks))
        returns += outcome.rewards * alive
        alive &= ~outcome.ended
    return float(returns.mean())
