"""What training tells while it goes on, and what it says of itself in the end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

SECONDS_BETWEEN = 0.2
"""Between two reports of progress."""

MILESTONES = 100
"""Parts of training; progress is told at the end of each, however fast or slow training is."""

PATHS = ("last_checkpoint", "best_checkpoint", "output_model")
"""The facts of training that are files."""


class Progress(NamedTuple):
    """How far training is."""

    stage: str  # what is going on, such as "training"
    unit: str  # of what is done: "episodes", "steps" or "epochs"
    done: int
    total: int
    mean_return: float = math.nan  # of the last episodes
    loss_name: str = "loss"
    loss: float = math.nan  # the last one
    objective: float = math.nan  # per job, of the last validation
    steps_per_second: float = math.nan
    milestone: int = 0  # 1 to MILESTONES where training has just come there, else 0
    mean_wait: float = math.nan  # s a job, of the last episodes
    utilization: float = math.nan  # share of the cores, of the last episodes


TrainingWatch = Callable[[Progress], None]
"""Told how far training is: now and then, and at milestones, of which training may pass several at once."""


def unwatched(progress: Progress) -> None:
    """Watches nothing."""


@dataclass(frozen=True)
class TrainingFacts:
    """What came out of training.

    Attributes:
        steps: Decisions taken, episodes ended and times learned, over all sessions of the run.
        mean_return: Of the last episodes.
        wall_seconds: Duration of this session, and decisions a second in it.
        validation_objective: Mean integrated objective per job of the best model, and the step that it is
            of; None where nothing was validated.
        last_checkpoint: Files with what it takes to go on, the best model and what -om asked for.
        notices: What the user should know.
    """

    steps: int
    episodes: int
    updates: int
    mean_return: float
    wall_seconds: float
    steps_per_second: float
    validation_objective: float | None
    best_step: int | None
    last_checkpoint: Path
    best_checkpoint: Path | None
    output_model: Path | None
    notices: tuple[str, ...]

    def as_json(self, with_paths: bool = True) -> dict[str, Any]:
        """The facts as JSON can hold them."""
        facts = {
            name: str(value) if isinstance(value, Path) else value
            for name, value in vars(self).items()
            if with_paths or name not in PATHS
        }
        mean_return = None if math.isnan(self.mean_return) else self.mean_return
        return facts | {"notices": list(self.notices), "mean_return": mean_return}


class Pace:
    """How fast training is, by the wall clock.

    Args:
        steps: Steps that were done before.
    """

    def __init__(self, steps: int) -> None:
        self.started = time.perf_counter()
        self._cold = self._warm = self.started, steps
        self._told = -math.inf

    @property
    def seconds(self) -> float:
        """Since training began, or went on."""
        return time.perf_counter() - self.started

    def steps_per_second(self, steps: int) -> float:
        """Mean rate since :meth:`warm`, if anything was done since."""
        since, first_step = self._warm if steps > self._warm[1] else self._cold
        return (steps - first_step) / max(time.perf_counter() - since, 1e-9)

    def warm(self, steps: int) -> None:
        """All is compiled and loaded: measure from here on."""
        if self._warm is self._cold:
            self._warm = time.perf_counter(), steps

    def is_time_to_tell(self) -> bool:
        """Whether a report of progress is due; if so, the next one is due later."""
        now = time.perf_counter()
        if now - self._told < SECONDS_BETWEEN:
            return False
        self._told = now
        return True
