"""What a teacher does at each decision of a number of episodes, which many processes play at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hdeeprm.agents import Agent, AgentEnvironment, agent_from_options
from hdeeprm.agents.base import Mask, Observation
from hdeeprm.agents.blame import blamed
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError
from hdeeprm.options import Options, load_options
from hdeeprm.options.agent_names import LEARNER_NAMES, ROLLOUT
from hdeeprm.playing import play, question

from .parts import training_part
from .progress import Progress, TrainingWatch
from .stopping import StopRequest

WORTH_PROCESSES = 10.0
"""Seconds of work, by what the first episode took, that are worth the start of more processes."""
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Demonstration:
    """What a teacher saw and did in an episode."""

    observations: npt.NDArray[np.float32]  # (decisions, size)
    action_masks: npt.NDArray[np.int8]  # (decisions, actions)
    acceptable: npt.NDArray[np.int8]  # 1 for actions as good as the one taken, (decisions, actions)
    regrets: npt.NDArray[np.float64] | None  # what each action loses, (decisions, actions), if it is known


def watch_teacher(
    options: Options,
    workload: str | Path | None,
    watch: TrainingWatch,
    stop: StopRequest,
    num_processes: int | None = None,
) -> list[Demonstration]:
    """Let the teacher of ``training.pretrain`` play its episodes on the part "train".

    Episode k is the same whatever process plays it, and whatever came before it there.

    Args:
        options: Of the experiment.
        workload: A workload file that takes the place of the options' one.
        watch: Told how many episodes are over.
        stop: Looked at now and then.
        num_processes: Processes to take; None: as many as there are cores, where it is worth the while.

    Raises:
        AgentError: If the teacher would have to learn first, or fails.
        KeyboardInterrupt: If the user has asked to stop.
    """
    chosen = options.training.pretrain
    assert chosen is not None
    classroom = _classroom_of(teaching_options(options), workload, training_part(options))
    episodes = range(chosen.episodes)
    seen: dict[int, Demonstration] = {}

    def note(episode: int, demonstration: Demonstration) -> None:
        seen[episode] = demonstration
        watch(Progress(f"watching {chosen.teacher}", "episodes", len(seen), chosen.episodes))
        if stop.is_made:
            raise KeyboardInterrupt

    started = time.perf_counter()
    note(0, classroom.play(0))
    work = (time.perf_counter() - started) * (len(episodes) - 1)
    if num_processes is None:
        num_processes = len(os.sched_getaffinity(0)) if work > WORTH_PROCESSES else 1
    if num_processes == 1:
        for episode in episodes[1:]:
            note(episode, classroom.play(episode))
    else:
        _play_in_processes(classroom, episodes[1:], num_processes, stop, note)
    return [seen[episode] for episode in episodes]


def _classroom_of(options: Options, workload: str | Path | None, part: str | None) -> Classroom:
    """The environment of a teacher; the base of rollouts, which takes long to find, is found once for all."""
    classroom = Classroom(options, workload, part)
    if options.agent.name != ROLLOUT:
        return classroom
    from hdeeprm.agents.rollout import best_pair

    settings = {"base": best_pair(classroom.env).name}
    return Classroom(
        load_options(options.canonical(), {"agent.settings": settings}, options.folder), workload, part
    )


class Classroom:
    """A teacher's environment; what another process needs to have the same.

    Args:
        options: Those of the teacher.
        workload: A workload file that takes the place of the options' one.
        part: Part of the workload that it plays on.
    """

    def __init__(self, options: Options, workload: str | Path | None, part: str | None) -> None:
        self._arguments = (options, workload, part)
        self._options = options
        self.env = WorkloadManagementEnv(options, workload=workload, part=part)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Made anew from the options wherever it is sent."""
        return Classroom, self._arguments

    def play(self, episode: int) -> Demonstration:
        """Let a new teacher play an episode, with draws of its own.

        Raises:
            AgentError: If the teacher fails.
        """
        seeds = np.random.SeedSequence((self._options.seed, episode)).generate_state(2)
        seeded = self._options.model_copy(update={"seed": int(seeds[0])})
        watched = _Watched(agent_from_options(seeded.located(self._options.folder), self.env))
        play(self.env, watched, int(seeds[1]))
        return watched.demonstration()


class _Watched(Agent):
    """Decides as a teacher does and keeps what it saw and did."""

    def __init__(self, teacher: Agent) -> None:
        super().__init__()
        self._teacher, self._ask = teacher, question(teacher)
        self._seen: list[Observation] = []
        self._masks: list[Mask] = []
        self._acceptable: list[npt.NDArray[np.int8]] = []
        self._regrets: list[npt.NDArray[np.float64]] = []

    def begin(self, environment: AgentEnvironment) -> None:
        self._num_actions = environment.action_size
        with self._blamed():
            self._teacher.begin(environment)

    def observe(self, environment: AgentEnvironment) -> Observation:
        self._shown = environment.observation()
        with self._blamed():
            return self._teacher.observe(environment)

    def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
        assert action_mask is not None
        with self._blamed():
            action = self._ask(observation, action_mask)
        if action_mask[action]:  # else it is asked again
            self._keep(action_mask, self._as_good_as(action, action_mask))
        return int(action)

    def _keep(self, action_mask: Mask, acceptable: npt.NDArray[np.int8]) -> None:
        """Keep a decision, unless all that was allowed is as good."""
        if np.array_equal(acceptable != 0, action_mask != 0):
            return
        self._seen.append(self._shown.copy())
        self._masks.append(action_mask.copy())
        self._acceptable.append(acceptable)
        regrets = getattr(self._teacher, "regrets", None)
        if regrets is not None:
            self._regrets.append(regrets)

    def alter(self, action: int, environment: AgentEnvironment) -> None:
        with self._blamed():
            self._teacher.alter(action, environment)

    def rewarded(self, environment: AgentEnvironment) -> None:
        with self._blamed():
            self._teacher.rewarded(environment)

    def _blamed(self) -> AbstractContextManager[None]:
        """Say of an error which line of the teacher raised it."""
        kind = type(self._teacher)
        return blamed(kind, lambda: f"the teacher {kind.__name__} failed")

    def _as_good_as(self, action: int, action_mask: Mask) -> npt.NDArray[np.int8]:
        """The actions that the teacher deems as good as the one taken; that one alone if it does not say."""
        stated = getattr(self._teacher, "acceptable", None)
        acceptable = np.zeros(len(action_mask), np.int8)
        if stated is not None:
            acceptable[:] = (np.asarray(stated) != 0) & (action_mask != 0)
        acceptable[action] = 1
        return acceptable

    def demonstration(self) -> Demonstration:
        """All that was kept."""
        size, num_actions = len(self._shown), self._num_actions
        return Demonstration(
            np.array(self._seen, np.float32).reshape(-1, size),
            np.array(self._masks, np.int8).reshape(-1, num_actions),
            np.array(self._acceptable, np.int8).reshape(-1, num_actions),
            np.array(self._regrets).reshape(-1, num_actions) if hasattr(self._teacher, "regrets") else None,
        )


def teaching_options(options: Options) -> Options:
    """The options of an experiment with its teacher for an agent.

    Raises:
        AgentError: If the teacher is one that learns.
    """
    chosen = options.training.pretrain
    assert chosen is not None
    if chosen.teacher in LEARNER_NAMES:
        raise AgentError(
            f"training.pretrain.teacher: {chosen.teacher!r} would have to be trained itself; name a "
            "selection pair, 'shortest-fit' or 'rollout'"
        )
    tree = options.canonical()
    tree["training"] = tree["training"] | {"pretrain": None}
    return load_options(tree, {"agent.name": chosen.teacher}, options.folder)


# Processes

_classroom: Classroom | None = None  # of this process


def _enter(classroom: Classroom) -> None:
    """Begin a process of helpers; Ctrl-C is for the process that started it."""
    global _classroom
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _classroom = classroom


def _play(episode: int) -> Demonstration:
    assert _classroom is not None
    return _classroom.play(episode)


def _play_in_processes(
    classroom: Classroom,
    episodes: range,
    num_processes: int,
    stop: StopRequest,
    note: Callable[[int, Demonstration], None],
) -> None:
    """Play episodes, each in one of a number of processes.

    Raises:
        AgentError: If the teacher fails, or a process dies.
    """
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(
        min(num_processes, len(episodes)), multiprocessing.get_context("spawn"), _enter, (classroom,)
    )
    try:
        numbers = {executor.submit(_play, episode): episode for episode in episodes}
        for future in _completed(set(numbers), stop):
            note(numbers[future], future.result())
    except BaseException as error:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        if isinstance(error, BrokenProcessPool):
            raise AgentError(
                "training.pretrain: a process in which the teacher played has died, perhaps for lack of "
                "memory; take fewer cores (taskset) or a teacher with smaller settings"
            ) from error
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _completed(futures: set[Future[Demonstration]], stop: StopRequest) -> Iterator[Future[Demonstration]]:
    """Futures as they are done."""
    while futures:
        done, futures = wait(futures, POLL_SECONDS, FIRST_COMPLETED)
        yield from done
        if stop.is_made:
            raise KeyboardInterrupt
