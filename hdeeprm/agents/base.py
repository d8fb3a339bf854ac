"""What every agent offers, by the method names that HDeepRM has always had."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .facade import AgentEnvironment

Observation = npt.NDArray[np.float32]
Mask = npt.NDArray[np.int8]


class Agent(ABC):
    """Observes an environment, decides, alters the environment and is rewarded, again and again.

    At each decision point the launcher calls :meth:`observe`, :meth:`decide`, :meth:`alter` and
    :meth:`rewarded` in this order; :meth:`begin` comes before the first. Only ``decide`` has to be written,
    as ``decide(self, observation, action_mask)`` or as ``decide(self, observation)``. The latter is asked
    again while it answers with masked actions.

    Attributes:
        rewards: Rewards of the episode so far, in agents that learn.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rewards: list[float] = []

    def begin(self, environment: AgentEnvironment) -> None:  # noqa: B027  (need not be written)
        """A new episode begins; its first decision point is what the environment shows."""

    def observe(self, environment: AgentEnvironment) -> Observation:
        """What :meth:`decide` is to be told: the environment's observation."""
        return environment.observation()

    @abstractmethod
    def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
        """Choose an action.

        Args:
            observation: What :meth:`observe` returned; the environment's is float32, shape (size,).
            action_mask: 1 where an action is allowed, int8, shape (actions,); None allows all.

        Returns:
            The number of an action.
        """

    def alter(self, action: int, environment: AgentEnvironment) -> None:
        """Apply the action: the environment takes a step, to the next decision point."""
        environment.step(action)

    def rewarded(self, environment: AgentEnvironment) -> None:  # noqa: B027
        """The action has been applied; ``environment.reward()`` is what it earned."""

    def constrain(self, action_mask: Mask) -> None:  # noqa: B027
        """Tell which actions are allowed, before a ``decide`` that takes no mask is called."""

    def preferences(self, observation: Observation, action_mask: Mask) -> npt.NDArray[np.float64] | None:
        """Probability that the decision just taken gave to each action, shape (actions,); None without any.

        Args:
            observation: As :meth:`decide` was told.
            action_mask: 1 where an action was allowed.
        """
        return None

    def mark(self) -> Mapping[str, int]:
        """How much is saved for learning, so that :meth:`take_back` can return to it."""
        return {}

    def take_back(self, mark: Mapping[str, int]) -> None:  # noqa: B027
        """Forget what was saved since a mark, because the answer that it belongs to was refused."""
