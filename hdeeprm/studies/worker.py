"""A worker: takes the next run of a study until none is left."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import JournalError

from .launchers.identity import worker_id
from .pruned import Pruned
from .pruners.marks import INHERITS
from .queue import Queue
from .queue.records import ATTEMPT, POINT, RUN, SEED
from .queue.taking import Taker, finish, put_back
from .runs import Task, new_objective
from .runs.directories import fresh_directory, goes_on, run_directory
from .runs.outcome import Clock, checked_metrics, error_of, mean_metrics
from .runs.reporting import Reporter
from .sampling import Studies, sampled
from .stopping import StopSignal

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from .file import StudyFile
    from .queue.views import PointStudy

logger = logging.getLogger("hdeeprm.studies")


class Worker:
    """Runs what the queue holds.

    Args:
        file: The study.
        queue: Its queue, with its runs put in.
        limit: Number of runs that the study is cut down to.
        function: Takes the place of what ``run`` names.

    Raises:
        HDeepRMError: If what a run does cannot be loaded.
    """

    def __init__(
        self,
        file: StudyFile,
        queue: Queue,
        limit: int | None = None,
        function: Callable[..., Any] | None = None,
    ) -> None:
        from optuna.pruners import NopPruner, WilcoxonPruner

        from .pruners import new_pruner

        self._file, self._queue = file, queue
        self._objective = new_objective(file, function)
        self._pruner = new_pruner(file.pruner, file.directions[0], file.path.parent)
        self._is_pruned = not isinstance(self._pruner, NopPruner)
        self._is_by_seeds = isinstance(self._pruner, WilcoxonPruner)  # judges whole seeds
        self._studies = Studies(file, queue, self._pruner)
        self._stop = StopSignal()
        self.id = worker_id()
        self._taker = Taker(queue, self.id, limit)

    def work(self, max_runs: int | None = None) -> int:
        """Take runs until none waits, a number of them is done, or a signal asks to end.

        Returns:
            Number of runs that ended.
        """
        num_ended = 0
        logger.debug("worker %s begins", self.id)
        with self._stop.listening():
            while not self._stop.is_made and (max_runs is None or num_ended < max_runs):
                trial = self._taker.take()
                if trial is None:
                    break
                num_ended += self._attempt(trial)
        logger.debug("worker %s ends after %d runs", self.id, num_ended)
        return num_ended

    @property
    def was_stopped(self) -> bool:
        """Whether a signal has asked it to end."""
        return self._stop.is_made

    def _attempt(self, trial: FrozenTrial) -> bool:
        """Do a run and say how it ended; False where it was put back."""
        number, clock = trial.user_attrs[RUN], Clock()
        logger.debug("run %d begins, attempt %d", number, trial.user_attrs[ATTEMPT])
        study: PointStudy | None = None
        reporter: Reporter | None = None
        values: list[float] | None = None
        try:
            study = self._studies.of(trial)
            params = sampled(self._file, self._queue, study, trial)
            reporter = self._reporter(study, trial)
            found = self._through_seeds(trial, params, reporter)
            values = [float(found["metrics"][name]) for name in self._file.metrics]
            state = "COMPLETE"
        except JournalError:  # the run could be fine; whoever sees to the disk runs the study again
            with suppress(JournalError):
                put_back(self._queue, trial)
            raise
        except BaseException as error:
            if self._stop.breaks_off(error):
                put_back(self._queue, trial)
                logger.debug("run %d put back: the worker was asked to end", number)
                return False
            state, found = _ended_early(error)
            if state == "PRUNED" and reporter is not None and math.isfinite(reporter.last_value):
                values = [reporter.last_value]
        self._seal(study, trial, state, values, found | clock.times())
        return True

    def _seal(
        self,
        study: PointStudy | None,
        trial: FrozenTrial,
        state: str,
        values: list[float] | None,
        outcome: Mapping[str, Any],
    ) -> None:
        from optuna.trial import TrialState

        number = trial.user_attrs[RUN]
        if self._file.search and study is not None:
            study.sampler.after_trial(study, trial, TrialState[state], values)
        counts = finish(self._queue, trial, state, outcome, values)
        logger.debug("run %d: %s %s", number, state.lower(), json.dumps(outcome, default=str))
        if not counts:
            logger.warning("run %d: was given to another worker meanwhile; this result is left out", number)

    # Running

    def _reporter(self, study: PointStudy, trial: FrozenTrial) -> Reporter:
        is_second_part = goes_on(self._queue.folder, trial)
        reporter = self._new_reporter(study, trial)
        if is_second_part:
            reporter.carry_over(self._queue.former(trial))
        return reporter

    def _new_reporter(self, study: PointStudy, trial: FrozenTrial) -> Reporter:
        directory = fresh_directory(self._queue.folder, trial)
        if not self._is_pruned:
            return Reporter(self._queue, trial, directory, self._stop)
        inherited: dict[str, Any] = {}
        if INHERITS in trial.user_attrs:
            parent = self._queue.trial(trial.user_attrs[INHERITS]["run"])
            place = run_directory(self._queue.folder, parent.user_attrs[RUN])
            inherited = {"directory": place, "step": trial.user_attrs[INHERITS]["step"]}
        return Reporter(self._queue, trial, directory, self._stop, study, inherited)

    def _through_seeds(
        self, trial: FrozenTrial, params: Mapping[str, Any], reporter: Reporter
    ) -> dict[str, Any]:
        """Metrics of a run; of one that goes through several seeds their means, and those of each."""
        options = {**self._file.options, **trial.user_attrs[POINT], **params}
        place = run_directory(self._queue.folder, trial.user_attrs[RUN])
        seeds = self._file.seeds if self._file.search else []
        if len(seeds) < 2:
            seed = seeds[0] if seeds else trial.user_attrs[SEED]
            return {"metrics": self._one(Task(trial.user_attrs[RUN], options, seed, place), reporter)}
        per_seed: dict[str, dict[str, Any]] = {}
        reporter.is_silent = self._is_by_seeds
        for index, seed in enumerate(seeds):
            task = Task(trial.user_attrs[RUN], options, seed, place / f"seed-{seed}")
            per_seed[str(seed)] = self._one(task, reporter)
            self._tell_seed(reporter, index, per_seed, str(seed))
        return {"metrics": mean_metrics(per_seed), "per_seed": per_seed}

    def _tell_seed(
        self, reporter: Reporter, index: int, per_seed: Mapping[str, Mapping[str, Any]], seed: str
    ) -> None:
        """Let the pruner judge after a seed, unless the run itself reports."""
        metric = self._file.metrics[0]
        if reporter.is_silent:
            reporter.tell(index, float(per_seed[seed][metric]))
        elif reporter.num_told == 0:
            reporter.tell(index + 1, float(mean_metrics(per_seed)[metric]))
        reporter.next_seed()

    def _one(self, task: Task, reporter: Reporter) -> dict[str, Any]:
        with self._stop.armed():
            returned = self._objective(task, reporter)
        return checked_metrics(returned, self._file.metrics)


def _ended_early(error: BaseException) -> tuple[str, dict[str, Any]]:
    """State and outcome of a run that an exception has ended, whichever it was."""
    import optuna

    if isinstance(error, Pruned | optuna.TrialPruned):
        return "PRUNED", {"reason": str(error)}
    return "FAIL", {"error": error_of(error)}
