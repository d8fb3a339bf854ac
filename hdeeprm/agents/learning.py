"""The agents that plug-ins are derived from: PyTorch modules that learn a policy, values or both.

The launcher builds a plug-in's class as ``Class(gamma, hidden, action_size, observation_size)``; REINFORCE is
such a constructor and ``forward_policy``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from .base import Agent, Mask, Observation
from .probabilities import checked, restricted
from .steps import StepNames

if TYPE_CHECKING:
    from .facade import AgentEnvironment

EPISODE_LISTS = ("rewards", "log_probs", "values")
"""What is saved for the loss of an episode, one item for each decision."""
SMALLEST_SCALE = float(np.finfo(np.float32).eps)
"""Added to the standard deviation of the rewards, which may be 0."""


class LearningAgent(StepNames, Agent, nn.Module):
    """Learns from its rewards at the end of each episode.

    Args:
        gamma: Discount factor of rewards, from 0 to 1.

    Attributes:
        gamma: Discount factor.
        rewards: Rewards of the episode so far.
        training: Whether it explores and saves what a loss needs: ``train()`` and ``eval()`` switch.
    """

    def __init__(self, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma
        self._before_episodes: Mapping[str, int] | None = None

    def begin(self, environment: AgentEnvironment) -> None:
        """Forget the episode before."""
        if self._before_episodes is None:
            self._before_episodes = self.mark()
        self.forget()

    def rewarded(self, environment: AgentEnvironment) -> None:
        """Add what the action earned to :attr:`rewards`."""
        self.rewards.append(environment.reward())

    def forget(self) -> None:
        """Clear what was saved for the loss of an episode.

        Other lists of the agent go back to the length that they had before the first episode.
        """
        self.take_back({**(self._before_episodes or {}), **dict.fromkeys(EPISODE_LISTS, 0)})

    def mark(self) -> Mapping[str, int]:
        """Lengths of all lists that the agent has as attributes."""
        return {name: len(value) for name, value in vars(self).items() if type(value) is list}

    def take_back(self, mark: Mapping[str, int]) -> None:
        """Cut lists to the lengths of a mark."""
        for name, length in mark.items():
            del vars(self).get(name, [])[length:]

    def loss(self) -> Tensor:
        """What an optimizer is to lower after an episode; for subclasses to define."""
        raise NotImplementedError(f"{type(self).__name__} defines no loss()")

    def transform_rewards(self) -> list[float]:
        """Discounted rewards to go, scaled to mean 0 and standard deviation 1 where there are several."""
        discounted = np.empty(len(self.rewards))
        to_go = 0.0
        for index in reversed(range(len(self.rewards))):
            discounted[index] = to_go = self.rewards[index] + self.gamma * to_go
        if len(discounted) > 1:
            discounted = (discounted - discounted.mean()) / (discounted.std(ddof=1) + SMALLEST_SCALE)
        return [float(value) for value in discounted]


class PolicyLearningAgent(LearningAgent):
    """Learns a probability for each action; subclasses define :meth:`forward_policy`.

    Masked actions get probability 0. In training an action is drawn; else the most probable one is taken.

    Attributes:
        log_probs: Logarithm of the probability of each action taken, for the loss.
    """

    def __init__(self, gamma: float) -> None:
        super().__init__(gamma)
        self.log_probs: list[Tensor] = []
        self._action_mask: Mask | None = None
        self._probabilities: Tensor | None = None

    def begin(self, environment: AgentEnvironment) -> None:
        """Forget the episode before."""
        super().begin(environment)
        self._action_mask = np.ones(environment.action_size, np.int8)

    def constrain(self, action_mask: Mask) -> None:
        """Let :meth:`get_action` leave out masked actions from now on."""
        self._action_mask = action_mask

    def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
        """Take the observation forward to probabilities, and get an action by them."""
        if action_mask is not None:
            self.constrain(action_mask)
        with torch.set_grad_enabled(self.training and torch.is_grad_enabled()):
            return self.get_action(self.process(observation))

    def forward(self, observation: Any) -> Any:
        """Probabilities of the actions at an observation, shape (1, actions)."""
        return self._step_named("process", observation, self._policy_step)

    def process(self, observation: Any) -> Any:
        """The same as :meth:`forward`, by the name of HDeepRM 0.1 and 0.2."""
        return self._step_named("forward", observation, self._policy_step)

    def _policy_step(self, observation: Any) -> Tensor:
        return self.forward_policy(_batch_of_one(observation))

    def forward_policy(self, observation: Tensor) -> Tensor:
        """Probabilities of the actions, shape (1, actions); for subclasses to define.

        Args:
            observation: float32, shape (1, size).
        """
        raise NotImplementedError(f"{type(self).__name__} defines no forward_policy(observation)")

    def get_action(self, probabilities: Tensor) -> int:
        """Draw an action, in training, and save its log probability; else the most probable one.

        Args:
            probabilities: Of each action, shape (1, actions); they need not sum to 1.

        Raises:
            AgentError: If these are not the probabilities of the environment's actions.
        """
        num_actions = None if self._action_mask is None else len(self._action_mask)
        allowed = restricted(checked(probabilities, num_actions, type(self)), self._action_mask)
        self._probabilities = allowed.detach()
        if not self.training:
            return int(self._probabilities.argmax())
        distribution = torch.distributions.Categorical(allowed, validate_args=False)
        action = distribution.sample()  # type: ignore[no-untyped-call]
        self.save_log_prob(distribution.log_prob(action))  # type: ignore[no-untyped-call]
        return int(action)

    def preferences(self, observation: Observation, action_mask: Mask) -> npt.NDArray[np.float64] | None:
        """Probabilities at the last decision, masked actions 0; None before the first."""
        if self._probabilities is None:
            return None
        return self._probabilities.reshape(-1).double().cpu().numpy()

    def save_log_prob(self, log_prob: Tensor) -> None:
        """Keep the log probability of an action for the loss."""
        self.log_probs.append(log_prob)

    def policy_loss(self, rews_or_advs: Iterable[Any]) -> list[Tensor]:
        """Loss of each decision: - log probability x transformed reward, or advantage [Williams 1992]."""
        return [-log_prob * weight for log_prob, weight in zip(self.log_probs, rews_or_advs, strict=False)]

    def loss(self) -> Tensor:
        """Sum of the policy losses under the transformed rewards."""
        return _sum(self.policy_loss(self.transform_rewards()))


class ValueLearningAgent(LearningAgent):
    """Learns the value of observations; subclasses define :meth:`forward_value` and ``decide``.

    Attributes:
        values: Value estimated at each decision, for the loss.
    """

    def __init__(self, gamma: float) -> None:
        super().__init__(gamma)
        self.values: list[Tensor] = []

    def forward(self, observation: Any) -> Any:
        """Value of an observation, one element."""
        return self._step_named("process", observation, self._value_step)

    def process(self, observation: Any) -> Any:
        """The same as :meth:`forward`, by the name of HDeepRM 0.1 and 0.2."""
        return self._step_named("forward", observation, self._value_step)

    def _value_step(self, observation: Any) -> Tensor:
        return self.forward_value(_batch_of_one(observation))

    def forward_value(self, observation: Tensor) -> Tensor:
        """Value of an observation, shape (1, 1); for subclasses to define.

        Args:
            observation: float32, shape (1, size).
        """
        raise NotImplementedError(f"{type(self).__name__} defines no forward_value(observation)")

    def save_value(self, value: Tensor) -> None:
        """Keep an estimated value for the loss; nothing out of training."""
        if self.training:
            self.values.append(value)

    def value_loss(self, rews: Iterable[float]) -> list[Tensor]:
        """Huber loss of each estimated value against the transformed reward."""
        return [
            functional.smooth_l1_loss(value.reshape(1), value.new_tensor([reward]))
            for value, reward in zip(self.values, rews, strict=False)
        ]

    def loss(self) -> Tensor:
        """Sum of the value losses under the transformed rewards."""
        return _sum(self.value_loss(self.transform_rewards()))


def _batch_of_one(observation: Any) -> Tensor:
    tensor = torch.as_tensor(observation, dtype=torch.float32)
    return tensor.unsqueeze(0) if tensor.dim() == 1 else tensor


def _sum(losses: list[Tensor]) -> Tensor:
    return torch.cat([loss.reshape(-1) for loss in losses]).sum()
