"""Stable-Baselines3: its learners train on the vector environment, and its models decide as agents.

SB3 has a vector interface of its own and takes none of Gymnasium's. The adapter keeps one compiled call per
step.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode

from hdeeprm.agents.base import Agent, Mask, Observation
from hdeeprm.env import WorkloadManagementVectorEnv
from hdeeprm.errors import AgentError, DependencyNotInstalled

try:
    from stable_baselines3.common.vec_env import VecEnv
except ModuleNotFoundError as error:
    raise DependencyNotInstalled(
        "hdeeprm.integrations.sb3 needs Stable-Baselines3; install it with: "
        "pip install stable-baselines3 sb3-contrib"
    ) from error

if TYPE_CHECKING:
    from hdeeprm.env import WorkloadManagementEnv

Array = npt.NDArray[Any]


class SB3VecEnv(VecEnv):
    """A vector environment as SB3's learners take it.

    What SB3 wants of an ended episode is in its info: ``terminal_observation`` and ``TimeLimit.truncated``;
    ``episode_summary`` tells what its schedule came to. MaskablePPO finds the masks. Options of a reset,
    such as ``first_job``, are given with ``set_options``. For returns in SB3's logs, put its ``VecMonitor``
    around.

    Args:
        envs: The vector environment, with autoreset mode SAME_STEP.

    Raises:
        AgentError: If its mode is another one.
    """

    def __init__(self, envs: WorkloadManagementVectorEnv) -> None:
        if envs.autoreset_mode is not AutoresetMode.SAME_STEP:
            raise AgentError(
                f"SB3VecEnv: the vector environment's autoreset mode is {envs.autoreset_mode.value!r}, while "
                "SB3 wants the next episode in the same step; make it with autoreset_mode='SameStep'"
            )
        self.envs = envs
        self._actions: Array = np.zeros(0, np.int64)
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)

    def reset(self) -> Array:
        """Start an episode in each environment, with the seeds and options set before."""
        jobs = [options.get("first_job") for options in self._options]
        chosen = None if all(job is None for job in jobs) else {"first_job": jobs}
        seeds = None if all(seed is None for seed in self._seeds) else self._seeds
        observations, _ = self.envs.reset(seed=seeds, options=chosen)
        self._reset_seeds()
        self._reset_options()
        return observations

    def step_async(self, actions: Array) -> None:
        """Take note of the actions."""
        self._actions = actions

    def step_wait(self) -> tuple[Array, Array, Array, list[dict[str, Any]]]:
        """Take the step: observations, rewards in float32, ends of episodes, and an info per environment."""
        observations, rewards, terminations, truncations, infos = self.envs.step(self._actions)
        ended = terminations | truncations
        told: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for row in np.flatnonzero(ended).tolist():
            told[row] = {
                "terminal_observation": infos["final_obs"][row],
                "TimeLimit.truncated": bool(truncations[row] and not terminations[row]),
                "episode_summary": _row(infos["episode_summary"], row),
            }
        return observations, rewards.astype(np.float32), ended, told

    def close(self) -> None:
        """Close the vector environment."""
        self.envs.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the vector environment, once for each environment."""
        return [getattr(self.envs, attr_name)] * len(self._rows(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Environments side by side have no attributes of their own.

        Raises:
            AgentError: Always.
        """
        raise AgentError(f"SB3VecEnv: {attr_name!r} cannot be set; make another vector environment")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **arguments: Any) -> list[Any]:
        """What a method of the vector environment returns, such as ``action_masks``, row by row."""
        result = getattr(self.envs, method_name)(*args, **arguments)
        return [result[row] for row in self._rows(indices)]

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """Environments side by side are in no wrappers of their own."""
        return [False] * len(self._rows(indices))

    def _rows(self, indices: Any) -> list[int]:
        return list(self._get_indices(indices))


class SB3Agent(Agent):
    """Decides as a model of SB3 or sb3-contrib does, taking what it holds for best.

    A model that knows no masks may choose a masked action; the first allowed one then takes its place, as in
    the environment.

    Args:
        model: A model or a policy of SB3; those with action masks are given them.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self._takes_masks = "action_masks" in inspect.signature(model.predict).parameters

    def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
        """What the model takes for the best action."""
        masks = {"action_masks": action_mask} if self._takes_masks and action_mask is not None else {}
        action = int(self.model.predict(observation, deterministic=True, **masks)[0])
        if action_mask is not None and not action_mask[action]:
            return int(action_mask.argmax())
        return action


def load_sb3_agent(path: str | Path, env: WorkloadManagementEnv | None = None) -> SB3Agent:
    """An agent from a file that ``model.save`` of SB3 has written.

    Files of SB3 hold pickled objects, which can do anything when they are read. They are left alone here:
    layers and weights are enough for the networks of "MlpPolicy". For others, load the model with SB3, if
    you trust its file, and give it to :class:`SB3Agent`.

    Args:
        path: The file, a .zip.
        env: The environment that it is to decide in; None checks no sizes.

    Raises:
        AgentError: If the file cannot be read so, or is for an environment with other sizes.
    """
    from .sb3_files import read_policy

    policy = read_policy(Path(path))
    if env is not None:
        wanted = (cast(Any, env.observation_space).shape[0], env.actions.num_actions)
        sizes = (policy.observation_space.shape[0], policy.action_space.n)
        if sizes != wanted:
            raise AgentError(
                f"{path}: is for observations of {sizes[0]} values and {sizes[1]} actions; the environment "
                f"has {wanted[0]} and {wanted[1]}. Let env.observation and env.actions be as in training"
            )
    return SB3Agent(policy)


def _row(infos: Mapping[str, Array], row: int) -> dict[str, float]:
    """One row of an info of arrays, without the masks."""
    return {name: float(array[row]) for name, array in infos.items() if not name.startswith("_")}
