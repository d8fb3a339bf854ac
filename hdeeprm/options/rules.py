"""What holds between several options: values that follow from others, and values that exclude each other.

All of it is looked at before the models are, so that it is reported together with what they find. Values of
a wrong kind are passed over here; the models name them.
"""

from __future__ import annotations

from collections.abc import Mapping

from hdeeprm.options.agent import HISTORICAL_LEARNING_KEYS, LEARNING_KEYS
from hdeeprm.options.agent_names import (
    CLASSIC,
    LEARNER_NAMES,
    LEARNING,
    RANDOM_AGENT,
    possible_types,
)
from hdeeprm.options.draft import Draft
from hdeeprm.options.env import idle_action_keys
from hdeeprm.options.legacy import HISTORICAL_SECTION
from hdeeprm.options.problems import Location
from hdeeprm.options.queue import queue_problems
from hdeeprm.options.simulator import idle_simulator_keys
from hdeeprm.options.workload import PARTS
from hdeeprm.selections import SelectionPair, is_pair, not_selected, read_selection

A_LEARNER = f"name one of {', '.join(LEARNER_NAMES)}, or give agent.py with -a"
"""What to do where a learning agent has neither name nor file."""


def complete(draft: Draft) -> None:
    """Put in what follows: the agent's type, its pair's actions, the length of training."""
    _complete_agent(draft)
    _complete_actions(draft)
    training = draft.section("training")
    if training is not None and training.get("episodes") is None and training.get("total_steps") is None:
        training["episodes"] = 1


def check(draft: Draft) -> None:
    """Note the options that exclude each other."""
    _check_agent(draft)
    _check_classic_agent(draft)
    _check_actions(draft)
    _check_simulator(draft)
    for key, text in queue_problems(draft.given("queue"), draft.given("env", "actions").get("type", "pairs")):
        draft.refuse(("queue", key), text)
    _check_pair(draft, ("agent", "name"))
    _check_pair(draft, ("training", "pretrain", "teacher"))
    _check_window(draft)
    training = draft.given("training")
    if training.get("episodes") is not None and training.get("total_steps") is not None:
        draft.refuse(("training", "total_steps"), "'episodes' is given too; keep one of the two")


# The agent


def _complete_agent(draft: Draft) -> None:
    """Let the type follow from the name; a classic agent of 0.3 may have keys that only learning ones use."""
    given = draft.given("agent")
    agent = draft.section("agent") if given else None
    if agent is None:
        return
    if "type" not in agent:
        agent["type"] = _type_of(agent)
    elif agent["type"] == CLASSIC and _is_historical(draft) and not _is_named(agent):
        for key in HISTORICAL_LEARNING_KEYS:
            agent.pop(key, None)


def _type_of(agent: Mapping[str, object]) -> str:
    """Type of an agent that does not say it."""
    name = agent.get("name")
    if name is not None:
        return next(iter(possible_types(str(name))), CLASSIC)
    return LEARNING if agent.get("file") is not None or _learning_keys(agent) else CLASSIC


def _check_agent(draft: Draft) -> None:
    """A learning agent has a name or a file, not both; the name fits the type."""
    agent = draft.given("agent")
    name, kind = agent.get("name"), agent.get("type")
    if name is not None and agent.get("file") is not None:
        draft.refuse(("agent", "file"), "'name' is given too; keep one of the two")
    elif kind == LEARNING and not _is_named(agent):
        draft.refuse(("agent", "name"), f"agent.type 'LEARNING' needs a name or a file; {A_LEARNER}")
    types = possible_types(name) if isinstance(name, str) else ()
    if types and kind in (CLASSIC, LEARNING) and kind not in types:
        text = f"{kind!r} does not fit {name!r}, which is a {types[0]} agent; leave the type out"
        draft.refuse(("agent", "type"), text)


def _check_classic_agent(draft: Draft) -> None:
    """A classic agent has nothing that only learning ones have; a pair and ``random`` have no settings."""
    agent = draft.given("agent")
    name = agent.get("name")
    if agent.get("type") != CLASSIC or (name is not None and CLASSIC not in possible_types(str(name))):
        return
    who = f"the CLASSIC agent {name!r}" if name is not None else "a CLASSIC agent"
    for key in _learning_keys(agent):
        draft.refuse(("agent", key), f"{who} does not learn; leave {key!r} out, or {A_LEARNER}")
    plain = name == RANDOM_AGENT or _pair(name) or not _is_named(agent)
    if plain and agent.get("settings"):
        draft.refuse(("agent", "settings"), f"{who} has no settings; leave them out")


def _is_named(agent: Mapping[str, object]) -> bool:
    return agent.get("name") is not None or agent.get("file") is not None


def _is_historical(draft: Draft) -> bool:
    return draft.origins.get(("agent",)) == (HISTORICAL_SECTION, "agent")


def _learning_keys(agent: Mapping[str, object]) -> list[str]:
    """The keys given that only learning agents have."""
    return [key for key in LEARNING_KEYS if agent.get(key) is not None]


# The actions


def _complete_actions(draft: Draft) -> None:
    """Let the agent's pair be the selection where none is given."""
    pair = _pair(draft.given("agent").get("name"))
    actions = draft.section("env", "actions") if pair else None
    if pair is None or actions is None or actions.get("type", "pairs") != "pairs":
        return
    if "selection" not in actions:
        actions["selection"] = [pair.name]
        actions.setdefault("void", False)


def _check_actions(draft: Draft) -> None:
    """Each type of action has its own keys; ``num_jobs`` also says how many jobs an observation shows."""
    actions = draft.given("env", "actions")
    kind = actions.get("type", "pairs")
    other = "pairs" if kind == "jobs" else "jobs"
    for key in idle_action_keys(kind, draft.given("env").get("observation", "normal")):
        if key in actions:
            queue = ", or env.observation to 'queue'" * (key == "num_jobs")
            cure = f"leave it out, or set env.actions.type to {other!r}{queue}"
            draft.refuse(("env", "actions", key), f"is not for actions of type {kind!r}; {cure}")


def _check_simulator(draft: Draft) -> None:
    """The real Batsim has a clock of its own; each clock has its own keys."""
    simulator = draft.given("simulator")
    backend, clock = simulator.get("backend", "embedded"), simulator.get("clock", "exact")
    who = "the real Batsim" if backend == "batsim" else f"the embedded simulator with clock {clock!r}"
    for key in idle_simulator_keys(backend, clock):
        if key in simulator:
            draft.refuse(("simulator", key), f"is not for {who}; leave it out")


def _check_pair(draft: Draft, location: Location) -> None:
    """An agent that is a pair is among the actions."""
    *above, key = map(str, location)
    pair = _pair(draft.given(*above).get(key))
    if pair is None:
        return
    actions = draft.given("env", "actions")
    if actions.get("type") == "jobs":
        cure = "set that to 'pairs', or take another agent, such as 'random' or 'ppo'"
        draft.refuse(location, f"{pair.name!r} is no agent where env.actions.type is 'jobs'; {cure}")
    elif "selection" in actions:
        pairs, problems = read_selection(actions["selection"])
        if pair not in pairs and not problems:
            draft.refuse(location, not_selected(pair, pairs))


def _pair(name: object) -> SelectionPair | None:
    """The pair that a name stands for, if it is one."""
    return SelectionPair.parse(str(name)) if is_pair(name) else None


# The window


def _check_window(draft: Draft) -> None:
    """A part needs a split, in which it has a share."""
    window = draft.given("workload", "window")
    part, split = window.get("part"), window.get("split")
    if part not in PARTS:
        return
    location = ("workload", "window", "part")
    if split is None:
        cure = 'add "split": [0.6, 0.2, 0.2], or leave the part out'
        draft.refuse(location, f"{part!r} needs a split; {cure}")
    elif isinstance(split, list | tuple) and len(split) == len(PARTS) and split[PARTS.index(part)] == 0:
        draft.refuse(location, f"the split gives {part!r} no jobs; let its share be above 0")
