"""Two metrics against each other, and the runs that no other beats in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hdeeprm.plots.style import group_styles, legend_beside, tidy
from hdeeprm.studies.results.front import front_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_pareto(
    axes: Axes,
    groups: Mapping[str, npt.ArrayLike],
    metrics: Sequence[str],
    directions: Sequence[str] = ("minimize", "minimize"),
) -> Axes:
    """Draw a dot for each run, and the front of each group as a stair through its runs.

    Args:
        axes: Where to draw.
        groups: Values of both metrics by the name of the group, each of shape (num_runs, 2).
        metrics: Names of the two.
        directions: Whether less or more of each is better.

    Returns:
        The same axes.
    """
    signs = np.array([-1.0 if direction == "maximize" else 1.0 for direction in directions])
    for (name, found), style in zip(groups.items(), group_styles(len(groups)), strict=True):
        values = np.asarray(found, dtype=float)
        front = values[front_rows(values * signs)]
        axes.scatter(values[:, 0], values[:, 1], s=12, color=style.color, alpha=0.35, linewidths=0)
        # What lies behind the stair is beaten by one of its corners.
        (line,) = axes.plot(front[:, 0], front[:, 1], marker="o", markersize=5, drawstyle="steps-post")
        line.set(color=style.color, linestyle=style.linestyle, label=f"{name}: {len(front)} on the front")
    arrows = ["less is better" if sign > 0 else "more is better" for sign in signs]
    axes.set(xlabel=f"{metrics[0]} ({arrows[0]})", ylabel=f"{metrics[1]} ({arrows[1]})")
    tidy(axes)
    legend_beside(axes)
    if len(groups) == 1:  # which has no legend to say it
        axes.set_title(str(axes.lines[0].get_label()), loc="left")
    return axes
