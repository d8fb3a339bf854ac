"""Mean and deviation of several groups as lines with bands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from hdeeprm.plots.style import group_styles, legend_beside, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hdeeprm.studies.landscapes import Band

MAX_ALPHA = 0.18
ALPHA_IN_ALL = 1.2
"""Shared by the bands of many groups, so that lines are still seen where all overlap."""


def plot_bands(axes: Axes, bands: Mapping[str, Band], first: int = 1, in_steps: bool = False) -> Axes:
    """Draw the mean of each group as a line, and one standard deviation around it as a band.

    Args:
        axes: Where to draw.
        bands: Mean and deviation by the name of the group.
        first: Where the first value lies on the x axis.
        in_steps: Whether a value holds until the next one.

    Returns:
        The same axes.
    """
    alpha = min(MAX_ALPHA, ALPHA_IN_ALL / max(len(bands), 1))
    for (name, band), style in zip(bands.items(), group_styles(len(bands)), strict=True):
        x = np.arange(first, first + len(band.mean))
        (line,) = axes.plot(x, band.mean, label=name, color=style.color, linestyle=style.linestyle)
        line.set_drawstyle("steps-post" if in_steps else "default")
        line.set_marker("o" if len(x) == 1 else "")  # a single value makes no line
        low, high = band.mean - band.deviation, band.mean + band.deviation
        step: Literal["post"] | None = "post" if in_steps else None
        axes.fill_between(x, low, high, color=style.color, alpha=alpha, linewidth=0, step=step)
    axes.margins(x=0.01)
    tidy(axes)
    legend_beside(axes)
    return axes
