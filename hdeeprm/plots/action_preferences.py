"""How probable each action was at the first decision of an episode, while the agent learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.errors import FigureError
from hdeeprm.metrics import FloatArray
from hdeeprm.results.reading import RecordedRun

from .binning import block_means, blocks_of
from .histories import plot_history
from .images import draw_image
from .style import count_on, group_styles, legend_beside, plain, plain_all, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_LINES = 7
"""More actions are drawn as colours, a row each: so many lines could not be told apart."""
MAX_COLUMNS = 600


def action_preferences(axes: Axes, run: RecordedRun) -> Axes:
    """Draw the probability of each action; returns the same axes.

    Args:
        axes: Where to draw.
        run: One in which an agent was trained that has preferences.
    """
    table = run.action_preferences
    names = [name for name in table if name not in ("episode", "step")]
    episodes = table["episode"]
    if not len(episodes):
        raise FigureError(
            f"{run.path}: the agent of this run told no probabilities of actions; those of ppo, actor-critic "
            "and reinforce are recorded"
        )
    if len(names) <= MAX_LINES:
        axes.set_ylabel("probability")
        for name, style in zip(names, group_styles(len(names)), strict=True):
            plot_history(axes, episodes, table[name], plain(name), style)
        axes.set_ylim(0, 1)
        tidy(axes)
        legend_beside(axes)
    else:
        _draw_rows(axes, episodes, np.array([table[name] for name in names]), names)
    axes.set_xlabel("episode")
    count_on(axes.xaxis)
    return axes


def _draw_rows(axes: Axes, episodes: FloatArray, values: FloatArray, names: list[str]) -> None:
    begins = blocks_of(len(episodes), MAX_COLUMNS)
    means = block_means(values, begins)
    extent = (float(episodes[0]), float(episodes[-1]) + 1.0, -0.5, len(names) - 0.5)
    draw_image(axes, means, extent, float(means.max()), "probability")
    axes.set_yticks(range(len(names)), plain_all(names), fontsize=6)
