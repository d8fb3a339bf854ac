"""One options.json, one run directory: simulate a workload under an agent and write what happened."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hdeeprm.agents import agent_from_options
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import RunDirectoryError
from hdeeprm.options import Options
from hdeeprm.playing import Decisions, Watch, play
from hdeeprm.results import RunDirectory, WallTimes, write_results
from hdeeprm.scenario import Scenario, used_options

logger = logging.getLogger("hdeeprm")


@dataclass(frozen=True)
class Run:
    """What came out of an experiment."""

    directory: Path
    options: Options
    scenario: Scenario
    decisions: Decisions
    metrics: dict[str, float]


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
    agent = agent_from_options(options, env)
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
