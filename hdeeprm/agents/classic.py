"""Agents that learn nothing: one selection pair for ever, or any allowed action."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .base import Agent


class ClassicAgent(Agent):
    """Takes the same action at every decision, the first one by default."""

    def __init__(self, action: int = 0) -> None:
        self.action = action

    def decide(self, observation: npt.NDArray[np.float32], action_mask: npt.NDArray[np.int8]) -> int:
        """The one action."""
        return self.action


class RandomAgent(Agent):
    """Takes any allowed action, each equally likely."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def decide(self, observation: npt.NDArray[np.float32], action_mask: npt.NDArray[np.int8]) -> int:
        """An allowed action."""
        allowed = np.flatnonzero(action_mask)
        return int(allowed[self._rng.integers(len(allowed))])
