"""Returns and advantages, against slow twins and worked examples."""

from __future__ import annotations

import numpy as np
import pytest

from hdeeprm.agents.advantages import discounted_returns, generalized_advantages, step_numbers

NO_END = np.zeros((3, 1), bool)


def column(*values: float) -> np.ndarray:
    return np.array(values, float).reshape(-1, 1)


def test_returns_of_one_episode() -> None:
    returns = discounted_returns(column(1, 2, 4), NO_END, 0.5)
    assert returns.ravel().tolist() == [1 + 1 + 1, 2 + 2, 4]


def test_without_a_discount_returns_are_sums() -> None:
    rewards = np.arange(12.0).reshape(4, 3)
    returns = discounted_returns(rewards, np.zeros((4, 3), bool), 1.0)
    assert np.array_equal(returns, rewards[::-1].cumsum(axis=0)[::-1])


def test_nothing_flows_back_across_the_end_of_an_episode() -> None:
    ended = np.array([[False], [True], [False]])
    assert discounted_returns(column(1, 2, 4), ended, 1.0).ravel().tolist() == [3, 2, 4]


def naive_advantages(
    rewards: np.ndarray,
    values: np.ndarray,
    next_values: np.ndarray,
    ended: np.ndarray,
    gamma: float,
    gae_lambda: float,
) -> np.ndarray:
    """The sum of the definition, step by step and environment by environment."""
    advantages = np.zeros_like(rewards)
    for env in range(rewards.shape[1]):
        for start in range(len(rewards)):
            weight = 1.0
            for step in range(start, len(rewards)):
                surprise = rewards[step, env] + gamma * next_values[step, env] - values[step, env]
                advantages[start, env] += weight * surprise
                weight *= gamma * gae_lambda
                if ended[step, env]:
                    break
    return advantages


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
@pytest.mark.parametrize("gae_lambda", [0.0, 0.95, 1.0])
def test_advantages_equal_their_definition(gamma: float, gae_lambda: float) -> None:
    rng = np.random.default_rng(0)
    rewards, values, next_values = rng.normal(size=(3, 20, 4))
    ended = rng.random((20, 4)) < 0.2
    found = generalized_advantages(rewards, values, next_values, ended, gamma, gae_lambda)
    wanted = naive_advantages(rewards, values, next_values, ended, gamma, gae_lambda)
    assert np.allclose(found, wanted, rtol=0, atol=1e-12)


def test_lambda_1_gives_returns_less_values() -> None:
    rewards, values = column(1, 2, 4), column(10, 20, 30)
    next_values = np.concatenate((values[1:], column(100)))
    advantages = generalized_advantages(rewards, values, next_values, NO_END, 1.0, 1.0)
    assert (advantages + values).ravel().tolist() == [107, 106, 104]


def test_steps_are_numbered_within_their_episodes() -> None:
    ended = np.array([[0, 1], [0, 0], [1, 0], [0, 0]], bool)
    assert step_numbers(ended).T.tolist() == [[0, 1, 2, 0], [0, 0, 1, 2]]
