"""The built-in learners by name; what they need is imported only when one is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from hdeeprm.errors import AgentError, DependencyNotInstalled, did_you_mean

if TYPE_CHECKING:
    from .learner import Learner

LEARNERS = {
    "reinforce": "hdeeprm.agents.reinforce:Reinforce",
    "actor-critic": "hdeeprm.agents.actor_critic:ActorCritic",
    "ppo": "hdeeprm.agents.ppo:PPO",
    "dqn": "hdeeprm.agents.dqn:DQN",
}
"""Module and class of each learner."""


def learner_class(name: str) -> type[Learner]:
    """The learner of that name.

    Raises:
        AgentError: If there is none.
        DependencyNotInstalled: If PyTorch is missing.
    """
    if name not in LEARNERS:
        raise AgentError(
            f"{name!r} is no built-in learner; one of {', '.join(LEARNERS)}.{did_you_mean(name, LEARNERS)}"
        )
    module, _, class_name = LEARNERS[name].partition(":")
    try:
        found: type[Learner] = getattr(import_module(module), class_name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise DependencyNotInstalled(
            f"the learner {name!r} needs PyTorch; install it with: pip install 'hdeeprm[learn]'"
        ) from None
    return found
