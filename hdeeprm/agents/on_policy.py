"""What learners share that draw actions from a policy and learn from what this policy has just done."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from .advantages import BoolArray, FloatArray, IntArray, generalized_advantages
from .distributions import mask_logits, sample
from .experience import Experience, Masks, Outcome
from .learner import PIECE_ROWS, Learner
from .normalization import Observations
from .settings import LearnerSettings, integer, number, switch


class PolicyLearner(Learner):
    """A learner whose actions are drawn from a softmax, and that remembers whole steps."""

    experience: Experience

    def probabilities(self, observations: Observations, action_masks: Masks) -> FloatArray:
        """The policy, float64, shape (N, actions)."""
        with torch.inference_mode():
            logits = self._logits(observations, action_masks != 0)
            return np.asarray(self._numpy(logits.double().softmax(dim=-1)))

    def _act(self, observations: Observations, allowed: BoolArray) -> IntArray:
        seen = self._normalized(observations)
        logits = mask_logits(self.network.scores(self._tensor(seen)), self._tensor(allowed))
        actions = self._numpy(sample(logits, self.generator))
        self.experience.add_choice(seen, allowed, actions)
        return actions


@dataclass(frozen=True)
class OnPolicySettings(LearnerSettings):
    """Settings of learners that learn from rollouts: a fixed number of steps in every environment."""

    rollout_steps: int = integer(128)
    """Steps in each environment between updates."""

    gae_lambda: float = number(0.95, at_least=0, at_most=1)
    """Generalized advantage estimation: 0 trusts the estimated values alone, 1 the rewards alone."""

    value_coef: float = number(0.5, at_least=0)
    """Weight of the loss of the estimated values beside that of the policy."""

    entropy_coef: float = number(0.01, at_least=0)
    """Weight of the policy's entropy, which keeps it exploring."""

    max_grad_norm: float = number(0.5, above=0)
    """Gradients longer than this are scaled down to it."""

    normalize_advantages: bool = switch(True)
    """Whether advantages are taken relative to their mean, in standard deviations."""

    anneal_updates: int | None = integer(None, optional=True)
    """Updates over which the learning rate falls in a straight line to 0, where it stays; null keeps it."""


class Batch(NamedTuple):
    """The steps of a rollout, one a row."""

    observations: Tensor  # (rows, size)
    allowed: Tensor  # (rows, actions)
    actions: Tensor  # (rows,)
    values: Tensor  # estimated before learning, (rows,)
    advantages: Tensor  # (rows,)
    returns: Tensor  # what the values are to be, (rows,)


class _Cut(NamedTuple):
    """Where a limit cut episodes in a rollout."""

    step: int
    where: BoolArray  # (environments,)
    followed: Observations  # what these environments showed then, normalized, (cut ones, size)


class RolloutLearner(PolicyLearner):
    """A learner that learns from rollouts, with advantages over estimated values.

    Episodes may end anywhere in a rollout. Where a limit cut one, what would have followed counts by its
    estimated value; where it came to its own end, nothing follows.
    """

    settings: OnPolicySettings

    def __init__(self, *args: Any, **arguments: Any) -> None:
        super().__init__(*args, **arguments)
        self.experience = Experience(self.num_envs, self.shape, self.settings.rollout_steps)
        self._cuts: list[_Cut] = []

    @property
    def at_boundary(self) -> bool:
        """Whether the last rollout was learned from and no other has begun."""
        return self.experience.num_steps == 0 and not self.experience.is_pending

    @abstractmethod
    def _update(self, batch: Batch) -> dict[str, float]:
        """Learn from a rollout; the losses."""

    def _learn(self, outcome: Outcome) -> dict[str, float] | None:
        if outcome.cut.any():
            seen = self._normalized(outcome.final_observations[outcome.cut])
            self._cuts.append(_Cut(self.experience.num_steps, outcome.cut, seen))
        self.experience.add_outcome(outcome)
        if self.experience.num_steps < self.settings.rollout_steps:
            return None
        self._anneal()
        batch = self._batch(self._normalized(outcome.next_observations))
        losses = self._update(batch)
        self.num_updates += 1
        self.experience.clear()
        self._cuts.clear()
        return losses | {"explained_variance": explained_variance(batch)}

    def load_training_state(self, state: Mapping[str, Any]) -> None:
        """Go on training; a rollout that had begun is dropped."""
        super().load_training_state(state)
        self.experience.clear()
        self._cuts.clear()

    def _anneal(self) -> None:
        """Set the learning rate of the coming update."""
        updates = self.settings.anneal_updates
        share_left = 1.0 if updates is None else max(0.0, 1.0 - self.num_updates / updates)
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr * share_left

    def _batch(self, next_observations: Observations) -> Batch:
        """The rollout with its advantages; the observations are those after its last step."""
        steps, rewards = self.experience, self.experience["rewards"]
        if self.reward_scaler is not None:
            self.reward_scaler.update(rewards, steps["ended"])
            rewards = self.reward_scaler.scaled(rewards)
        values, next_values = self._estimates(next_observations)
        advantages = generalized_advantages(
            rewards, values, next_values, steps["ended"], self.gamma, self.settings.gae_lambda
        )
        rows = [steps[name].reshape(values.size, -1) for name in ("observations", "allowed")]
        columns = (values, advantages, advantages + values)
        return Batch(
            *(self._tensor(array) for array in (*rows, steps["actions"].reshape(-1))),
            *(self._tensor(array.reshape(-1).astype(np.float32)) for array in columns),
        )

    def _estimates(self, next_observations: Observations) -> tuple[FloatArray, FloatArray]:
        """Estimated values from before and from after each step, shape (steps, environments)."""
        observations, ended = self.experience["observations"], self.experience["ended"]
        cut = np.zeros_like(ended)
        for step, where, _ in self._cuts:
            cut[step] = where
        flat = observations.reshape(-1, self.shape.observation_size)
        followed = (each.followed for each in self._cuts)
        estimated = self._values(np.concatenate((flat, next_observations, *followed)))
        before = estimated[: ended.size].reshape(ended.shape)
        last = estimated[ended.size : ended.size + ended.shape[1]]
        after = np.concatenate((before[1:], last[np.newaxis]))
        after[ended] = 0.0
        after[cut] = estimated[ended.size + ended.shape[1] :]
        return before, after

    def _values(self, observations: Observations) -> FloatArray:
        """Estimated returns, shape (rows,)."""
        with torch.inference_mode():
            pieces = torch.split(self._tensor(observations), PIECE_ROWS)
            return self._numpy(torch.cat([self.network.values(piece) for piece in pieces]).double())


def normalized(advantages: Tensor) -> Tensor:
    """Advantages relative to their mean, in standard deviations; 0 where all are equal."""
    return (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)


def explained_variance(batch: Batch) -> float:
    """Share of the returns' variance that the values foretold, at most 1; 0 where they do not vary."""
    variance = batch.returns.var(correction=0).item()
    return 1.0 - (batch.returns - batch.values).var(correction=0).item() / variance if variance else 0.0
