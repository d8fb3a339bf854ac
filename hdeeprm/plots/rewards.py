"""Rewards: returns by episode of training, or, where nothing was trained, rewards by decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.errors import FigureError
from hdeeprm.results.reading import RecordedRun

from .histories import plot_history
from .style import STRONG, Style, count_on, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def rewards(axes: Axes, run: RecordedRun) -> Axes:
    """Draw what was earned; of many episodes or decisions, means of some and how far they go.

    Returns:
        The same axes.
    """
    if run.has("episodes.csv") and len(run.episodes["return"]):
        axes.set_xlabel("episode of training")
        axes.set_ylabel("return")
        place, values = run.episodes["episode"], run.episodes["return"]
    else:
        axes.set_xlabel("decision")
        axes.set_ylabel("reward")
        values = run.rewards
        place = np.arange(len(values), dtype=float)
    if not len(values):
        raise FigureError(f"{run.path}: no decision was taken in this run, so there is no reward to draw")
    plot_history(axes, place, values, axes.get_ylabel(), Style(STRONG, "-"))
    count_on(axes.xaxis)
    tidy(axes)
    return axes
