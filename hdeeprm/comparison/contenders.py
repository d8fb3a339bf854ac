"""Who is compared: texts of the command line to options of an agent each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdeeprm.agents.building import located
from hdeeprm.errors import AgentError, HDeepRMError, OptionsError
from hdeeprm.options import AGENT_NAMES, LEARNER_NAMES, Options
from hdeeprm.options.agent_names import LEARNING, SHORTEST_FIT, added_names, resolved
from hdeeprm.scores import OWN_SCORE
from hdeeprm.selections import EXAMPLE_PAIR, PAIR_NAMES, SelectionPair, is_pair, nearest_pair

from .models import learner_sections, plugin_facts

ALL_PAIRS = "pairs"
OWN_AGENT = "options"
FILES = "a checkpoint FILE.pt, a model FILE.zip of Stable-Baselines3, or agent.py or agent.py:FILE.pt"

_LABELLED = re.compile(r"([^=:/\\]+)=(.+)", re.DOTALL)
_PLUGIN = re.compile(r"(.+\.py)(?::(.+))?", re.DOTALL)
_CHECKPOINT = re.compile(r".+\.(pt|pth)", re.DOTALL)


@dataclass(frozen=True)
class Contender:
    """One of those who are compared.

    Attributes:
        label: Its name in all results.
        options: Content of an options.json in which it is the agent.
        pair: The selection pair that it always takes, if it does.
        sb3_model: A model of Stable-Baselines3 that decides, in the place of the options' agent.
    """

    label: str
    options: Mapping[str, Any]
    pair: str | None = None
    sb3_model: str | None = None

    @property
    def agent(self) -> Mapping[str, Any]:
        """The section *agent* of its options; empty where they do not name the agent."""
        section: Mapping[str, Any] = self.options.get("agent", {})
        return section

    @property
    def without_agent(self) -> dict[str, Any]:
        """The options that its environment depends on."""
        return {key: value for key, value in self.options.items() if key != "agent"}


def read_contenders(texts: Iterable[str], options: Options) -> tuple[Contender, ...]:
    """The contenders that texts name, in their order, each once.

    Args:
        texts: ``NAME``, ``NAME:key=value,...``, ``pairs``, ``options`` or a file, each with ``LABEL=`` before
            it where another label than the text itself is wanted. Files are looked for from the working
            directory.
        options: What all have in common; the agents that learn nothing take the actions that these offer.

    Raises:
        AgentError, OptionsError: If a text names nothing that can be compared, or two contenders have the
            same label; the message begins with the text.
    """
    reader = _Reader(options)
    found: dict[str, Contender] = {}
    for text in texts:
        try:
            for contender in reader.read(text):
                _add(contender, found)
        except HDeepRMError as error:
            raise blamed(text, error) from error
    if not found:
        raise OptionsError("no contender is named; give --agents some names, such as pairs")
    return tuple(found.values())


def blamed(label: str, error: HDeepRMError) -> HDeepRMError:
    """The same error with the contender that it is about."""
    lines = [f"contender {label!r}: {line}" for line in str(error).splitlines()]
    return type(error)("\n".join(lines))


def _add(contender: Contender, found: dict[str, Contender]) -> None:
    if contender != found.setdefault(contender.label, contender):
        raise OptionsError(
            f"another contender is labelled {contender.label!r}; give this one a label, as in "
            f"'{contender.label}-2=...'"
        )


class _Reader:
    """Knows the options that all contenders have in common."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._own = _common(options)
        self._tree = dict(self._own)
        if _actions_follow_from_agent(options):
            self._tree["env"] = self._own["env"] | {"actions": {}}

    def read(self, text: str) -> Iterator[Contender]:
        """The contenders that a text names; all but ``pairs`` names one."""
        labelled = None if Path(text).exists() else _LABELLED.fullmatch(text)
        label, what = labelled.groups() if labelled else (None, text)
        if what == ALL_PAIRS:
            if label is not None:
                raise OptionsError(f"{ALL_PAIRS!r} are {len(PAIR_NAMES)}, which one label cannot name")
            yield from map(self._pair, PAIR_NAMES)
        elif resolved(what) in PAIR_NAMES:
            yield self._pair(resolved(what), label)
        elif what.startswith(OWN_SCORE) or is_pair(what):  # what is wrong with an expression is said here
            yield self._scored_pair(SelectionPair.parse(what).name, label)
        elif what == OWN_AGENT:
            yield Contender(label or what, self._own | {"agent": self._own_agent()})
        elif plugin := _PLUGIN.fullmatch(what):
            yield self._plugin(label or text, *plugin.groups())
        elif _CHECKPOINT.fullmatch(what):
            file = located(what, Path())
            agent, env = learner_sections(file, self._tree["env"], self._options)
            yield Contender(label or text, self._tree | {"agent": agent, "env": env})
        elif what.endswith(".zip"):
            yield Contender(label or text, self._tree, sb3_model=_absolute(what))
        else:
            yield self._named(label or text, what)

    def _pair(self, name: str, label: str | None = None) -> Contender:
        """A fixed pair; all share an environment that has the 36 of them and shows little."""
        actions = {"type": "pairs", "selection": list(PAIR_NAMES), "void": False}
        env = self._tree["env"] | {"actions": actions, "observation": "minimal"}
        return Contender(label or name, self._tree | {"env": env, "agent": {"name": name}}, pair=name)

    def _scored_pair(self, name: str, label: str | None) -> Contender:
        """A fixed pair whose job selection is a score, in an environment that has no other pair."""
        actions = {"type": "pairs", "selection": [name], "void": False}
        env = self._tree["env"] | {"actions": actions, "observation": "minimal"}
        return Contender(label or name, self._tree | {"env": env, "agent": {"name": name}}, pair=name)

    def _own_agent(self) -> dict[str, Any]:
        agent: dict[str, Any] = self._options.canonical()["agent"]
        return agent | {"run": "test"} if self._options.agent.type == LEARNING else agent

    def _plugin(self, label: str, file: str, model: str | None) -> Contender:
        agent: dict[str, Any] = {"type": LEARNING, "file": _absolute(file), "run": "test"}
        env = self._tree["env"]
        if model is not None:
            agent["input_model"] = _absolute(model)
            agent["hidden"], env = plugin_facts(Path(model), env, self._options)
        if self._options.agent.type == LEARNING:
            agent = {"hidden": self._options.agent.hidden, "gamma": self._options.agent.gamma} | agent
        return Contender(label, self._tree | {"agent": agent, "env": env})

    def _named(self, label: str, what: str) -> Contender:
        """An agent by its name, perhaps with settings."""
        name, colon, settings = what.partition(":")
        if name in LEARNER_NAMES:
            raise AgentError(
                f"{name!r} learns; name the checkpoint FILE.pt that its training wrote, or the agent of the "
                f"options file as {OWN_AGENT!r}"
            )
        if name not in (*AGENT_NAMES, *added_names()):
            raise AgentError(_unknown(name))
        agent = {"name": name} | ({"settings": _settings(settings)} if colon else {})
        tree = self._tree
        if name == SHORTEST_FIT and self._options.env.actions.type == "jobs":
            tree = tree | {"env": tree["env"] | {"actions": {}}}  # it chooses between pairs
        return Contender(label, tree | {"agent": agent})


def _common(options: Options) -> dict[str, Any]:
    """The options without their agent; windows may lie anywhere, since each episode says where."""
    tree = options.canonical()
    del tree["agent"]
    tree["training"] = {"device": "cpu"}
    if tree["workload"]["window"] is not None:
        tree["workload"]["window"] |= {"start": "random", "part": "all"}
    return tree


def _actions_follow_from_agent(options: Options) -> bool:
    """Whether the actions are only those that a pair as the agent stands for."""
    pair, actions = options.agent.policy_pair, options.env.actions
    return pair is not None and actions.selection == (pair.name,) and not actions.void


def _settings(text: str) -> dict[str, Any]:
    """Settings such as ``num_futures=8,base=best``; values are JSON, else texts."""
    settings = {}
    for part in text.split(","):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise OptionsError(f"{part!r} is no setting; write NAME:key=value,key=value")
        try:
            settings[key.strip()] = json.loads(value)
        except ValueError:
            settings[key.strip()] = value
    return settings


def _unknown(name: str) -> str:
    words = [word for word in AGENT_NAMES if word not in (*PAIR_NAMES, *LEARNER_NAMES)]
    words += [*added_names(), ALL_PAIRS, OWN_AGENT]
    nearest = nearest_pair(name, (*words, *LEARNER_NAMES))
    pair = f"a selection pair such as {EXAMPLE_PAIR!r}"
    return f"{name!r} is no agent; one of {', '.join(words)}, {pair}, {FILES}.{nearest}"


def _absolute(path: str) -> str:
    return str(Path(path).absolute())
