"""One episode: an agent is asked at each decision point what to do."""

from __future__ import annotations

import inspect
import reprlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hdeeprm.agents import Agent, AgentEnvironment, ClassicAgent
from hdeeprm.agents.base import Mask, Observation
from hdeeprm.agents.blame import blamed, member_place
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError
from hdeeprm.simulator.compilation import compilation_timed
from hdeeprm.simulator.protocol import Records

MAX_MASKED_ANSWERS = 1000
"""How often an agent that answers with masked actions is asked again."""

Watch = Callable[[WorkloadManagementEnv, int], None]
"""Told now and then how far a run is: its environment, and the number of decisions so far."""
Question = Callable[[Observation, Mask], Any]


@dataclass(frozen=True)
class Decisions:
    """All decisions of an episode, in order."""

    records: Records  # (decisions,) time, num_waiting, num_started, blocked_by, reward
    actions: npt.NDArray[np.int64]  # (decisions,)
    wall_seconds: float  # from the first decision point to the end
    first_probabilities: npt.NDArray[np.float64] | None = None  # (actions,) where the agent has any


def play(
    env: WorkloadManagementEnv,
    agent: Agent,
    seed: int | None,
    watch: Watch = lambda env, num_decisions: None,
    *,
    first_job: int | None = None,
) -> Decisions:
    """Let an agent decide through one episode.

    Args:
        env: Where it decides.
        agent: Who decides.
        seed: Seed of the environment's random draws; None goes on with the last one.
        watch: Called now and then with the environment and the number of decisions so far.
        first_job: Job at which the window of this episode starts; None leaves that to the options.

    Raises:
        AgentError: If the agent answers outside the action space, with masked actions again and again, or
            raises an error.
    """
    watch(env, 0)
    environment = AgentEnvironment(env)
    environment.reset(seed, first_job)
    episode = _Episode(agent, environment)
    records, actions, num_decisions = [], [], 0
    with compilation_timed() as compilation_seconds:
        for record, action in episode.steps():
            records.append(record)
            actions.append(np.full(len(record), action, np.int64))
            num_decisions += len(record)
            if len(record) > 1 or num_decisions % env.simulator.decisions_at_once == 0:
                watch(env, num_decisions)
        wall_seconds = time.perf_counter() - episode.started - compilation_seconds()
    watch(env, num_decisions)
    return Decisions(
        np.concatenate(records), np.concatenate(actions), wall_seconds, episode.first_probabilities
    )


class _Episode:
    """An agent and the environment that it goes through."""

    def __init__(self, agent: Agent, environment: AgentEnvironment) -> None:
        self._agent = agent
        self._environment = environment
        self.first_probabilities: npt.NDArray[np.float64] | None = None
        self.started = time.perf_counter()

    def steps(self) -> Iterator[tuple[Records, int]]:
        """Records of the decisions, one or many at once, each with the action that they share."""
        with self._blamed():
            self._agent.begin(self._environment)
        if type(self._agent) is ClassicAgent and self._environment.has_pairs:  # a subclass may do otherwise
            yield from self._same_action(self._agent.action)
        else:
            with self._blamed():
                yield from self._asked()

    def _same_action(self, answer: int | str) -> Iterator[tuple[Records, int]]:
        """An agent that always answers the same needs no observations: many decisions at once."""
        env, action = self._environment.env, self._checked(answer)
        pair = env.pair(action)
        limit = env.simulator.decisions_at_once
        while not env.simulator.over:
            yield env.simulator.run(pair, limit), action

    def _asked(self) -> Iterator[tuple[Records, int]]:
        """Ask the agent at each decision point."""
        agent, environment = self._agent, self._environment
        ask = question(agent)
        is_first = True
        while not environment.over:
            observation, mask = agent.observe(environment), environment.action_mask()
            action = self._answer(ask, observation, mask)
            if is_first:
                self.first_probabilities, is_first = self._likely(observation, mask), False
            agent.alter(action, environment)
            agent.rewarded(environment)
            steps = environment.steps_taken()
            if not steps:
                raise AgentError(
                    f"{member_place(type(agent), 'alter')}: {type(agent).__name__}.alter takes no step of "
                    "the environment; let it call environment.step(action)"
                )
            yield from steps

    def _answer(self, ask: Question, observation: Observation, mask: Mask) -> int:
        """The agent's action; what is saved for answers that are refused is taken back."""
        agent, refused = self._agent, set()
        for _ in range(MAX_MASKED_ANSWERS):
            mark = agent.mark()
            action = self._checked(ask(observation, mask.copy()))
            if mask[action]:
                return action
            refused.add(self._environment.action_names[action])
            agent.take_back(mark)
        raise AgentError(
            f"{type(agent).__name__} answered {MAX_MASKED_ANSWERS} times with actions that are masked at "
            f"{self._environment.now:g} s ({', '.join(sorted(refused))}); let it choose where action_mask "
            "is 1"
        )

    def _checked(self, answer: Any) -> int:
        """The answer, if it is an action.

        Raises:
            AgentError: If it is outside the action space.
        """
        if self._environment.action_space.contains(answer):
            return int(answer)
        kind, shown = type(self._agent), " ".join(reprlib.repr(answer).split())
        raise AgentError(
            f"{member_place(kind, 'decide')}: {kind.__name__} decided for {shown} at "
            f"{self._environment.now:g} s, which is not an integer from 0 to "
            f"{self._environment.action_size - 1}; let decide return the number of an action"
        )

    def _likely(self, observation: Observation, mask: Mask) -> npt.NDArray[np.float64] | None:
        """The agent's preferences, if it has some.

        Raises:
            AgentError: If they are not a number for each action.
        """
        found = self._agent.preferences(observation, mask)
        if found is None:
            return None
        likely, num_actions = np.asarray(found, np.float64), self._environment.action_size
        if likely.shape != (num_actions,):
            kind = type(self._agent)
            raise AgentError(
                f"{member_place(kind, 'preferences')}: {kind.__name__}.preferences returned an array of the "
                f"shape {likely.shape}; probabilities of {num_actions} actions are wanted, or None"
            )
        return likely

    def _blamed(self) -> AbstractContextManager[None]:
        """Say of an error which line of the agent raised it, and when."""
        kind = type(self._agent)
        return blamed(kind, lambda: f"{kind.__name__} failed at {self._environment.now:g} s")


def question(agent: Agent) -> Question:
    """How an agent is asked: with the mask where its ``decide`` takes one, else without, once it was told."""
    parameters = inspect.signature(agent.decide).parameters.values()
    if any(p.name == "action_mask" or p.kind is p.VAR_KEYWORD for p in parameters):
        return lambda observation, mask: agent.decide(observation, action_mask=mask)
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if sum(p.default is p.empty for p in positional) == 2:  # the mask by another name
        return agent.decide

    def told(observation: Observation, mask: Mask) -> Any:
        agent.constrain(mask)
        return agent.decide(observation)

    return told
