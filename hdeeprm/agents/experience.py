"""What was seen, done and earned, step by step in environments side by side, until it is learned from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from .advantages import BoolArray, FloatArray, IntArray
from .networks import Shape
from .normalization import Observations
from .stored import array_like

Masks = npt.NDArray[np.int8]


class Outcome(NamedTuple):
    """What became of one action in each of N environments, each reset at once where its episode ended."""

    rewards: FloatArray  # (N,)
    terminated: BoolArray  # the episode came to its own end, (N,)
    truncated: BoolArray  # a limit cut the episode, (N,)
    next_observations: Observations  # what to act upon next: of a new episode where one ended, (N, size)
    final_observations: Observations  # where the actions led to, before any reset, (N, size)
    next_masks: Masks  # allowed actions at next_observations, (N, actions)
    final_masks: Masks | None = (
        None  # allowed ones at final_observations; None: all, where an episode was cut
    )

    @property
    def ended(self) -> BoolArray:
        """Whether the episode ended, by itself or by a limit, shape (N,)."""
        return self.terminated | self.truncated

    @property
    def cut(self) -> BoolArray:
        """Whether a limit alone ended the episode, so that something would have followed, shape (N,)."""
        return self.truncated & ~self.terminated


class Experience:
    """Steps in the order in which they were made; arrays of shape (steps, environments, ...).

    A step begins with :meth:`add_choice` and counts once :meth:`add_outcome` has completed it.

    Args:
        num_envs: Environments side by side.
        shape: Sizes of observations and actions.
        capacity: Steps that there is room for at first; it doubles when it is used up.
    """

    def __init__(self, num_envs: int, shape: Shape, capacity: int) -> None:
        self.num_steps = 0
        self.is_pending = False  # a choice waits for its outcome
        self._arrays: dict[str, npt.NDArray[Any]] = {
            "observations": np.zeros((capacity, num_envs, shape.observation_size), np.float32),
            "allowed": np.zeros((capacity, num_envs, shape.num_actions), np.bool_),
            "actions": np.zeros((capacity, num_envs), np.int64),
            "rewards": np.zeros((capacity, num_envs), np.float64),
            "terminated": np.zeros((capacity, num_envs), np.bool_),
            "ended": np.zeros((capacity, num_envs), np.bool_),
        }

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """The completed steps' ``observations``, ``allowed`` actions, ``actions``, ``rewards`` and so on."""
        return self._arrays[name][: self.num_steps]

    def add_choice(self, observations: Observations, allowed: BoolArray, actions: IntArray) -> None:
        """Begin a step; a choice whose outcome never came is forgotten."""
        if self.num_steps == len(self._arrays["actions"]):
            self._grow()
        step = self.num_steps
        self._arrays["observations"][step] = observations
        self._arrays["allowed"][step] = allowed
        self._arrays["actions"][step] = actions
        self.is_pending = True

    def add_outcome(self, outcome: Outcome) -> None:
        """Complete the step."""
        step = self.num_steps
        self._arrays["rewards"][step] = outcome.rewards
        self._arrays["terminated"][step] = outcome.terminated
        self._arrays["ended"][step] = outcome.ended
        self.num_steps += 1
        self.is_pending = False

    def clear(self) -> None:
        """Forget everything."""
        self.num_steps = 0
        self.is_pending = False

    def drop(self, steps: int) -> None:
        """Forget the oldest steps."""
        kept = self.num_steps - steps
        for array in self._arrays.values():
            array[:kept] = array[steps : self.num_steps].copy()
        self.num_steps = kept

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds: the completed steps."""
        return {name: torch.tensor(self[name]) for name in self._arrays}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint holds."""
        num_steps = len(state["actions"])
        saved = {name: array_like(state[name], array, num_steps) for name, array in self._arrays.items()}
        self.num_steps = num_steps
        self.is_pending = False
        while len(self._arrays["actions"]) < self.num_steps:
            self._grow()
        for name, array in saved.items():
            self[name][...] = array

    def _grow(self) -> None:
        for name, array in self._arrays.items():
            self._arrays[name] = np.concatenate((array, np.zeros_like(array)))
