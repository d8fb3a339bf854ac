"""From the options to the agent that they name, built for an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.options import RANDOM_AGENT, Options
from hdeeprm.options.agent_names import LEARNER_NAMES, LEARNING, ROLLOUT, SHORTEST_FIT

from .base import Agent
from .building import build, located
from .classic import ClassicAgent, RandomAgent
from .learners import learner_class
from .plugins import entry_point_agent, load_agent

if TYPE_CHECKING:
    from hdeeprm.env import WorkloadManagementEnv


def agent_from_options(options: Options, env: WorkloadManagementEnv, num_envs: int = 1) -> Agent:
    """The agent that ``agent`` in the options says, its ``input_model`` loaded.

    A file comes before a name. Without either, action 0 is taken.

    Args:
        options: Their section *agent*, and their seed, which draws the first weights.
        env: The environment that it is for: its actions and observations.
        num_envs: How many environments a learner of the package acts in at once.

    Raises:
        AgentError: If a file, an entry point or a checkpoint cannot be used, or its agent cannot be built.
        DependencyNotInstalled: If the agent needs PyTorch, which is not installed.
    """
    chosen = options.agent
    if chosen.file is not None:
        return build(load_agent(located(chosen.file, options.folder)), options, env, num_envs)
    if chosen.type == LEARNING:
        name = str(chosen.name)
        kind = learner_class(name) if name in LEARNER_NAMES else entry_point_agent(name)
        return build(kind, options, env, num_envs)
    return _classic(options, env, num_envs)


def _classic(options: Options, env: WorkloadManagementEnv, num_envs: int) -> Agent:
    """An agent that learns nothing."""
    name, settings = options.agent.name, options.agent.settings
    if name is None:
        return ClassicAgent()
    if name == RANDOM_AGENT:
        return RandomAgent(np.random.default_rng(options.seed))
    if name == SHORTEST_FIT:
        from .shortest_fit import ShortestFitAgent

        return ShortestFitAgent(**settings)
    if name == ROLLOUT:
        from .rollout import RolloutAgent

        return RolloutAgent(**settings)
    if options.agent.policy_pair is None:
        return build(entry_point_agent(name), options, env, num_envs)
    return ClassicAgent(options.action_table().action_of(options.agent.policy_pair))
