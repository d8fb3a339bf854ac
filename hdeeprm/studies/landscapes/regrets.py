"""How well a rule spent its epochs: regrets and the moving loss of what was trained on a landscape."""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def mean_regret(true: FloatArray, epochs: IntArray, arms: IntArray, num_workers: int) -> FloatArray:
    """How much worse than the best the arms were that reached an epoch.

    regret[i] = mean(true[i, A_i]) - mean(the num_workers smallest of true[i, :])

    where A_i are the arms that reached epoch i; an arm that several runs trained there counts for each.

    Args:
        true: Losses without noise, shape (num_epochs, num_arms).
        epochs: Epoch of each step of training that was done, shape (num_steps,).
        arms: Its arm, shape (num_steps,).
        num_workers: How many trained side by side, at least 1.

    Returns:
        Shape (num_epochs,); NaN for an epoch that no arm reached.
    """
    num_epochs = true.shape[0]
    totals = np.bincount(epochs, weights=true[epochs, arms], minlength=num_epochs)
    counts = np.bincount(epochs, minlength=num_epochs)
    reached = np.divide(totals, counts, out=np.full(num_epochs, np.nan), where=counts > 0)
    best = np.sort(true, axis=1)[:, :num_workers].mean(axis=1)
    regret: FloatArray = reached - best
    return regret


def moving_loss(losses: FloatArray, ticks: IntArray, num_workers: int) -> FloatArray:
    """Mean of the ``num_workers`` smallest losses seen so far, after each tick of the clock.

    Args:
        losses: What was seen, in order of time, shape (num_steps,).
        ticks: When, from 0 on, without a gap, shape (num_steps,).
        num_workers: How many losses are averaged; all where fewer have been seen.

    Returns:
        Shape (num_ticks,).
    """
    smallest: list[float] = []  # negative, so that the greatest of them comes first
    means = np.empty(int(ticks[-1]) + 1 if len(ticks) else 0)
    for loss, tick in zip(losses.tolist(), ticks.tolist(), strict=True):
        if len(smallest) < num_workers:
            heapq.heappush(smallest, -loss)
        else:
            heapq.heappushpop(smallest, -loss)
        means[tick] = -sum(smallest) / len(smallest)
    return means
