"""Learners fitted to what a teacher chose."""

# ruff: noqa: E402  (torch, which these imports need, may be missing)
from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hdeeprm.agents.cloning import clone
from hdeeprm.agents.learner import Learner, Shape
from hdeeprm.agents.learners import LEARNERS, learner_class
from hdeeprm.errors import AgentError, TrainingDiverged

SHAPE = Shape(observation_size=3, num_actions=4)


def learner(name: str = "ppo", seed: int = 0, **arguments: bool) -> Learner:
    return learner_class(name)(SHAPE, gamma=1.0, lr=0.01, hidden=16, num_envs=2, seed=seed, **arguments)


def sample(count: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The teacher takes the action of the largest of three numbers; where all are small, either of two."""
    rng = np.random.default_rng(1)
    observations = rng.random((count, 3), np.float32)
    masks = np.ones((count, 4), np.int8)
    masks[::5, 3] = 0
    acceptable = np.eye(4, dtype=np.int8)[observations.argmax(axis=1)]
    acceptable[observations.max(axis=1) < 0.5] = [1, 0, 0, 1]
    return observations, masks, acceptable


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("normalize", [False, True])
def test_a_teacher_is_learned_from(name: str, normalize: bool) -> None:
    observations, masks, acceptable = sample()
    pupil = learner(name, normalize_observations=normalize)
    losses = clone(pupil, observations, masks, acceptable, epochs=40, batch_size=32, lr=0.01)
    assert len(losses) == 40
    assert losses[-1] < 0.15 < losses[0]
    chosen = pupil.greedy(observations, masks)
    assert acceptable[np.arange(len(chosen)), chosen].mean() > 0.95
    assert masks[np.arange(len(chosen)), chosen].all()


def test_the_loss_is_minus_the_log_of_what_acceptable_actions_have_together() -> None:
    observations, masks, acceptable = sample(50)
    pupil = learner()
    likely = pupil.probabilities(observations, masks)
    losses = clone(pupil, observations, masks, acceptable, epochs=1, batch_size=50)
    assert losses[0] == pytest.approx(-np.log((likely * acceptable).sum(axis=1)).mean(), rel=1e-5)


def test_the_same_seed_gives_the_same_weights() -> None:
    def weights(seed: int) -> list[bytes]:
        pupil = learner()
        clone(pupil, *sample(), epochs=2, seed=seed)
        return [value.numpy().tobytes() for value in pupil.model_state()["model_state_dict"].values()]

    assert weights(3) == weights(3) != weights(4)


def test_the_learners_own_random_stream_stays() -> None:
    pupil = learner()
    before = pupil.generator.get_state()
    clone(pupil, *sample(), epochs=1)
    assert torch.equal(pupil.generator.get_state(), before)


def test_a_decision_without_an_acceptable_action_is_refused() -> None:
    observations, masks, acceptable = sample()
    acceptable[5] = [0, 0, 0, 1]
    masks[5, 3] = 0
    with pytest.raises(AgentError, match="decision 5 of the teacher"):
        clone(learner(), observations, masks, acceptable)


def test_a_sample_without_decisions_is_refused() -> None:
    observations, masks, acceptable = sample()
    with pytest.raises(AgentError, match="no decision"):
        clone(learner(), observations[:0], masks[:0], acceptable[:0])


def test_what_is_not_finite_stops_it() -> None:
    observations, masks, acceptable = sample()
    observations[7, 1] = np.nan
    with pytest.raises(TrainingDiverged, match="loss is nan in epoch 1"):
        clone(learner(), observations, masks, acceptable)
