"""What every agent offers."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt


class Agent(ABC):
    """Chooses an action at each decision point."""

    @abstractmethod
    def decide(self, observation: npt.NDArray[np.float32], action_mask: npt.NDArray[np.int8]) -> int:
        """Choose an action.

        Args:
            observation: What the environment shows, float32 in [0, 1], shape (size,).
            action_mask: 1 where an action is allowed, int8, shape (actions,).

        Returns:
            The number of an action.
        """
