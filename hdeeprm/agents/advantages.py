"""How good what was done turned out to be: discounted returns, and generalized advantages.

All arrays have shape (steps, environments); a row holds what one step brought in each environment. An episode
that ended at a step, by its end or by a limit, lets nothing of later rows flow back across it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


def discounted_returns(rewards: FloatArray, ended: BoolArray, gamma: float) -> FloatArray:
    """Sum of the rewards from each step to the end of its episode, discounted.

    G[t] = r[t] + gamma G[t + 1], without the second term where the episode ended at t. Rewards after the last
    row count as 0.

    Args:
        rewards: Rewards.
        ended: Whether the episode ended at the step.
        gamma: Discount per step, from 0 to 1.
    """
    returns = np.empty_like(rewards)
    after = np.zeros(rewards.shape[1])
    discount = np.where(ended, 0.0, gamma)
    for step in range(len(rewards) - 1, -1, -1):
        after = rewards[step] + discount[step] * after
        returns[step] = after
    return returns


def generalized_advantages(
    rewards: FloatArray,
    values: FloatArray,
    next_values: FloatArray,
    ended: BoolArray,
    gamma: float,
    gae_lambda: float,
) -> FloatArray:
    """How much better each action was than expected, by generalized advantage estimation.

    A[t] = d[t] + gamma lambda A[t + 1], with d[t] = r[t] + gamma V'[t] - V[t]   [Schulman et al. 2016],
    without the term of t + 1 where the episode ended at t. A + V estimates the return.

    Args:
        rewards: Rewards.
        values: Estimated return V from before each step.
        next_values: Estimated return V' from after it: of the state that the step led to, even where a limit
            cut the episode there; 0 where the episode came to its own end.
        ended: Whether the episode ended at the step, by itself or by a limit.
        gamma: Discount per step, from 0 to 1.
        gae_lambda: 0 trusts the values alone, 1 the rewards alone.
    """
    surprises = rewards + gamma * next_values - values
    return discounted_returns(surprises, ended, gamma * gae_lambda)


def step_numbers(ended: BoolArray) -> IntArray:
    """Number of each step within its episode, from 0; the first row begins one."""
    numbers = np.empty(ended.shape, np.int64)
    number = np.zeros(ended.shape[1], np.int64)
    for step in range(len(ended)):
        numbers[step] = number
        number = np.where(ended[step], 0, number + 1)
    return numbers
