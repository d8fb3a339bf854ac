"""REINFORCE: what was done in good episodes becomes likelier.

[Williams 1992, "Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning"],
with masked actions  [Huang & Ontañón 2022].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hdeeprm.errors import OptionsError

from .advantages import BoolArray, FloatArray, discounted_returns, step_numbers
from .distributions import entropy, log_softmax, of_actions
from .experience import Experience, Outcome
from .learner import PIECE_ROWS
from .on_policy import PolicyLearner
from .settings import PATH, LearnerSettings, choice, integer, number, switch
from .stored import array_like, entry, whole

FIRST_CAPACITY = 256  # steps; room grows with the episodes


@dataclass(frozen=True)
class ReinforceSettings(LearnerSettings):
    """Settings of REINFORCE."""

    episodes_per_update: int = integer(8)
    """Episodes that have to end before they are learned from."""

    baseline: str = choice("mean", "position", "none")
    """What returns are compared with: their "mean" over the batch; the mean of those from steps at the same
    "position" in their episodes, which takes episodes that are alike and at least 2 of them; or "none"."""

    normalize_returns: bool = switch(True)
    """Whether returns, the baseline taken off, are divided by their standard deviation over the batch."""

    entropy_coef: float = number(0.0, at_least=0)
    """Weight of the policy's entropy, which keeps it exploring."""

    max_grad_norm: float = number(0.5, above=0)
    """Gradients longer than this are scaled down to it."""

    def __post_init__(self) -> None:
        """Refuse values out of range, and a baseline that would always be the return itself.

        Raises:
            OptionsError: One line for each.
        """
        super().__post_init__()
        if self.baseline == "position" and self.episodes_per_update < 2:
            raise OptionsError(
                f'{PATH}.episodes_per_update: an integer at least 2 is wanted with baseline "position"; '
                f"{self.episodes_per_update} was given"
            )


class Reinforce(PolicyLearner):
    """REINFORCE.

    Once enough episodes have ended, one update goes one step down, over all of their steps,

        mean of  -log pi(a|s) (G - b)  -  entropy_coef H(pi(.|s))

    where G is the discounted sum of the rewards from the step to the end of its episode and b the baseline.
    An episode that a limit cut counts as ended there. Episodes still going on are learned from, whole, in the
    update after they end.

    Losses: ``policy_loss`` and ``entropy``, the means of the two terms.
    """

    name = "reinforce"
    Settings = ReinforceSettings
    settings: ReinforceSettings
    estimates_values = False

    def __init__(self, *args: Any, **arguments: Any) -> None:
        super().__init__(*args, **arguments)
        self.experience = Experience(self.num_envs, self.shape, FIRST_CAPACITY)
        self._begun = np.zeros(self.num_envs, np.int64)  # first step in memory that was not learned from
        self._num_ended = 0

    @property
    def at_boundary(self) -> bool:
        """Whether no action waits for its outcome; episodes that have begun are saved."""
        return not self.experience.is_pending

    def training_state(self) -> dict[str, Any]:
        """What it takes to go on, the episodes that have begun among it."""
        return super().training_state() | {
            "experience": self.experience.state(),
            "begun": torch.tensor(self._begun),
            "num_ended": self._num_ended,
        }

    def load_training_state(self, state: Mapping[str, Any]) -> None:
        """Go on training in the midst of the episodes that had begun."""
        super().load_training_state(state)
        with entry(state, "experience") as saved:
            self.experience.load(saved)
        with entry(state, "begun") as saved:
            self._begun = array_like(saved, self._begun)
        with entry(state, "num_ended") as saved:
            self._num_ended = whole(saved)

    def _learn(self, outcome: Outcome) -> dict[str, float] | None:
        self.experience.add_outcome(outcome)
        if self.reward_scaler is not None:
            self.reward_scaler.update(outcome.rewards[np.newaxis], outcome.ended[np.newaxis])
        self._num_ended += int(outcome.ended.sum())
        if self._num_ended < self.settings.episodes_per_update:
            return None
        losses = self._update()
        self.num_updates += 1
        self._num_ended = 0
        return losses

    def _update(self) -> dict[str, float]:
        """Learn from the episodes that have ended, and forget them."""
        steps = self.experience
        row = np.arange(steps.num_steps)[:, np.newaxis]
        after_last = np.where(steps["ended"], row + 1, 0).max(axis=0)  # 0: none ended in that environment
        learned = (row >= self._begun) & (row < after_last)
        columns = [steps[name][learned] for name in ("observations", "allowed", "actions")]
        columns.append(self._advantages(learned).astype(np.float32))
        losses: list[Tensor] = []
        self._descend(
            self._losses([self._tensor(column) for column in columns], losses), self.settings.max_grad_norm
        )
        self._begun = np.maximum(self._begun, after_last)
        forgotten = int(self._begun.min())
        steps.drop(forgotten)
        self._begun -= forgotten
        policy_loss, mean_entropy = torch.stack(losses).sum(dim=0).tolist()
        return {"policy_loss": policy_loss, "entropy": mean_entropy}

    def _advantages(self, learned: BoolArray) -> FloatArray:
        """Returns of the steps learned from, the baseline taken off, shape (steps learned from,)."""
        rewards, ended = self.experience["rewards"], self.experience["ended"]
        scaled = self.reward_scaler.scaled(rewards) if self.reward_scaler else rewards
        returns = discounted_returns(scaled, ended, self.gamma)[learned]
        if self.settings.baseline == "mean":
            returns = returns - returns.mean()
        elif self.settings.baseline == "position":
            position = step_numbers(ended)[learned]
            returns = returns - (np.bincount(position, returns) / np.bincount(position))[position]
        deviation = returns.std() if self.settings.normalize_returns else 1.0
        return np.asarray(returns / deviation if deviation > 0 else returns)

    def _losses(self, columns: list[Tensor], noted: list[Tensor]) -> Iterator[Tensor]:
        """The loss, in parts that add up to it; what they consist of is noted."""
        num_rows = len(columns[0])
        for observations, allowed, actions, advantages in zip(
            *(torch.split(column, PIECE_ROWS) for column in columns), strict=True
        ):
            log_policy = log_softmax(self.network.scores(observations), allowed)
            policy_loss = -(of_actions(log_policy, actions) * advantages).sum() / num_rows
            share_of_entropy = entropy(log_policy, allowed).sum() / num_rows
            noted.append(torch.stack((policy_loss, share_of_entropy)).detach())
            yield policy_loss - self.settings.entropy_coef * share_of_entropy
