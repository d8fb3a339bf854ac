"""What the built-in learners share: act, learn from what came of it, and be saved."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hdeeprm.errors import AgentError, OptionsError, TrainingDiverged

from .advantages import BoolArray, FloatArray, IntArray
from .base import Agent
from .distributions import mask_logits
from .experience import Masks, Outcome
from .networks import POLICY_GAIN, Network, Shape, build_network
from .normalization import ObservationNormalizer, Observations, RewardScaler
from .settings import LearnerSettings, Range, checked_seed
from .stored import array_like, entry, load_optimizer, whole

__all__ = ["Learner", "Outcome", "Shape"]

MAX_HIDDEN = 65536
PIECE_ROWS = 1024
"""Rows that go through a network together where all of them would need too much memory."""


class Learner(Agent, ABC):
    """An agent that learns in a number of environments side by side.

    The trainer calls :meth:`act`, alters the environments and calls :meth:`learn`, again and again. N is the
    number of environments. The same seed, settings and outcomes give the same weights, bit for bit.

    Args:
        shape: Sizes of observations and actions.
        gamma: Discount of rewards per decision, from 0 to 1.
        lr: Learning rate, above 0 and at most 1.
        hidden: Units in each layer of the network.
        num_envs: Environments side by side.
        seed: Of the first weights and of all draws.
        settings: The algorithm's own, as ``agent.settings`` of options.json; see its ``Settings``.
        normalize_observations: Whether the network sees observations in standard deviations from their mean.
        normalize_rewards: Whether rewards are divided by the standard deviation of returns.
        device: Where the network is, ``"cpu"`` or ``"cuda"``.

    Raises:
        OptionsError: One line for each argument and setting out of range.
    """

    name: ClassVar[str]
    Settings: ClassVar[type[LearnerSettings]]
    score_gain: ClassVar[float] = POLICY_GAIN
    estimates_values: ClassVar[bool] = True
    adam_epsilon: ClassVar[float] = 1e-5  # [Huang et al. 2022, "The 37 implementation details of PPO", 3]

    def __init__(
        self,
        shape: Shape,
        *,
        gamma: float,
        lr: float,
        hidden: int,
        num_envs: int,
        seed: int,
        settings: Mapping[str, Any] | None = None,
        normalize_observations: bool = False,
        normalize_rewards: bool = True,
        device: str = "cpu",
    ) -> None:
        super().__init__()
        _check_numbers(gamma, lr, hidden)
        self.settings = self.Settings.read(settings or {})
        torch.set_num_threads(1)  # small networks gain nothing from more, and sums keep their order
        self.shape, self.gamma, self.lr, self.num_envs = shape, gamma, lr, num_envs
        self.device = torch.device(device)
        self.num_updates = 0
        self.generator = torch.Generator().manual_seed(checked_seed(seed))
        self.network = self._new_network(hidden).to(self.device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr, eps=self.adam_epsilon, fused=True)
        self.normalizer = ObservationNormalizer(shape) if normalize_observations else None
        self.reward_scaler = RewardScaler(num_envs, gamma) if normalize_rewards else None

    def act(self, observations: Observations, action_masks: Masks) -> IntArray:
        """Choose an action in each environment, explore, and remember.

        Args:
            observations: float32, shape (N, size).
            action_masks: 1 where an action is allowed, at least once in each row, int8, shape (N, actions).

        Returns:
            Numbers of allowed actions, shape (N,).
        """
        self.watch(observations)
        with torch.inference_mode():
            return self._act(observations, action_masks != 0)

    def learn(self, outcome: Outcome) -> dict[str, float] | None:
        """Take in what became of the last :meth:`act`.

        Returns:
            Losses by name where this led to an update, else None.

        Raises:
            TrainingDiverged: If a reward, a loss or a gradient is not finite. The weights are still those
                from before the step that would have spoilt them.
        """
        self._require_finite("reward", float(outcome.rewards.sum()))
        return self._learn(outcome)

    def greedy(self, observations: Observations, action_masks: Masks) -> IntArray:
        """The best action in each environment, shape (N,); nothing is drawn or remembered."""
        with torch.inference_mode():
            return self._numpy(self._logits(observations, action_masks != 0).argmax(dim=-1))

    def decide(self, observation: Observations, action_mask: Masks | None = None) -> int:
        """The best action for one observation."""
        mask = np.ones(self.shape.num_actions, np.int8) if action_mask is None else action_mask
        return int(self.greedy(observation[np.newaxis], mask[np.newaxis])[0])

    def preferences(self, observation: Observations, action_mask: Masks) -> FloatArray:
        """:meth:`probabilities` for one observation, shape (actions,)."""
        return np.asarray(self.probabilities(observation[np.newaxis], action_mask[np.newaxis])[0])

    @abstractmethod
    def probabilities(self, observations: Observations, action_masks: Masks) -> FloatArray:
        """How likely :meth:`act` is to choose each action, shape (N, actions)."""

    def logits(self, observations: Tensor, action_masks: Tensor) -> Tensor:
        """Scores of the actions, -inf where one is not allowed, shape (rows, actions); with gradients."""
        return self._logits(observations.cpu().numpy(), action_masks.cpu().numpy() != 0)

    def watch(self, observations: Observations) -> None:
        """Take observations into account in their running mean and variance, where they are normalized."""
        if self.normalizer is not None:
            self.normalizer.update(observations)

    @property
    def at_boundary(self) -> bool:
        """Whether :meth:`training_state` holds all that there is, so that training can go on from it."""
        return True

    # What is saved ---------------------------------------------------------------------------------------

    def model_state(self) -> dict[str, Any]:
        """What it takes to decide: weights, and the statistics of normalization."""
        return {
            "model_state_dict": copied(self.network.state_dict()),
            "normalization": {
                "observations": self.normalizer.state() if self.normalizer else None,
                "rewards": self.reward_scaler.moments.state() if self.reward_scaler else None,
            },
        }

    def load_model_state(self, state: Mapping[str, Any]) -> None:
        """Decide as the learner did whose :meth:`model_state` this is; its statistics take their place too.

        Raises:
            AgentError: If the weights are of another network, or not finite.
        """
        with entry(state, "model_state_dict") as weights:
            self._load_weights(weights)
        with entry(state, "normalization") as statistics:
            self._load_statistics(statistics)
        self.weights_replaced()

    def _load_weights(self, weights: Mapping[str, Tensor]) -> None:
        if not all(torch.isfinite(weight).all() for weight in weights.values()):
            raise AgentError(f"the weights of {self.name} are not finite; take an older checkpoint")
        try:
            self.network.load_state_dict(weights)
        except RuntimeError as error:
            raise AgentError(f"the weights do not fit {self.name} of {self.shape}: {error}") from None

    def _load_statistics(self, statistics: Mapping[str, Any]) -> None:
        self.normalizer = ObservationNormalizer(self.shape) if statistics["observations"] else None
        if self.normalizer is not None:
            self.normalizer.load(statistics["observations"])
        if self.reward_scaler is not None and statistics["rewards"]:
            self.reward_scaler.moments.load(statistics["rewards"])

    def training_state(self) -> dict[str, Any]:
        """What it takes to go on training to the same bits; taken where :attr:`at_boundary` holds."""
        running = self.reward_scaler.running if self.reward_scaler else np.zeros(0)
        return self.model_state() | {
            "optimizer_state_dict": copy.deepcopy(self.optimizer.state_dict()),
            "random_state": self.generator.get_state(),
            "num_updates": self.num_updates,
            "running_returns": torch.tensor(running),
        }

    def load_training_state(self, state: Mapping[str, Any]) -> None:
        """Go on training as the learner would have whose :meth:`training_state` this is.

        Raises:
            AgentError: If it is of another network, or damaged; the message names the entry.
        """
        self.load_model_state(state)
        with entry(state, "optimizer_state_dict") as saved:
            load_optimizer(self.optimizer, copy.deepcopy(saved))
        with entry(state, "random_state") as saved:
            self.generator.set_state(saved)
        with entry(state, "num_updates") as saved:
            self.num_updates = whole(saved)
        if self.reward_scaler is not None:
            with entry(state, "running_returns") as saved:
                self.reward_scaler.running = array_like(saved, self.reward_scaler.running)

    def weights_replaced(self) -> None:
        """The network's weights were set from outside."""

    # For the algorithms ----------------------------------------------------------------------------------

    @abstractmethod
    def _act(self, observations: Observations, allowed: BoolArray) -> IntArray:
        """Choose and remember."""

    @abstractmethod
    def _learn(self, outcome: Outcome) -> dict[str, float] | None:
        """Remember the outcome; update and return the losses where it is time to."""

    def _new_network(self, hidden: int) -> Network:
        return build_network(
            self.shape,
            hidden,
            self.generator,
            score_gain=self.score_gain,
            with_values=self.estimates_values,
        )

    def _normalized(self, observations: Observations) -> Observations:
        return self.normalizer.normalized(observations) if self.normalizer else observations

    def _logits(self, observations: Observations, allowed: BoolArray) -> Tensor:
        seen = self._tensor(self._normalized(observations))
        return mask_logits(self.network.scores(seen), self._tensor(allowed))

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.tensor(array, device=self.device)  # a copy, aligned: products may differ in bits if not

    @staticmethod
    def _numpy(tensor: Tensor) -> npt.NDArray[Any]:
        return np.asarray(tensor.cpu().numpy())

    def _descend(self, losses: Iterable[Tensor], max_grad_norm: float) -> float:
        """One step of the optimizer down the sum of the losses, which are computed one after the other.

        Returns:
            The sum.
        """
        self.optimizer.zero_grad()
        total = 0.0
        for loss in losses:
            total += loss.item()
            self._require_finite("loss", total)
            loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), max_grad_norm)
        self._require_finite("gradient norm", norm.item())
        self.optimizer.step()
        return total

    def _require_finite(self, quantity: str, value: float) -> None:
        if not math.isfinite(value):
            raise TrainingDiverged(
                f"{self.name}: the {quantity} is {value} at update {self.num_updates + 1}; "
                "lower agent.lr, or look for the environment's rewards and observations that are not finite"
            )


def copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors as they are now, on the CPU, whatever becomes of them later."""
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}


def _check_numbers(gamma: float, lr: float, hidden: int) -> None:
    """Refuse what no learner can work with.

    Raises:
        OptionsError: One line for each.
    """
    ranges = {
        "gamma": (gamma, Range(float, at_least=0, at_most=1)),
        "lr": (lr, Range(float, above=0, at_most=1)),
        "hidden": (hidden, Range(int, at_least=1, at_most=MAX_HIDDEN)),
    }
    wrong = [
        f"agent.{name}: {allowed.describe()} is wanted; {value!r} was given"
        for name, (value, allowed) in ranges.items()
        if not allowed.holds(value)
    ]
    if wrong:
        raise OptionsError("\n".join(wrong))
