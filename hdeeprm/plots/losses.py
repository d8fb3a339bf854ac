"""Losses of training, by update."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.errors import FigureError
from hdeeprm.results.reading import RecordedRun

from .histories import plot_history
from .style import count_on, group_styles, legend_beside, plain, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COUNTERS = ("update", "step")
FAR_APART = 20.0
"""Losses that differ so many times in size would not be seen beside each other on a linear axis."""


def losses(axes: Axes, run: RecordedRun) -> Axes:
    """Draw each loss; the axis is logarithmic where they are of very different sizes.

    Args:
        axes: Where to draw.
        run: One in which an agent was trained.

    Returns:
        The same axes.
    """
    table = run.losses
    names = [name for name in table if name not in COUNTERS]
    found = [name for name in names if name.endswith("loss")] or names
    if not found or not len(table["update"]):
        raise FigureError(f"{run.path}: the agent of this run never learned, so there is no loss to draw")
    axes.set_ylabel("loss" if len(found) > 1 else plain(found[0]))
    for name, style in zip(found, group_styles(len(found)), strict=True):
        plot_history(axes, table["update"], table[name], plain(name), style)
    sizes = [float(np.nanmax(np.abs(table[name]), initial=0.0)) for name in found]
    sizes = [size for size in sizes if 0.0 < size < np.inf]
    if sizes and max(sizes) > FAR_APART * min(sizes):
        axes.set_yscale("symlog", linthresh=10.0 ** np.floor(np.log10(min(sizes))))
    axes.set_xlabel("update")
    count_on(axes.xaxis)
    tidy(axes)
    legend_beside(axes)
    return axes
