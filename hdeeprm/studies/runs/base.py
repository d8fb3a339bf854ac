"""What all kinds of runs have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hdeeprm.studies.file.model import LANDSCAPE

if TYPE_CHECKING:
    from hdeeprm.studies.file.model import StudyFile

Function = Callable[..., Any]


class Report(Protocol):
    """What a run tells on the way; it raises ``Pruned`` where the run is to stop."""

    inherited: Mapping[str, Any]
    """``directory`` and ``step`` of the run that this one goes on from, in population-based training."""

    def __call__(self, step: int, value: float) -> None:
        """Tell a value of the metric, or what stands for it, at a step counted from 0 or 1."""


@dataclass(frozen=True)
class Task:
    """What is to be run.

    Attributes:
        number: Of the run.
        options: By their names in the study file.
        seed: Also among the options; None where the study has none.
        directory: The run's own; made at first use.
    """

    number: int
    options: Mapping[str, Any]
    seed: int | None
    directory: Path


Objective = Callable[[Task, Report], dict[str, Any]]
"""Runs a task; returns its metrics by name."""


def new_objective(file: StudyFile, function: Function | None = None) -> Objective:
    """What the runs of a study do.

    Args:
        file: The study.
        function: Takes the place of what ``run`` names, for functions that no other process can import.

    Raises:
        HDeepRMError: If it cannot be made, such as a function that cannot be imported.
    """
    objective = _objective(file, function)
    if file.objective is not None:
        from .expression import with_expression

        return with_expression(objective, file.objective, file.metrics[0])
    if file.command is not None:
        from .expression import with_means

        return lambda task, report: with_means(objective(task, report))
    return objective


def _objective(file: StudyFile, function: Function | None) -> Objective:
    if file.command is not None:
        from .program import Program

        return Program(file.command, file.path.parent, file.timeout)
    if file.is_own:
        from .experiment import Experiment

        return Experiment(file)
    if file.run == LANDSCAPE:
        from .landscape import LandscapeArm

        return LandscapeArm(file.landscape, file.path.parent)
    from .function import FunctionRun, load_function

    return FunctionRun(function or load_function(file.run, file.path.parent), file.metrics)
