"""Which agents are trained, and which are only played."""

from __future__ import annotations

from hdeeprm.agents import Agent, load_agent
from hdeeprm.agents.building import located
from hdeeprm.agents.learners import learner_class
from hdeeprm.agents.plugins import entry_point_agent
from hdeeprm.options import Options
from hdeeprm.options.agent_names import LEARNER_NAMES, LEARNING

LEARNING_BASES = {("hdeeprm.agents.learner", "Learner"), ("hdeeprm.agents.learning", "LearningAgent")}
"""Module and name of the classes that what learns is derived from; PyTorch is not needed to ask for them."""


def learns(options: Options) -> bool:
    """Whether the agent of the options learns at all, trained or under test.

    A file may define an agent that learns nothing, such as one derived from ``ClassicAgent``.

    Raises:
        AgentError: If the agent's file or entry point cannot be used.
        DependencyNotInstalled: If PyTorch is missing.
    """
    chosen = options.agent
    kind: type[Agent]
    if chosen.file is not None:
        kind = load_agent(located(chosen.file, options.folder))
    elif chosen.type != LEARNING:
        return False
    elif chosen.name in LEARNER_NAMES:
        kind = learner_class(str(chosen.name))
    else:
        kind = entry_point_agent(str(chosen.name))
    return any((base.__module__, base.__name__) in LEARNING_BASES for base in kind.__mro__)
