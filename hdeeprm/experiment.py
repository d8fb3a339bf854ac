"""One options.json, one run directory: train where the agent learns, simulate, and write what happened."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdeeprm.agents import agent_from_options
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError, OptionsError, RunDirectoryError, json_path
from hdeeprm.heartbeats import beating
from hdeeprm.options import Options, load_options
from hdeeprm.options.agent_names import LEARNER_NAMES
from hdeeprm.playing import Decisions, Watch, play
from hdeeprm.results import RunDirectory, WallTimes, write_results
from hdeeprm.results.directory import check_unfinished
from hdeeprm.results.reservations import late_notice, queue_facts
from hdeeprm.scenario import Scenario, used_options
from hdeeprm.simulator.batsim.peer import LET_THEM_BE_STARTED
from hdeeprm.simulator.choosing import NewPeer
from hdeeprm.training import TrainingFacts, TrainingWatch, learns, unwatched
from hdeeprm.training.parts import test_part
from hdeeprm.training.stopping import RunStopped

if TYPE_CHECKING:
    from hdeeprm.training.session import Training

logger = logging.getLogger("hdeeprm")

OPTIONS_FILE, LOG_FILE = "options.json", "insights.log"
UNTRAINED = "the agent is tested untrained: no checkpoint is named with -im"


@dataclass(frozen=True)
class Run:
    """What came out of an experiment.

    Attributes:
        directory: Where its files are.
        options: What was run.
        scenario: Platform and workload.
        decisions: Those of the episode that was played, after training if there was any.
        metrics: Of that episode.
        training: What came out of training; None where the agent was not trained.
        notices: What the user should know.
    """

    directory: Path
    options: Options
    scenario: Scenario
    decisions: Decisions
    metrics: dict[str, float]
    training: TrainingFacts | None = None
    notices: tuple[str, ...] = ()


def trains(options: Options) -> bool:
    """Whether the agent of the options is to be trained.

    Raises:
        HDeepRMError: If it cannot be used.
    """
    return options.agent.run == "train" and learns(options)


def run_experiment(
    options: Options,
    directory: Path,
    workload: str | Path | None = None,
    watch: Watch = lambda env, num_decisions: None,
    training_watch: TrainingWatch = unwatched,
    *,
    new_peer: NewPeer | None = None,
) -> Run:
    """Simulate an experiment and write its run directory; an agent that learns is trained before.

    Args:
        options: What to run.
        directory: Where the results go; made here, and refused where something is in it already.
        workload: A workload file that takes the place of ``workload_file_path``.
        watch: Called now and then with the environment and the number of decisions so far.
        training_watch: Called now and then with the progress of training.
        new_peer: Makes the Batsim that the episode is played on, instead of the simulator of the options.

    Raises:
        HDeepRMError: If the options, a file, the agent or the directory cannot be used. The directory, where
            it was made, is marked failed; after Ctrl-C, incomplete.
        RunStopped: If a watch raises it; the directory is marked incomplete.
    """
    experiment = _Experiment(options, workload, new_peer)
    run_directory = RunDirectory.create(directory)
    with _marked(run_directory) as facts, _log_file(run_directory, options.log_level):
        used = _used_options(options, workload)
        run_directory.write(OPTIONS_FILE, json.dumps(used, indent=2) + "\n")
        _log_scenario(experiment.env.scenario)
        return experiment.run(run_directory, facts, watch, training_watch)


def resume_experiment(
    directory: Path,
    watch: Watch = lambda env, num_decisions: None,
    training_watch: TrainingWatch = unwatched,
) -> Run:
    """Go on with training that was broken off or has failed, to what it would have come to anyway.

    Args:
        directory: Its run directory, which says what to run.
        watch: As of :func:`run_experiment`.
        training_watch: As of :func:`run_experiment`.

    Raises:
        HDeepRMError: If there is no such run, it is complete or still goes on, or its options or its last
            checkpoint cannot be used.
    """
    check_unfinished(directory)
    options = load_options(directory / OPTIONS_FILE)
    experiment = _Experiment(options, None)
    if experiment.training is None:
        raise RunDirectoryError(
            f"{directory}: in this run no agent is trained, so there is nothing to go on with; run it again: "
            f"hdeeprm-launch {directory / OPTIONS_FILE}"
        )
    experiment.training.resume(directory)
    run_directory = RunDirectory.reopen(directory)
    with _marked(run_directory) as facts, _log_file(run_directory, options.log_level):
        return experiment.run(run_directory, facts, watch, training_watch)


def check_same_options(given: Options, directory: Path, workload: str | Path | None = None) -> None:
    """Refuse to go on with a run under other options than its own.

    Args:
        given: What the user gave besides the run.
        directory: The run directory.
        workload: A workload file that takes the place of ``workload_file_path``.

    Raises:
        OptionsError: If they differ; the message names the first difference.
    """
    own = load_options(directory / OPTIONS_FILE)
    difference = _first_difference(_used_options(given, workload), _used_options(own, None))
    if difference:
        raise OptionsError(
            f"{directory}: was run with another {difference}; go on with the run's own options by giving "
            "none, or start a new run"
        )


class _Experiment:
    """An environment and who decides in it; nothing is written yet."""

    def __init__(
        self, options: Options, workload: str | Path | None, new_peer: NewPeer | None = None
    ) -> None:
        self.options = options
        is_learner = learns(options)
        is_trained = is_learner and options.agent.run == "train"
        if is_trained and new_peer is not None:
            raise OptionsError(
                "agent.run: 'train' takes many episodes, and a Batsim started by hand runs one; "
                f"{LET_THEM_BE_STARTED}"
            )
        part = test_part(options) if is_learner else None
        self.env = WorkloadManagementEnv(
            options, workload=workload, part=part, recording=True, new_peer=new_peer
        )
        self.training: Training | None = None
        self.notices: list[str] = []
        if is_trained:
            from hdeeprm.training.session import Training

            self.training = Training(options, self.env, workload)
            return
        if is_learner and options.agent.input_model is None:
            self._accept_untrained()
        self._agent = agent_from_options(options, self.env)

    def _accept_untrained(self) -> None:
        """Let agents of a file be tested untrained, as they always could be.

        Raises:
            AgentError: If the agent is one of the package's.
        """
        if self.options.agent.name in LEARNER_NAMES:
            raise AgentError(
                f"agent.run: 'test' decides with a trained model, and none is named; give "
                f"{self.options.agent.name!r} its checkpoint with -im, or in agent.input_model"
            )
        self.notices.append(UNTRAINED)

    def run(
        self, directory: RunDirectory, facts: dict[str, Any], watch: Watch, training_watch: TrainingWatch
    ) -> Run:
        """Train if that is to be done, play an episode, and write what happened."""
        env, trained = self.env, None
        with beating(directory, watch, training_watch) as (watch, training_watch):
            if self.training is not None:
                trained = self.training.run(directory, training_watch)
                facts["training"] = trained.as_json(with_paths=False)
            decisions = self._played(watch)
        logger.info("%d decisions, %g s simulated", len(decisions.actions), env.simulator.now)
        metrics = write_results(
            directory,
            env.simulator,
            decisions.records,
            decisions.actions,
            env.actions.names,
            WallTimes(simulation=decisions.wall_seconds),
        )
        facts |= queue_facts(env.simulator)
        notices = [*env.scenario.notices(), *self.notices, *(trained.notices if trained else ())]
        notices += late_notice(env.simulator)
        return Run(directory.path, self.options, env.scenario, decisions, metrics, trained, tuple(notices))

    def _played(self, watch: Watch) -> Decisions:
        """The decisions of an episode, under the agent that was trained if one was."""
        first_job = None
        if self.training is not None:
            self._agent, first_job = self.training.agent, self.env.windows.first
        for notice in self.notices:
            logger.warning("%s", notice)
        with closing(self.env):
            return play(self.env, self._agent, self.options.seed, watch, first_job=first_job)


def _used_options(options: Options, workload: str | Path | None) -> dict[str, Any]:
    """The options of an experiment so that they run again from anywhere, to the same files."""
    used = used_options(options, workload)
    if used["agent"].get("output_model"):
        used["agent"]["output_model"] = str((options.folder / used["agent"]["output_model"]).absolute())
    return used


def _first_difference(one: Mapping[str, Any], other: Mapping[str, Any], place: tuple[str, ...] = ()) -> str:
    """Path of the first option that differs; empty where none does."""
    for key in sorted({*one, *other}):
        pair = one.get(key), other.get(key)
        if isinstance(pair[0], Mapping) and isinstance(pair[1], Mapping):
            inner = _first_difference(pair[0], pair[1], (*place, key))
            if inner:
                return inner
        elif pair[0] != pair[1]:
            return json_path((*place, key))
    return ""


def _log_scenario(scenario: Scenario) -> None:
    workload = scenario.workload
    logger.info("%d jobs of %s on %s", workload.num_jobs, workload.name, scenario.platform.name)
    for notice in scenario.notices():
        logger.warning("%s", notice)


@contextmanager
def _marked(run_directory: RunDirectory) -> Iterator[dict[str, Any]]:
    """Mark the run complete, incomplete after Ctrl-C or where a watch stopped it, or failed with the reason.

    Yields:
        What run.json is to say besides, to be filled.
    """
    facts: dict[str, Any] = {}
    try:
        yield facts
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt | RunStopped)
        with suppress(RunDirectoryError):  # a full disk may refuse the mark too; the first error counts
            run_directory.finish(
                "incomplete" if interrupted else "failed",
                reason=str(error) or "interrupted",
                **facts,
            )
        raise
    run_directory.finish("complete", **facts)


class _Lines(logging.Handler):
    """Keeps log messages until the run is over, so that the log is written whole like every other file."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        self.lines.append(f"{record.levelname} {record.getMessage()}\n")


@contextmanager
def _log_file(run_directory: RunDirectory, level: str) -> Iterator[None]:
    """Write the package's log messages to ``insights.log`` of the run, however it ends.

    Those of an earlier session of the run stay.
    """
    path = run_directory.path / LOG_FILE
    handler = _Lines([path.read_text(encoding="utf-8")] if path.exists() else [])
    before = logger.level
    logger.setLevel(level)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        with suppress(RunDirectoryError):  # what broke the run, a full disk perhaps, is told already
            run_directory.write(LOG_FILE, "".join(handler.lines))
