"""From the options to the agent that they name."""

from __future__ import annotations

import numpy as np

from hdeeprm.options import RANDOM_AGENT, Options

from .base import Agent
from .classic import ClassicAgent, RandomAgent


def agent_from_options(options: Options) -> Agent:
    """The agent that ``agent.name`` says: a selection pair, ``"random"``, or action 0 without a name."""
    if options.agent.name == RANDOM_AGENT:
        return RandomAgent(np.random.default_rng(options.seed))
    pair = options.agent.policy_pair
    return ClassicAgent(0 if pair is None else options.action_table().action_of(pair))
