"""The agents by name: what is built in, what installed packages add, and which type each is of."""

from __future__ import annotations

from importlib import metadata

from pydantic_core import PydanticCustomError

from hdeeprm.errors import OptionsError
from hdeeprm.scores import OWN_SCORE
from hdeeprm.selections import EXAMPLE_PAIR, PAIR_NAMES, SelectionPair, is_pair, nearest_pair

CLASSIC = "CLASSIC"
LEARNING = "LEARNING"
RANDOM_AGENT = "random"
SHORTEST_FIT = "shortest-fit"
ROLLOUT = "rollout"
RULE_NAMES = (RANDOM_AGENT, SHORTEST_FIT, ROLLOUT)
LEARNER_NAMES = ("reinforce", "actor-critic", "ppo", "dqn")
AGENT_NAMES = (*RULE_NAMES, *LEARNER_NAMES, *PAIR_NAMES)
ENTRY_POINTS = "hdeeprm.agents"
"""Group of entry points by which installed packages add agents."""


def added_names() -> tuple[str, ...]:
    """Names of the agents that installed packages add, sorted; nothing of them is imported."""
    return tuple(sorted(metadata.entry_points(group=ENTRY_POINTS).names))


def resolved(name: str) -> str:
    """The name with the aliases of selections resolved; any other text as it is."""
    try:
        return SelectionPair.parse(name).name
    except OptionsError:
        return name


def possible_types(name: str) -> tuple[str, ...]:
    """Types that an agent of this name can be of, the usual one first; empty for a name that none has."""
    name = resolved(name)
    if name in LEARNER_NAMES:
        return (LEARNING,)
    if name in AGENT_NAMES or is_pair(name):
        return (CLASSIC,)
    return (LEARNING, CLASSIC) if name in added_names() else ()


def agent_name(value: object) -> object:
    """The agent's name with the aliases of selections resolved."""
    if not isinstance(value, str):
        return value
    name = resolved(value)
    if not possible_types(name):
        raise PydanticCustomError("problem", "wrong agent", {"text": _unknown(value)})
    return name


def _unknown(name: str) -> str:
    """What to say of a name that no agent has."""
    if name.startswith(OWN_SCORE):
        return _wrong_score(name)
    added = added_names()
    listed = ", ".join((*RULE_NAMES, *LEARNER_NAMES, *added))
    nearest = nearest_pair(name, (*RULE_NAMES, *LEARNER_NAMES, *added))
    shown = name if len(name) <= 60 else f"{name[:57]}..."
    return f"{shown!r} is no agent; one of {listed}, or a selection pair such as {EXAMPLE_PAIR!r}.{nearest}"


def _wrong_score(name: str) -> str:
    """What is wrong with a pair whose job selection is an expression."""
    try:
        return f"{SelectionPair.parse(name).name!r} is no agent"
    except OptionsError as error:
        return str(error)
