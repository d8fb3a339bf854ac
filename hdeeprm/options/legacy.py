"""The forms of options.json that HDeepRM 0.2 and 0.3 read, folded into the present one.

0.3 nests ``log_level``, ``env`` and ``agent`` in ``pybatsim``; 0.2 does too, and names its selection pair
in ``agent.policy_pair`` instead of ``env.actions.selection``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hdeeprm.errors import OptionsError
from hdeeprm.options.fields import RANDOM_AGENT
from hdeeprm.options.problems import Location, Problem, shown, unknown_key
from hdeeprm.selections import SelectionPair, not_selected, read_selection

HISTORICAL_SECTION = "pybatsim"
HISTORICAL_KEYS = ("seed", "log_level", "env", "agent")
LEARNING_KEYS = ("run", "hidden", "lr", "gamma")
NO_LEARNING = "learning agents are not in this version; use 'CLASSIC', with a selection pair as agent.name"


@dataclass
class Draft:
    """Options on their way into the present form.

    Args:
        data: The options, in the present form as far as they have got.
        origins: Where the file holds what now stands at another location.
        problems: What was found wrong, at locations of the present form.
    """

    data: dict[str, object]
    origins: dict[Location, Location] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def source_location(self, location: Location) -> Location:
        """Where the file holds what stands at a location of the present form."""
        for end in range(len(location), 0, -1):
            if location[:end] in self.origins:
                return self.origins[location[:end]] + location[end:]
        return location

    def section(self, *keys: str) -> dict[str, object] | None:
        """Copy of an object inside the data, put in its place; None if something else stands there."""
        node = self.data
        for key in keys:
            found = node.get(key, {})
            if not isinstance(found, Mapping):
                return None
            node[key] = node = dict(found)
        return node


def fold(source: Mapping[str, object]) -> Draft:
    """Options of any of the three forms in the present one; the source stays as it is."""
    draft = Draft(dict(source))
    _fold_pybatsim(draft)
    _fold_agent(draft)
    return draft


def resolve_actions(draft: Draft) -> None:
    """Let the agent's pair be the selection where none is given; where one is, it must hold the pair."""
    pair = _named_pair(draft)
    actions = draft.section("env", "actions") if pair else None
    if pair is None or actions is None:
        return
    if "selection" not in actions:
        actions["selection"] = [pair.name]
        actions.setdefault("void", False)
        return
    pairs, problems = read_selection(actions["selection"])
    if pair not in pairs and not problems:
        draft.problems.append(Problem(("agent", "name"), not_selected(pair, pairs)))


def _fold_pybatsim(draft: Draft) -> None:
    """Bring what ``pybatsim`` nests to the top level."""
    nested = draft.data.pop(HISTORICAL_SECTION, {})
    if not isinstance(nested, Mapping):
        text = f"an object {{...}} is wanted; {shown(nested)} was given"
        draft.problems.append(Problem((HISTORICAL_SECTION,), text))
        return
    for key, value in nested.items():
        location = (HISTORICAL_SECTION, key)
        if key not in HISTORICAL_KEYS:
            draft.problems.append(Problem(location, unknown_key(key, HISTORICAL_KEYS)))
        elif draft.data.get(key, value) != value:
            text = f"the top level has another {key!r}; keep one of the two"
            draft.problems.append(Problem(location, text))
        else:
            draft.origins.setdefault((key,), (key,) if key in draft.data else location)
            draft.data[key] = value


def _fold_agent(draft: Draft) -> None:
    """Bring ``policy_pair`` to ``name``, and set learning agents aside."""
    agent = draft.section("agent") if "agent" in draft.data else None
    if agent is None:
        return
    _set_learning_aside(draft, agent)
    if "policy_pair" not in agent:
        return
    pair = agent.pop("policy_pair")
    if agent.get("name", pair) != pair:
        location = (*draft.source_location(("agent",)), "policy_pair")
        draft.problems.append(Problem(location, "'name' says something else; keep one of the two"))
    elif "name" not in agent:
        draft.origins[("agent", "name")] = (*draft.source_location(("agent",)), "policy_pair")
        agent["name"] = pair


def _set_learning_aside(draft: Draft, agent: dict[str, object]) -> None:
    """Report a learning agent once, and take its keys out, so that each is not an unknown one too."""
    keys = [key for key in LEARNING_KEYS if key in agent]
    for key in keys:
        del agent[key]
    if agent.get("type") == "LEARNING":
        del agent["type"]
        draft.problems.append(Problem(("agent", "type"), f"'LEARNING': {NO_LEARNING}"))
    elif keys:
        draft.problems.append(Problem(("agent", keys[0]), f"{', '.join(keys)}: {NO_LEARNING}"))


def _named_pair(draft: Draft) -> SelectionPair | None:
    """The pair that the agent is named after, if it is one."""
    agent = draft.data.get("agent")
    name = agent.get("name") if isinstance(agent, Mapping) else None
    if not isinstance(name, str) or name == RANDOM_AGENT:
        return None
    try:
        return SelectionPair.parse(name)
    except OptionsError:  # reported where the name is validated
        return None
