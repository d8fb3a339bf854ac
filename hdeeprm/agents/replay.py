"""The steps that were made last, to draw from at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hdeeprm.errors import AgentError

from .advantages import BoolArray, IntArray
from .experience import Outcome
from .networks import Shape
from .normalization import Observations
from .stored import array_like, whole


class ReplayBuffer:
    """A ring of steps; once it is full, the oldest give way.

    Each step has ``observations``, ``actions``, ``rewards``, ``next_observations`` (where the action led to,
    before any reset), ``next_allowed`` (what is allowed there) and ``terminated``.

    Args:
        capacity: Steps that it holds at most.
        shape: Sizes of observations and actions.
    """

    def __init__(self, capacity: int, shape: Shape) -> None:
        self.capacity = capacity
        self.size = 0
        self._next = 0
        # Memory that was never written to is not taken, so that a large ring costs only what it holds.
        self._arrays: dict[str, npt.NDArray[Any]] = {
            "observations": np.empty((capacity, shape.observation_size), np.float32),
            "actions": np.empty(capacity, np.int64),
            "rewards": np.empty(capacity, np.float64),
            "next_observations": np.empty((capacity, shape.observation_size), np.float32),
            "next_allowed": np.empty((capacity, shape.num_actions), np.bool_),
            "terminated": np.empty(capacity, np.bool_),
        }

    def add(self, observations: Observations, actions: IntArray, outcome: Outcome) -> None:
        """Remember a step of each environment.

        Raises:
            ValueError: If there are more environments than room.
        """
        added = len(actions)
        if added > self.capacity:
            raise ValueError(f"{added} environments fill more than the {self.capacity} steps of the buffer")
        places = (self._next + np.arange(added)) % self.capacity
        self._arrays["observations"][places] = observations
        self._arrays["actions"][places] = actions
        self._arrays["rewards"][places] = outcome.rewards
        self._arrays["next_observations"][places] = outcome.final_observations
        self._arrays["next_allowed"][places] = _allowed_next(outcome)
        self._arrays["terminated"][places] = outcome.terminated
        self._next = (self._next + added) % self.capacity
        self.size = min(self.size + added, self.capacity)

    def sample(self, size: int, generator: torch.Generator) -> dict[str, npt.NDArray[Any]]:
        """Steps drawn at random, with repetition, by name; arrays of shape (size, ...)."""
        places = torch.randint(self.size, (size,), generator=generator).numpy()
        return {name: array[places] for name, array in self._arrays.items()}

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds: the steps in it and where the next one goes."""
        steps = {name: torch.tensor(array[: self.size]) for name, array in self._arrays.items()}
        return {"steps": steps, "next": self._next}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint holds, of a buffer of the same capacity.

        Raises:
            AgentError: If it does not fit.
        """
        position, steps = whole(state["next"]), state["steps"]
        size = len(steps["actions"])
        if position >= self.capacity or size > self.capacity:
            raise AgentError(f"{size} steps, the next at {position}, do not fit a buffer of {self.capacity}")
        saved = {name: array_like(steps[name], array, size) for name, array in self._arrays.items()}
        self._next, self.size = position, size
        for name, array in saved.items():
            self._arrays[name][:size] = array


def _allowed_next(outcome: Outcome) -> BoolArray:
    """What is allowed where the actions led to, shape (N, actions)."""
    if outcome.final_masks is not None:
        return np.not_equal(outcome.final_masks, 0)
    return np.logical_or(outcome.next_masks, outcome.cut[:, np.newaxis])
