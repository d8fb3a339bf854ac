"""Runs that are arms of a simulated loss landscape."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .base import Report, Task


def known_options() -> tuple[str, ...]:
    """Names of the options that an arm has."""
    from hdeeprm.studies.landscapes import arm_losses

    return tuple(inspect.signature(arm_losses).parameters)


def located(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The same, its shape found where the study file is if it is a file."""
    shape = table.get("shape")
    if isinstance(shape, str) and shape.endswith(".json"):
        return {**table, "shape": str(folder / shape)}
    return dict(table)


class LandscapeArm:
    """Reports the observed losses of an arm, epoch by epoch; the successor of a run goes on where that was.

    Args:
        table: ``[landscape]`` of the study file: arguments of ``arm_losses``.
        folder: Where relative paths start.
    """

    def __init__(self, table: Mapping[str, Any], folder: Path) -> None:
        self._table, self._folder = dict(table), folder

    def __call__(self, task: Task, report: Report) -> dict[str, Any]:
        """Play the arm that the options name; without a name, the one of the run's number.

        Raises:
            StudyError: If an option is wrong.
        """
        from hdeeprm.studies.landscapes import arm_losses
        from hdeeprm.studies.landscapes.generation import DEFAULT_ARMS

        arguments = located({**self._table, **task.options}, self._folder)
        if task.seed is not None:
            arguments["seed"] = task.seed
        arguments.setdefault("arm", task.number % int(arguments.get("num_arms", DEFAULT_ARMS)))
        losses = arm_losses(**arguments)
        start = int(report.inherited.get("step", 0))
        for epoch, loss in enumerate(losses.observed[start:].tolist(), start=start + 1):
            report(epoch, loss)
        return {"loss": float(losses.observed[-1]), "true_loss": float(losses.true[-1])}
