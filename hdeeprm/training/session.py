"""Training of one run: the loop, and what is shown, kept and written on the way."""

from __future__ import annotations

import logging
import math
import shutil
import stat
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

from hdeeprm import __version__
from hdeeprm.agents import Agent, agent_from_options
from hdeeprm.agents.learner import Learner
from hdeeprm.agents.learning import LearningAgent
from hdeeprm.agents.on_policy import RolloutLearner
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError
from hdeeprm.options import Options
from hdeeprm.results import RunDirectory
from hdeeprm.results.atomic import open_atomically

from .events import MISSING, POINTS, Events
from .keeping import FOLDER, LAST, Keeper, Passed, scenario_digest
from .length import Length, Milestones
from .logbook import Logbook
from .one_by_one import OneByOne
from .pretraining import check_pretraining, pretrain
from .progress import MILESTONES, Pace, Progress, TrainingFacts, TrainingWatch, unwatched
from .side_by_side import SideBySide
from .stopping import StopRequest, TrainingStopped
from .trainee import Trainee

logger = logging.getLogger("hdeeprm")

SAVES = 20
"""How many times over a run it is saved, if not more often."""
SECONDS_BETWEEN_SAVES = 300.0
NO_UPDATE = "training was too short for the agent to learn once; train for longer"
ONE_UPDATE = (
    "the agent learned only once: it learns from {steps:,} steps at a time ({episodes:,} episodes here), and "
    "{total:,} {unit} were asked for; train for longer, or lower agent.settings.rollout_steps or "
    "training.num_envs"
)


class Training:
    """Training of one run.

    It is made, and where it goes on is loaded, before the run directory is, so that what is wrong with the
    options is said before anything is written.

    Args:
        options: Of the experiment.
        env: An environment of the options; training has its own.
        workload: A workload file that takes the place of the options' one.

    Raises:
        HDeepRMError: If the options, a file or the agent cannot be used.
    """

    def __init__(
        self, options: Options, env: WorkloadManagementEnv, workload: str | Path | None = None
    ) -> None:
        self._options, self._workload = options, workload
        self._length = Length.of(options.training)
        self._output = output_path(options)
        self.trainee = _trainee(options, env, workload, self._length)
        if options.training.pretrain is not None:
            check_pretraining(self.trainee.agent, options)
        self._digest = scenario_digest(env.scenario)
        self._validations = Milestones(options.training.validations if self.trainee.has_validation else 0)
        self._saves, self._points = Milestones(SAVES), Milestones(POINTS)
        self._milestones = Milestones(MILESTONES)
        self._objective = math.nan  # of the last validation
        self._best: dict[str, Any] = {}  # step and objective of the best model
        self._resumed = False
        self._notices: list[str] = []

    @property
    def _log(self) -> Logbook:
        return self.trainee.logbook

    @property
    def agent(self) -> Agent:
        """Who learns; after :meth:`run`, the best model, which explores no more."""
        return self.trainee.agent

    def resume(self, run: Path) -> None:
        """Go on from the last checkpoint of a run; from the beginning where there is none yet.

        Raises:
            AgentError: If the checkpoint cannot be read, or is of something else.
        """
        if not (run / FOLDER / LAST).exists():
            self._notices.append("the run had no checkpoint yet: training began anew")
            return
        passed = Keeper(self.trainee, run).load_last()
        if passed.scenario != self._digest:
            raise AgentError(
                f"{run / FOLDER / LAST}: the workload or the platform has changed since; bring the former "
                "files back, or train anew"
            )
        self._validations.passed, self._saves.passed = passed.validations, passed.saves
        self._points.passed, self._best = passed.points, dict(passed.best)
        self._objective = passed.objective
        self._resumed = True

    def run(self, directory: RunDirectory, watch: TrainingWatch = unwatched) -> TrainingFacts:
        """Train to the end.

        Raises:
            TrainingStopped: If the user has asked to stop; all is saved to go on.
            HDeepRMError: If training diverges, the agent fails, or a file cannot be written. The last
                checkpoint stands.
        """
        self._keeper = Keeper(self.trainee, directory.path)
        self._watch, self._directory = watch, directory.path
        self._pace = Pace(self._log.steps)
        with ExitStack() as opened:
            for env in self.trainee.environments:
                opened.callback(env.close)
            self._stop = opened.enter_context(StopRequest(lambda: self._tell("stopping")))
            self._open()
            self._pace, self._saved = Pace(self._log.steps), time.monotonic()
            self._events = Events(directory.path / "tensorboard", self._log, resumed=self._resumed)
            try:
                self._train()
            finally:
                self._events.close()
                self._log.write(directory)
            return self._close()

    def _open(self) -> None:
        """Go to where training begins, having learned from a teacher where one is named."""
        if self._resumed:
            return
        self._watch(Progress("starting", self._length.unit, 0, self._length.total))
        self.trainee.begin()
        if self._options.training.pretrain is not None:
            self._pretrain()

    def _pretrain(self) -> None:
        losses = pretrain(self.trainee.agent, self._options, self._workload, self._watch, self._stop)
        logger.info("cloning: mean loss %s by epoch", ", ".join(f"{loss:.4g}" for loss in losses))

    def _train(self) -> None:
        """The loop."""
        if not self._resumed:
            if self._options.training.pretrain or self._options.agent.input_model:
                self._validate()  # what training begins with may be the best there will be
            self._save()
        elif self._done < self._length.total:
            self._tell_training()  # perhaps it was killed at a milestone, saved and not told
        while self._done < self._length.total:
            self.trainee.advance()
            self._look_around()
            self._pace.warm(self._log.steps)

    @property
    def _done(self) -> int:
        return self._log.done(self._length.unit)

    def _look_around(self) -> None:
        """Validate, save, show and stop where it is time to."""
        done, total = self._done, self._length.total
        if self._validations.due(done, total):
            self._validate()
        if self._points.due(done, total):
            self._events.write(
                {
                    "SPS": self._pace.steps_per_second(self._log.steps),
                    "learning_rate": self.trainee.learning_rate,
                }
            )
        is_late = time.monotonic() - self._saved > SECONDS_BETWEEN_SAVES
        if self._saves.due(done, total) or is_late or self._stop.is_made:
            self._save()
        self._tell_training()
        if self._stop.is_made and done < total:
            self._write_output()
            raise TrainingStopped(
                f"training stopped after {done:,} of {total:,} {self._length.unit}; go on with it: "
                f"hdeeprm-launch --resume {self._directory}"
            )

    def _validate(self) -> None:
        """Keep the model if no other was better so far."""
        if not self.trainee.has_validation:
            return
        self._tell("validating")
        self._objective = self.trainee.validate()
        self._events.add({"validation/objective": self._objective}, self._log.steps)
        logger.info("step %d: objective %g per job in validation", self._log.steps, self._objective)
        facts = {
            "step": self._log.steps,
            "episode": self._log.episodes,
            "objective": self._objective,
        }
        if not self._best or self._objective > self._best["objective"]:
            self._best = facts
            self._keeper.save_best(facts)

    def _save(self) -> None:
        """Write all that it takes to go on."""
        self._keeper.save_last(
            Passed(
                version=__version__,
                scenario=self._digest,
                validations=self._validations.passed,
                saves=self._saves.passed,
                points=self._points.passed,
                best=self._best,
                objective=self._objective,
            )
        )
        self._saved = time.monotonic()

    def _tell_training(self) -> None:
        """Report progress at a milestone, in the end, and now and then."""
        done, total = self._done, self._length.total
        is_milestone = self._milestones.due(done, total)
        if self._pace.is_time_to_tell() or is_milestone or done >= total:
            self._tell("training", self._milestones.passed if is_milestone else 0)

    def _tell(self, stage: str, milestone: int = 0) -> None:
        """Report progress."""
        log = self._log
        name, loss = log.last_loss()
        self._watch(
            Progress(
                stage,
                self._length.unit,
                min(self._done, self._length.total),
                self._length.total,
                log.recent("return"),
                name,
                loss,
                self._objective,
                self._pace.steps_per_second(log.steps),
                milestone,
                log.recent("avg_wait"),
                log.recent("utilization"),
            )
        )

    def _close(self) -> TrainingFacts:
        """Choose the best model, write the one that -om asks for, and say what came out."""
        if self._best:
            self._keeper.load_best()
        self.trainee.graduate()
        self._write_output()
        if not self._events.are_written:
            self._notices.append(MISSING)
        if (shortness := self._shortness()) is not None:
            self._notices.append(shortness)
            logger.warning("%s", shortness)
        return TrainingFacts(
            steps=self._log.steps,
            episodes=self._log.episodes,
            updates=self._log.updates,
            mean_return=self._log.recent("return"),
            wall_seconds=self._pace.seconds,
            steps_per_second=self._pace.steps_per_second(self._log.steps),
            validation_objective=self._best.get("objective"),
            best_step=self._best.get("step"),
            last_checkpoint=self._keeper.last,
            best_checkpoint=self._keeper.best if self._best else None,
            output_model=self._output,
            notices=tuple(self._notices),
        )

    def _shortness(self) -> str | None:
        """What to say of training that was too short to be worth much."""
        log, length = self._log, self._length
        if log.updates == 0:
            return NO_UPDATE
        if log.updates == 1 and self._done > length.total and isinstance(self.agent, RolloutLearner):
            return ONE_UPDATE.format(steps=log.steps, episodes=log.episodes, **length._asdict())
        return None

    def _write_output(self) -> None:
        """Write the best model so far, or the present one, where -om asks for it."""
        if self._output is None:
            return
        if not self._best:
            self._keeper.save_model(self._output, {"step": self._log.steps, "episode": self._log.episodes})
            return
        with open(self._keeper.best, "rb") as best, open_atomically(self._output) as file:
            shutil.copyfileobj(best, file)


def output_path(options: Options) -> Path | None:
    """Where the options want the model; relative to their folder.

    Raises:
        AgentError: If it could not be written there.
    """
    if options.agent.output_model is None:
        return None
    path = options.folder / options.agent.output_model
    problem = _output_problem(path)
    if problem is not None:
        shown = str(path) if str(path).isprintable() else repr(str(path))
        raise AgentError(f"agent.output_model (-om): {shown}: {problem}; name a file in an existing folder")
    return path


def _output_problem(path: Path) -> str | None:
    """Why a model could not be written to a path."""
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return "is a directory"
    except (FileNotFoundError, NotADirectoryError):
        pass  # it need not be there; its folder is looked at below
    except OSError as error:  # such as a name that is too long
        return f"cannot be written: {error.strerror}"
    except ValueError as error:  # a name with a null byte, or one that is no text
        return f"cannot be written: {error}"
    return None if path.parent.is_dir() else f"there is no folder {str(path.parent)!r}"


def _trainee(
    options: Options, env: WorkloadManagementEnv, workload: str | Path | None, length: Length
) -> Trainee:
    """The agent of the options with the environments that agents of its kind train in."""
    num_envs = options.training.num_envs
    if length.unit == "episodes":
        num_envs = min(num_envs, length.total)
    agent = agent_from_options(options, env, num_envs)
    if isinstance(agent, Learner):
        return SideBySide(agent, options, env, workload)
    return OneByOne(cast(LearningAgent, agent), options, workload)
