"""Deep Q-network: the value of each action, learned from steps drawn out of a memory.

[Mnih et al. 2015, "Human-Level Control through Deep Reinforcement Learning"] with double Q-learning  [van
Hasselt, Guez & Silver 2016, "Deep Reinforcement Learning with Double Q-learning"]; actions that are not
allowed are left out of the choice and of the target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from hdeeprm.errors import OptionsError

from .advantages import BoolArray, FloatArray, IntArray
from .distributions import mask_logits
from .experience import Masks, Outcome
from .learner import Learner, copied
from .networks import VALUE_GAIN
from .normalization import Observations
from .replay import ReplayBuffer
from .settings import PATH, LearnerSettings, integer, number
from .stored import entry, whole


@dataclass(frozen=True)
class DQNSettings(LearnerSettings):
    """Settings of the deep Q-network. A step is one decision in one environment."""

    buffer_size: int = integer(50_000)
    """Steps that are remembered."""

    learning_starts: int = integer(1_000)
    """Steps before the first update."""

    batch_size: int = integer(128)
    """Steps drawn for each update."""

    train_interval: int = integer(8)
    """Steps for each update."""

    target_interval: int = integer(100)
    """Updates after which the target network takes the weights over."""

    epsilon_start: float = number(1.0, at_least=0, at_most=1)
    """Probability of a random action at first."""

    epsilon_end: float = number(0.05, at_least=0, at_most=1)
    """Probability of a random action in the end."""

    epsilon_steps: int = integer(20_000)
    """Steps over which it goes from the one to the other in a straight line."""

    max_grad_norm: float = number(10.0, above=0)
    """Gradients longer than this are scaled down to it."""


class DQN(Learner):
    """Double deep Q-network (DQN).

    One update goes one step down the mean Huber loss of Q(s, a) - y over steps drawn at random, with

        y = r + gamma Q_target(s', argmax over the allowed a' of Q(s', a'))

    and y = r where the episode came to its own end. Where a limit cut it and the masks there were not given,
    all actions count as allowed.

    Losses are means over the updates of one step: ``td_loss``, the Huber loss; ``q_values``, Q(s, a).
    """

    name = "dqn"
    Settings = DQNSettings
    settings: DQNSettings
    score_gain = VALUE_GAIN
    estimates_values = False
    adam_epsilon = 1e-8  # PyTorch's; the errors of well-known values are small, and so are their gradients

    def __init__(self, *args: Any, hidden: int, **arguments: Any) -> None:
        super().__init__(*args, hidden=hidden, **arguments)
        if self.num_envs > self.settings.buffer_size:
            raise OptionsError(
                f"{PATH}.buffer_size: at least {self.num_envs}, one step of each environment, is wanted; "
                f"{self.settings.buffer_size} was given"
            )
        self.replay = ReplayBuffer(self.settings.buffer_size, self.shape)
        self.target = self._new_network(hidden).to(self.device)
        self.weights_replaced()
        self.num_steps = 0
        self._choice: tuple[Observations, IntArray] | None = None

    @property
    def at_boundary(self) -> bool:
        """Whether no action waits for its outcome; the memory is saved."""
        return self._choice is None

    @property
    def epsilon(self) -> float:
        """Probability of a random action now."""
        settings = self.settings
        share = min(1.0, self.num_steps / settings.epsilon_steps)
        return settings.epsilon_start + share * (settings.epsilon_end - settings.epsilon_start)

    def probabilities(self, observations: Observations, action_masks: Masks) -> FloatArray:
        """The best action with probability 1 - epsilon, else any allowed one, float64, shape (N, actions)."""
        allowed = action_masks != 0
        likely = self.epsilon * allowed / allowed.sum(axis=1, keepdims=True)
        likely[np.arange(len(allowed)), self.greedy(observations, action_masks)] += 1.0 - self.epsilon
        return np.asarray(likely)

    def training_state(self) -> dict[str, Any]:
        """What it takes to go on, the memory among it."""
        return super().training_state() | {
            "replay": self.replay.state(),
            "target_state_dict": copied(self.target.state_dict()),
            "num_steps": self.num_steps,
        }

    def load_training_state(self, state: Mapping[str, Any]) -> None:
        """Go on training with the same memory."""
        super().load_training_state(state)
        with entry(state, "replay") as saved:
            self.replay.load(saved)
        with entry(state, "target_state_dict") as saved:
            self.target.load_state_dict(saved)
        with entry(state, "num_steps") as saved:
            self.num_steps = whole(saved)
        self._choice = None

    def weights_replaced(self) -> None:
        """Let the target network take the weights over."""
        self.target.load_state_dict(self.network.state_dict())

    def _act(self, observations: Observations, allowed: BoolArray) -> IntArray:
        best = self._logits(observations, allowed).argmax(dim=-1).cpu()
        noise = torch.rand(allowed.shape, generator=self.generator)
        anything = noise.masked_fill(torch.from_numpy(~allowed), -1.0).argmax(dim=-1)
        explores = torch.rand(len(allowed), generator=self.generator) < self.epsilon
        actions = self._numpy(torch.where(explores, anything, best))
        self._choice = observations.copy(), actions
        return actions

    def _learn(self, outcome: Outcome) -> dict[str, float] | None:
        assert self._choice is not None, "act comes before learn"
        self.replay.add(*self._choice, outcome)
        self._choice = None
        if self.reward_scaler is not None:
            self.reward_scaler.update(outcome.rewards[np.newaxis], outcome.ended[np.newaxis])
        updates_due = self._updates_due(self.num_steps, self.num_steps + len(outcome.rewards))
        self.num_steps += len(outcome.rewards)
        losses = [self._update() for _ in range(updates_due)]
        return (
            dict(zip(("td_loss", "q_values"), np.mean(losses, axis=0).tolist(), strict=True))
            if losses
            else None
        )

    def _updates_due(self, before: int, now: int) -> int:
        """Updates between two numbers of steps."""
        interval, start = self.settings.train_interval, self.settings.learning_starts
        return max(0, now - start) // interval - max(0, before - start) // interval

    def _update(self) -> tuple[float, float]:
        """Learn from a number of remembered steps; the loss and the mean of Q."""
        steps = self.replay.sample(self.settings.batch_size, self.generator)
        target = self._targets(steps)
        seen = self._tensor(self._normalized(steps["observations"]))
        actions = self._tensor(steps["actions"]).unsqueeze(-1)
        q_values = self.network.scores(seen).gather(-1, actions).squeeze(-1)
        loss = self._descend([smooth_l1_loss(q_values, target)], self.settings.max_grad_norm)
        self.num_updates += 1
        if self.num_updates % self.settings.target_interval == 0:
            self.weights_replaced()
        return loss, q_values.mean().item()

    def _targets(self, steps: Mapping[str, Any]) -> Tensor:
        """What Q of each step is to be, shape (steps,)."""
        rewards = steps["rewards"]
        if self.reward_scaler is not None:
            rewards = self.reward_scaler.scaled(rewards)
        discount = np.where(steps["terminated"], 0.0, self.gamma)
        with torch.no_grad():
            seen = self._tensor(self._normalized(steps["next_observations"]))
            scores = mask_logits(self.network.scores(seen), self._tensor(steps["next_allowed"]))
            following = self.target.scores(seen).gather(-1, scores.argmax(dim=-1, keepdim=True)).squeeze(-1)
            earned, discounts = (self._tensor(column.astype(np.float32)) for column in (rewards, discount))
            return earned + discounts * following
