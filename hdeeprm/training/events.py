"""TensorBoard events, by CleanRL's names and the schedule's metrics."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .logbook import EPISODE_COLUMNS, Logbook

logger = logging.getLogger("hdeeprm")

POINTS = 500
"""Points of a curve at most: each is the mean of what happened since the one before."""
EPISODE_TAGS = {
    "return": "charts/episodic_return",
    "length": "charts/episodic_length",
    "avg_wait": "schedule/avg_wait",
    "avg_bounded_slowdown": "schedule/avg_bounded_slowdown",
    "utilization": "schedule/utilization",
    "makespan": "schedule/makespan",
    "energy_joules": "schedule/energy_joules",
}
MISSING = "no TensorBoard events are written: tensorboard is not installed (pip install 'hdeeprm[learn]')"


class Events:
    """Curves of training for TensorBoard.

    Args:
        folder: Where the file of events goes.
        logbook: What the curves are of.
        resumed: Whether training goes on; what was written of later steps is hidden then.
    """

    def __init__(self, folder: Path, logbook: Logbook, *, resumed: bool) -> None:
        self._logbook = logbook
        self._writer = _writer(folder, logbook.steps if resumed else None)
        self._num_episodes, self._num_updates = len(logbook.episode_rows), len(logbook.losses)

    @property
    def are_written(self) -> bool:
        """Whether TensorBoard is installed."""
        return self._writer is not None

    def write(self, rates: Mapping[str, float]) -> None:
        """Write the means since the last time.

        Args:
            rates: ``SPS`` and ``learning_rate``.
        """
        log = self._logbook
        points = {f"charts/{name}": value for name, value in rates.items()}
        episodes = log.episode_rows.last(len(log.episode_rows) - self._num_episodes)
        if len(episodes):
            means = dict(zip(EPISODE_COLUMNS, episodes.mean(axis=0), strict=True))
            points |= {tag: float(means[name]) for name, tag in EPISODE_TAGS.items()}
        losses = log.losses.last(len(log.losses) - self._num_updates)
        if len(losses):
            means = losses[:, 2:].mean(axis=0)
            points |= {
                f"losses/{name}": float(mean) for name, mean in zip(log.losses.names[2:], means, strict=True)
            }
        self._num_episodes, self._num_updates = len(log.episode_rows), len(log.losses)
        self.add(points, log.steps)

    def add(self, points: Mapping[str, float], step: int) -> None:
        """Write points of curves, by tag."""
        if self._writer is None:
            return
        for tag, value in points.items():
            if np.isfinite(value):
                self._writer.add_scalar(tag, value, step)

    def close(self) -> None:
        """Write what is left to write."""
        if self._writer is not None:
            self._writer.close()


def _writer(folder: Path, purge_step: int | None) -> Any:
    """What TensorBoard's events are written with; None where it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        logger.warning("%s", MISSING)
        return None
    return SummaryWriter(folder, purge_step=purge_step)
