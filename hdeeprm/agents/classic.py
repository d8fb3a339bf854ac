"""Agents that learn nothing: one selection pair for ever, or any allowed action."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.errors import AgentError, OptionsError
from hdeeprm.selections import SelectionPair

from .base import Agent, Mask, Observation

if TYPE_CHECKING:
    from .facade import AgentEnvironment


class ClassicAgent(Agent):
    """Takes the same action at every decision, the first one by default.

    Args:
        policy_pair: Number of the action, or its name, such as ``"first-high_gflops"``, whose number is
            looked up when an episode begins.

    Attributes:
        action: Number of the action; its name until the first episode has begun.
    """

    def __init__(self, policy_pair: int | str = 0) -> None:
        super().__init__()
        self.policy_pair = policy_pair
        self.action = policy_pair

    def begin(self, environment: AgentEnvironment) -> None:
        """Look up the number that the action has in this environment.

        Raises:
            AgentError: If the environment has no action of that name.
        """
        if isinstance(self.policy_pair, str):
            self.action = _action_number(self.policy_pair, environment.action_names)

    def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
        """The one action; where it is masked, the first allowed one, as the environment would take."""
        if action_mask is not None and self.action in np.flatnonzero(action_mask == 0).tolist():
            return int(action_mask.argmax())
        return self.action  # type: ignore[return-value]  # a name is refused as any wrong answer is


class RandomAgent(Agent):
    """Takes any allowed action, each equally likely."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__()
        self._rng = rng

    def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
        """An allowed action."""
        if action_mask is None:
            raise AgentError("RandomAgent draws among the actions of a mask; give it action_mask")
        allowed = np.flatnonzero(action_mask)
        return int(allowed[self._rng.integers(len(allowed))])


def _action_number(name: str, names: tuple[str, ...]) -> int:
    """Number of the action of a name or of an alias of it."""
    try:
        return names.index(name if name in names else SelectionPair.parse(name).name)
    except OptionsError as error:
        raise AgentError(f"ClassicAgent: {error}") from None
    except ValueError:
        raise AgentError(
            f"ClassicAgent: {name!r} is not among the actions of the environment ({', '.join(names)}); "
            "add it to env.actions.selection or name one of these"
        ) from None
