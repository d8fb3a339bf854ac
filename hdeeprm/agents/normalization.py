"""Running mean and variance, of observations and of returns, so that networks see numbers of about 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .advantages import BoolArray, FloatArray
from .networks import Shape
from .stored import array_like, whole

MAX_NORMALIZED = 10.0
"""Normalized observations are clipped at this many standard deviations, as is usual [Gymnasium, SB3]."""
MIN_RELATIVE_DEVIATION = 1e-6
"""What deviates by less than this share of its mean counts as constant and is not scaled."""

Observations = npt.NDArray[np.float32]


class RunningMoments:
    """Mean and variance of all rows seen, in one pass  [Chan, Golub & LeVeque 1983].

    Args:
        size: Number of columns; each has moments of its own.
    """

    def __init__(self, size: int) -> None:
        self.mean = np.zeros(size)
        self.variance = np.ones(size)  # until two different rows were seen
        self.count = 0

    def update(self, rows: npt.NDArray[np.floating[Any]]) -> None:
        """Take more rows into account, shape (rows, size)."""
        added = len(rows)
        if added == 0:
            return
        mean, variance = rows.mean(axis=0, dtype=np.float64), rows.var(axis=0, dtype=np.float64)
        total = self.count + added
        difference = mean - self.mean
        self.variance = (
            self.variance * self.count + variance * added + difference**2 * (self.count * added / total)
        ) / total
        self.mean = self.mean + difference * (added / total)
        self.count = total

    @property
    def deviation(self) -> FloatArray:
        """Standard deviation of each column; 1 where it is constant."""
        deviation = np.sqrt(self.variance)
        return np.where(deviation > MIN_RELATIVE_DEVIATION * np.abs(self.mean), deviation, 1.0)

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "mean": torch.tensor(self.mean),
            "variance": torch.tensor(self.variance),
            "count": self.count,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint holds."""
        self.mean = array_like(state["mean"], self.mean)
        self.variance = array_like(state["variance"], self.variance)
        self.count = whole(state["count"])


class ObservationNormalizer:
    """Observations with the mean of what was seen taken off, in its standard deviations.

    Where an observation begins with the features of a number of jobs, all jobs share the moments of a
    feature, so that a job looks the same in every place; a missing job, all zeros, stays so and counts for
    nothing.

    Args:
        shape: Says how long an observation is, and how much of it are jobs.
    """

    def __init__(self, shape: Shape) -> None:
        self._job_part = shape.num_jobs * shape.job_features
        self.jobs = RunningMoments(shape.job_features)
        self.rest = RunningMoments(shape.observation_size - self._job_part)

    def update(self, observations: Observations) -> None:
        """Take observations into account, shape (environments, size)."""
        self.rest.update(observations[:, self._job_part :])
        if self._job_part:
            jobs = self._jobs(observations)
            self.jobs.update(jobs[jobs.any(axis=1)])

    def normalized(self, observations: Observations) -> Observations:
        """The observations, normalized and clipped, float32, of the same shape."""
        result = np.empty(observations.shape, np.float32)
        result[:, self._job_part :] = _standardized(observations[:, self._job_part :], self.rest)
        if self._job_part:
            jobs = self._jobs(observations)
            standard = _standardized(jobs, self.jobs) * jobs.any(axis=1, keepdims=True)
            result[:, : self._job_part] = standard.reshape(-1, self._job_part)
        return result

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {"jobs": self.jobs.state(), "rest": self.rest.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint holds."""
        self.jobs.load(state["jobs"])
        self.rest.load(state["rest"])

    def _jobs(self, observations: Observations) -> Observations:
        """One row for each job of each observation, shape (observations x jobs, features)."""
        return observations[:, : self._job_part].reshape(-1, len(self.jobs.mean))


class RewardScaler:
    """Rewards divided by the standard deviation of the returns, which keeps their signs and proportions.

    The return of a step is what its episode has brought so far, discounted: R[t] = gamma R[t - 1] + r[t]
    [Engstrom et al. 2020, "reward scaling"].

    Args:
        num_envs: Environments side by side.
        gamma: Discount per step, from 0 to 1.
    """

    def __init__(self, num_envs: int, gamma: float) -> None:
        self.moments = RunningMoments(1)
        self.running = np.zeros(num_envs)
        self._gamma = gamma

    def update(self, rewards: FloatArray, ended: BoolArray) -> None:
        """Take steps into account, both arrays of shape (steps, environments)."""
        returns = np.empty_like(rewards)
        discount = np.where(ended, 0.0, self._gamma)
        for step in range(len(rewards)):
            returns[step] = self.running + rewards[step]
            self.running = returns[step] * discount[step]
        self.moments.update(returns.reshape(-1, 1))

    def scaled(self, rewards: FloatArray) -> FloatArray:
        """The rewards in standard deviations of the returns."""
        return rewards / self.moments.deviation


def _standardized(rows: Observations, moments: RunningMoments) -> Observations:
    standard = (rows - moments.mean) / moments.deviation
    return np.asarray(np.clip(standard, -MAX_NORMALIZED, MAX_NORMALIZED), np.float32)
