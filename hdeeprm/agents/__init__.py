"""Who decides: agents by name."""

from .base import Agent
from .classic import ClassicAgent, RandomAgent
from .naming import agent_from_options

__all__ = ["Agent", "ClassicAgent", "RandomAgent", "agent_from_options"]
