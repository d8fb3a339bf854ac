"""One options.json, one run directory: simulate a workload under an agent and write what happened."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hdeeprm.agents import Agent, ClassicAgent, agent_from_options
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError, RunDirectoryError
from hdeeprm.options import Options
from hdeeprm.results import RunDirectory, WallTimes, write_results
from hdeeprm.scenario import Scenario, used_options
from hdeeprm.simulator.protocol import Records

logger = logging.getLogger("hdeeprm")

DECISIONS_AT_ONCE = 2000
"""Decisions between two looks at the progress and at the keyboard."""
MAX_MASKED_ANSWERS = 1000
"""How often an agent that answers with masked actions is asked again."""

Watch = Callable[[WorkloadManagementEnv, int], None]
"""Told now and then how far a run is: its environment, and the number of decisions so far."""


@dataclass(frozen=True)
class Run:
    """What came out of an experiment."""

    directory: Path
    options: Options
    scenario: Scenario
    decisions: Decisions
    metrics: dict[str, float]


@dataclass(frozen=True)
class Decisions:
    """All decisions of an episode, in order."""

    records: Records  # (decisions,) time, num_waiting, num_started, blocked_by, reward
    actions: npt.NDArray[np.int64]  # (decisions,)
    wall_seconds: float  # from the first decision point to the end


def run_experiment(
    options: Options,
    directory: Path,
    workload: str | Path | None = None,
    watch: Watch = lambda env, num_decisions: None,
) -> Run:
    """Simulate an experiment and write its run directory.

    Args:
        options: What to run.
        directory: Where the results go; made here, and refused where something is in it already.
        workload: A workload file that takes the place of ``workload_file_path``.
        watch: Called now and then with the environment and the number of decisions so far.

    Raises:
        HDeepRMError: If the options, a file, the agent or the directory cannot be used. The directory, where
            it was made, is marked failed; after Ctrl-C, incomplete.
    """
    env = WorkloadManagementEnv(options, workload=workload, recording=True)
    agent = agent_from_options(options)
    run_directory = RunDirectory.create(directory)
    with _marked(run_directory), _log_file(run_directory, options.log_level):
        run_directory.write("options.json", json.dumps(used_options(options, workload), indent=2) + "\n")
        _log_scenario(env.scenario)
        decisions = play(env, agent, options.seed, watch)
        logger.info("%d decisions, %g s simulated", len(decisions.actions), env.simulator.now)
        metrics = write_results(
            run_directory,
            env.simulator,
            decisions.records,
            decisions.actions,
            env.actions.names,
            WallTimes(simulation=decisions.wall_seconds),
        )
    return Run(run_directory.path, options, env.scenario, decisions, metrics)


def play(env: WorkloadManagementEnv, agent: Agent, seed: int, watch: Watch) -> Decisions:
    """Let an agent decide through one episode.

    Raises:
        AgentError: If the agent answers outside the action space, or with masked actions again and again.
    """
    watch(env, 0)
    observation, _ = env.reset(seed=seed)
    started = time.perf_counter()
    if type(agent) is ClassicAgent:  # a subclass may decide otherwise
        steps = _same_action(env, agent.action)
    else:
        steps = _asked(env, agent, observation)
    records, actions, num_decisions = [], [], 0
    for record, action in steps:
        records.append(record)
        actions.append(np.full(len(record), action, np.int64))
        num_decisions += len(record)
        if num_decisions % DECISIONS_AT_ONCE < len(record):
            watch(env, num_decisions)
    watch(env, num_decisions)
    return Decisions(np.concatenate(records), np.concatenate(actions), time.perf_counter() - started)


def _same_action(env: WorkloadManagementEnv, action: int) -> Iterator[tuple[Records, int]]:
    """An agent that always answers the same needs no observations: many decisions at once."""
    pair = env.pair(action)
    while not env.simulator.over:
        yield env.simulator.run(pair, DECISIONS_AT_ONCE), action


def _asked(
    env: WorkloadManagementEnv, agent: Agent, observation: npt.NDArray[np.float32]
) -> Iterator[tuple[Records, int]]:
    """Ask the agent at each decision point."""
    over = False
    while not over:
        action = _answer(env, agent, observation)
        observation, _, over, _, _ = env.step(action)
        yield env.simulator.last_decision(), action


def _answer(env: WorkloadManagementEnv, agent: Agent, observation: npt.NDArray[np.float32]) -> int:
    """The agent's action; one that knows no masks is asked again."""
    mask = env.action_masks()
    for _ in range(MAX_MASKED_ANSWERS):
        action = agent.decide(observation, mask.copy())
        if not env.action_space.contains(action) or mask[action]:
            return action
    raise AgentError(
        f"{type(agent).__name__} answered {MAX_MASKED_ANSWERS} times with actions that are masked at "
        f"{env.simulator.now:g} s; let it choose where action_mask is 1"
    )


def _log_scenario(scenario: Scenario) -> None:
    workload = scenario.workload
    logger.info("%d jobs of %s on %s", workload.num_jobs, workload.name, scenario.platform.name)
    for notice in scenario.notices():
        logger.warning("%s", notice)


@contextmanager
def _marked(run_directory: RunDirectory) -> Iterator[None]:
    """Mark the run complete, incomplete after Ctrl-C, or failed with the reason."""
    try:
        yield
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        with suppress(RunDirectoryError):  # a full disk may refuse the mark too; the first error counts
            run_directory.finish(
                "incomplete" if interrupted else "failed",
                reason="interrupted" if interrupted else str(error),
            )
        raise
    run_directory.finish("complete")


class _Lines(logging.Handler):
    """Keeps log messages until the run is over, so that the log is written whole like every other file."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.lines.append(f"{record.levelname} {record.getMessage()}\n")


@contextmanager
def _log_file(run_directory: RunDirectory, level: str) -> Iterator[None]:
    """Write the package's log messages to ``insights.log`` of the run, however it ends."""
    handler = _Lines()
    before = logger.level
    logger.setLevel(level)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        with suppress(RunDirectoryError):  # what broke the run, a full disk perhaps, is told already
            run_directory.write("insights.log", "".join(handler.lines))
