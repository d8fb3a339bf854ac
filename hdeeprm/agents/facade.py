"""The environment as agents see it: the methods that HDeepRM's environment has always had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .base import Mask, Observation

if TYPE_CHECKING:
    from hdeeprm.env import WorkloadManagementEnv
    from hdeeprm.simulator.protocol import Records


class AgentEnvironment:
    """An environment at one decision point after the other; begun by :meth:`reset`.

    Args:
        env: The Gymnasium environment behind it.
    """

    def __init__(self, env: WorkloadManagementEnv) -> None:
        self.env = env
        self.over = False
        self._observation: Observation = np.empty(0, np.float32)
        self._reward = 0.0
        self._steps: list[tuple[Records, int]] = []

    @property
    def action_space(self) -> Any:
        """The actions, a ``Discrete`` space."""
        return self.env.action_space

    @property
    def observation_space(self) -> Any:
        """The observations, a ``Box`` space."""
        return self.env.observation_space

    @property
    def action_size(self) -> int:
        """Number of actions."""
        return self.env.actions.num_actions

    @property
    def action_names(self) -> tuple[str, ...]:
        """Name of every action."""
        return self.env.actions.names

    @property
    def has_pairs(self) -> bool:
        """Whether the actions are selection pairs, of which none but void is ever masked."""
        return self.env.experiment_options.env.actions.type == "pairs"

    @property
    def observation_size(self) -> int:
        """Number of values of an observation."""
        return int(np.prod(self.observation_space.shape))

    @property
    def now(self) -> float:
        """Simulated time in s since the first submission."""
        return self.env.simulator.now

    def reset(self, seed: int | None = None, first_job: int | None = None) -> None:
        """Go to the first decision point of a new episode.

        Args:
            seed: As of the environment's ``reset``.
            first_job: Job at which the window starts; None leaves that to the options.
        """
        options = None if first_job is None else {"first_job": first_job}
        self._observation, _ = self.env.reset(seed=seed, options=options)
        self._reward, self.over = 0.0, False
        self._steps.clear()

    def observation(self) -> Observation:
        """What the environment shows at this decision point."""
        return self._observation

    def reward(self) -> float:
        """What the last step earned; 0 before the first one."""
        return self._reward

    def action_mask(self) -> Mask:
        """Which actions are allowed at this decision point: int8, shape (actions,), 1 where allowed."""
        return self.env.action_masks()

    def step(self, action: int) -> None:
        """Apply an action and go to the next decision point, or to the end of the episode.

        Raises:
            AgentError: If the action is outside the action space.
            SimulationError: If the episode is over.
        """
        applied = self.env.allowed_action(action)
        self._observation, self._reward, terminated, truncated, _ = self.env.step(applied)
        self.over = terminated or truncated
        self._steps.append((self.env.simulator.last_decision(), applied))

    def steps_taken(self) -> list[tuple[Records, int]]:
        """Record and action of each step since this was last asked."""
        steps, self._steps = self._steps, []
        return steps
