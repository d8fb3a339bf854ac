"""Runs that are simulations or training of the project."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base import Report, Task

if TYPE_CHECKING:
    from hdeeprm.studies.file.model import StudyFile
    from hdeeprm.training import Progress

CHECKPOINT = "checkpoints/last.pt"


class Experiment:
    """Runs the project's own experiment in the run's directory.

    Args:
        file: The study, whose folder is where relative paths start.
    """

    def __init__(self, file: StudyFile) -> None:
        self._folder = file.path.parent.absolute()
        # Returns are the better the higher they are, whatever the metric.
        self._sign = 1.0 if file.directions[0] == "maximize" else -1.0

    def __call__(self, task: Task, report: Report) -> dict[str, Any]:
        """Run it, or go on with it where training was broken off.

        The mean return of the last episodes is reported at each hundredth of training, which is the step, so
        that runs of any length and unit are compared alike, and in the same way however fast they are.

        Raises:
            HDeepRMError: If it fails.
        """
        from hdeeprm.experiment import resume_experiment, run_experiment
        from hdeeprm.options import load_options

        def watch(progress: Progress) -> None:
            if progress.milestone and not math.isnan(progress.mean_return):
                report(progress.milestone, self._sign * progress.mean_return)

        if can_go_on(task.directory):
            return dict(resume_experiment(task.directory, training_watch=watch).metrics)
        overrides = {**task.options, **({} if task.seed is None else {"seed": task.seed})}
        options = load_options({}, overrides, self._folder)
        return dict(run_experiment(options, task.directory, training_watch=watch).metrics)


def can_go_on(directory: Path) -> bool:
    """Whether a directory holds training that was broken off and has a checkpoint to go on from."""
    from hdeeprm.errors import RunDirectoryError
    from hdeeprm.results.directory import check_unfinished

    if not (directory / CHECKPOINT).exists():
        return False
    try:
        check_unfinished(directory)
    except RunDirectoryError:  # such as one that another machine may still be at
        return False
    return True
