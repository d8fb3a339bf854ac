"""The base classes of agents, at the place from which agent files import them.

from hdeeprm.agent import PolicyLearningAgent
"""

from hdeeprm.agents.base import Agent
from hdeeprm.agents.classic import ClassicAgent
from hdeeprm.agents.learning import LearningAgent, PolicyLearningAgent, ValueLearningAgent

__all__ = ["Agent", "ClassicAgent", "LearningAgent", "PolicyLearningAgent", "ValueLearningAgent"]
