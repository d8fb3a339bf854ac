"""Running moments, and what they normalize."""

# ruff: noqa: E402  (torch, which these imports need, may be missing)
from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hdeeprm.agents.networks import Shape
from hdeeprm.agents.normalization import MAX_NORMALIZED, ObservationNormalizer, RewardScaler, RunningMoments

FLAT = Shape(observation_size=3, num_actions=2)
QUEUE = Shape(observation_size=5, num_actions=2, num_jobs=2, job_features=2)


@pytest.mark.parametrize("sizes", [(1000,), (1, 999), (300, 0, 1, 699)])
def test_moments_in_parts_are_those_of_the_whole(sizes: tuple[int, ...]) -> None:
    rows = np.random.default_rng(0).normal([5, -3e6], [2, 1e-2], (1000, 2))
    moments = RunningMoments(2)
    for part in np.split(rows, np.cumsum(sizes)[:-1]):
        moments.update(part)
    assert moments.count == 1000
    assert np.allclose(moments.mean, rows.mean(axis=0), rtol=1e-12)
    assert np.allclose(moments.variance, rows.var(axis=0), rtol=1e-5)


def test_a_constant_is_not_scaled() -> None:
    moments = RunningMoments(3)
    moments.update(np.array([[0.0, 1e6 / 3, 0.0], [0.0, 1e6 / 3, 2e-9]]))
    assert moments.deviation.tolist() == [1.0, 1.0, 1e-9]


def test_observations_come_out_standardized_and_clipped() -> None:
    rng = np.random.default_rng(0)
    observations = rng.normal([1, 2, 3], [1, 10, 0.1], (5000, 3)).astype(np.float32)
    normalizer = ObservationNormalizer(FLAT)
    normalizer.update(observations)
    found = normalizer.normalized(observations)
    assert found.dtype == np.float32
    assert np.allclose(found.mean(axis=0), 0, atol=1e-4)
    assert np.allclose(found.std(axis=0), 1, atol=1e-4)
    far = np.full((1, 3), 1e6, np.float32)
    assert normalizer.normalized(far).tolist() == [[MAX_NORMALIZED] * 3]


def test_jobs_share_their_moments_and_missing_ones_stay_zero() -> None:
    normalizer = ObservationNormalizer(QUEUE)
    observations = np.array([[1, 5, 3, 9, 0.5], [5, 1, 0, 0, 0.7]], np.float32)
    normalizer.update(observations)
    assert normalizer.jobs.count == 3
    assert normalizer.jobs.mean.tolist() == [3, 5]
    assert normalizer.rest.mean.tolist() == pytest.approx([0.6])
    swapped = observations[:, [2, 3, 0, 1, 4]]
    found = normalizer.normalized(observations)
    assert np.array_equal(normalizer.normalized(swapped), found[:, [2, 3, 0, 1, 4]])
    assert found[1, 2:4].tolist() == [0, 0]


def test_before_anything_was_seen_nothing_changes() -> None:
    observations = np.array([[0.25, -3, 7]], np.float32)
    assert np.array_equal(ObservationNormalizer(FLAT).normalized(observations), observations)


@pytest.mark.parametrize("steps", [1, 5, 40])
@pytest.mark.parametrize("gamma", [0.9, 1.0])
def test_rewards_are_scaled_by_the_deviation_of_returns(steps: int, gamma: float) -> None:
    rng = np.random.default_rng(0)
    rewards, ended = rng.normal(-4, 2, (40, 3)), rng.random((40, 3)) < 0.1
    returns, running = [], np.zeros(3)
    for reward, end in zip(rewards, ended, strict=True):
        running = running * gamma + reward
        returns.append(running)
        running = np.where(end, 0.0, running)
    scaler = RewardScaler(3, gamma)
    for start in range(0, 40, steps):
        scaler.update(rewards[start : start + steps], ended[start : start + steps])
    assert np.allclose(scaler.scaled(rewards), rewards / np.std(returns), rtol=1e-9)


def test_constant_rewards_of_one_step_are_left_alone() -> None:
    scaler = RewardScaler(2, 0.99)
    scaler.update(np.full((3, 2), -7.0), np.ones((3, 2), bool))
    assert scaler.scaled(np.array([-7.0])).tolist() == [-7.0]


def test_moments_go_through_a_checkpoint() -> None:
    normalizer, other = ObservationNormalizer(QUEUE), ObservationNormalizer(QUEUE)
    observations = np.random.default_rng(0).random((20, 5), np.float32)
    normalizer.update(observations)
    other.load(normalizer.state())
    normalizer.update(observations + 1)  # what was saved does not change with it
    other.update(observations + 1)
    assert np.array_equal(other.normalized(observations), normalizer.normalized(observations))
    assert other.jobs.count == normalizer.jobs.count == 80
