"""One episode of a comparison: a contender, a window and a seed, to the metrics of what came of it."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hdeeprm.agents import Agent, ClassicAgent, RandomAgent, agent_from_options
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError, SimulationError
from hdeeprm.metrics import METRICS, summarise
from hdeeprm.options import load_options
from hdeeprm.options.agent_names import ROLLOUT
from hdeeprm.playing import play
from hdeeprm.results import job_records
from hdeeprm.selections import VOID_NAME, CoreSelection, JobSelection

from .contenders import Contender

OWN_PACKAGE = __name__.partition(".")[0]


@dataclass(frozen=True)
class Plan:
    """All that an episode depends on; the same in every process.

    Attributes:
        contenders: Those who are compared.
        starts: First job of each window, in order.
        seed: Of all episodes; each has its own, by its window and the number of its seed.
        folder: Where relative paths of the options start.
        workload: A workload file that takes the place of the options' own.
    """

    contenders: tuple[Contender, ...]
    starts: tuple[int, ...]
    seed: int
    folder: Path
    workload: str | None = None


class Episode(NamedTuple):
    """Which contender plays, in which window, with which of the seeds; all are numbers from 0 on."""

    contender: int
    window: int
    seed: int


class Played(NamedTuple):
    """What came of an episode: the value of each metric, or why there is none; and of reservations."""

    episode: Episode
    values: tuple[float, ...]  # in the order of ``METRICS``; none where the contender failed
    problem: str | None = None
    num_reserved: int = 0
    num_late: int = 0


class Player:
    """Plays episodes; keeps environments, and agents that have no memory, for those that follow."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._envs: dict[str, WorkloadManagementEnv] = {}
        self._agents: dict[tuple[str, int], Agent | None] = {}  # None: built anew for each episode

    def env(self, contender: Contender) -> WorkloadManagementEnv:
        """The environment of a contender, shared with those that need the same."""
        content = contender.without_agent
        key = json.dumps(content, sort_keys=True)
        if key not in self._envs:
            options = load_options(content, folder=self._plan.folder)
            self._envs[key] = WorkloadManagementEnv(options, workload=self._plan.workload)
        return self._envs[key]

    def agent(self, contender: Contender, number: int = 0, seed: int = 0) -> Agent:
        """The agent of a contender.

        Args:
            contender: Whose agent.
            number: Of the seed, from 0 on.
            seed: Of the episode; new weights, where there are none to load, come from the comparison's.
        """
        key = contender.label, number
        if key not in self._agents:
            agent = self._built(contender, number, self._plan.seed)
            self._agents[key] = agent if has_no_memory(agent) else None
        return self._agents[key] or self._built(contender, number, seed)

    def _built(self, contender: Contender, number: int, seed: int) -> Agent:
        env = self.env(contender)
        if contender.pair is not None:
            return ClassicAgent(contender.pair)
        if contender.sb3_model is not None:
            from hdeeprm.integrations.sb3 import load_sb3_agent  # needs Stable-Baselines3

            agent: Agent = load_sb3_agent(contender.sb3_model, env)
        else:
            options = load_options(_with_number(contender, number), folder=self._plan.folder)
            agent = agent_from_options(options.model_copy(update={"seed": seed}), env)
        torch: Any = sys.modules.get("torch")
        if torch is not None:
            torch.set_num_threads(1)  # sums then have one order in all processes
        return agent

    def play(self, episode: Episode) -> Played:
        """Play an episode; an agent that fails is told of, not raised."""
        contender, start = self._plan.contenders[episode.contender], self._plan.starts[episode.window]
        seed = episode_seed(self._plan.seed, start, episode.seed)
        try:
            with contextlib.redirect_stdout(sys.stderr):  # results have standard output to themselves
                env, agent = self.env(contender), self.agent(contender, episode.seed, seed)
                play(env, agent, seed, first_job=start)
        except (AgentError, SimulationError) as error:
            return Played(episode, (), " ".join(str(error).split()))
        reserved, late = env.simulator.num_reserved, env.simulator.num_late
        return Played(episode, _metrics(env), num_reserved=reserved, num_late=late)


def episode_seed(seed: int, first_job: int, number: int) -> int:
    """Seed of an episode: of all contenders the same in the same window, whatever windows there are besides.

    Args:
        seed: Of the comparison.
        first_job: Of the window.
        number: Of the seed, from 0 on.
    """
    return int(np.random.SeedSequence((seed, first_job, number)).generate_state(1)[0])


def is_random(contender: Contender, agent: Agent, env: WorkloadManagementEnv) -> bool:
    """Whether a contender's episodes differ from seed to seed, as far as one can know."""
    if contender.pair is not None:
        return _draws(contender.pair)
    return (
        not has_no_memory(agent)
        or contender.agent.get("name") == ROLLOUT
        or any(_draws(name) for name in env.actions.names)
    )


def has_no_memory(agent: Agent) -> bool:
    """Whether an agent decides in each episode as if it were its first: all of the package but ``random``."""
    return type(agent).__module__.partition(".")[0] == OWN_PACKAGE and not isinstance(agent, RandomAgent)


def is_untrained(contender: Contender, agent: Agent) -> bool:
    """Whether an agent has a network, and no checkpoint was loaded into it."""
    has_network = hasattr(agent, "state_dict") or hasattr(agent, "model_state")
    return has_network and contender.sb3_model is None and not contender.agent.get("input_model")


def _draws(action: str) -> bool:
    """Whether an action has a random selection."""
    job, _, core = action.rpartition("-")
    return action != VOID_NAME and (job == JobSelection.random.name or core == CoreSelection.random.name)


def _with_number(contender: Contender, number: int) -> Mapping[str, Any]:
    """The options of a contender with a certain number of its seed; rollouts have one of their own."""
    if number == 0 or contender.agent.get("name") != ROLLOUT:
        return contender.options
    settings = contender.agent.get("settings", {})
    own_seed = {"seed": settings.get("seed", 0) + number}
    return {**contender.options, "agent": {**contender.agent, "settings": settings | own_seed}}


def _metrics(env: WorkloadManagementEnv) -> tuple[float, ...]:
    simulator = env.simulator
    jobs = job_records(simulator)
    values = summarise(jobs, env.scenario.platform.num_cores, simulator.energy_joules)
    return tuple(float(values[name]) for name in METRICS)
