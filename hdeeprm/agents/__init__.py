"""Who decides: agents by name, by file and by entry point."""

from .base import Agent
from .classic import ClassicAgent, RandomAgent
from .facade import AgentEnvironment
from .naming import agent_from_options
from .plugins import load_agent

__all__ = ["Agent", "AgentEnvironment", "ClassicAgent", "RandomAgent", "agent_from_options", "load_agent"]
