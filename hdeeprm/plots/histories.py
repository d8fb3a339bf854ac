"""Numbers that follow one another, such as losses by update: each, or means of some and how far they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.metrics import FloatArray

from .binning import blocks_of
from .style import Style, tell_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_POINTS = 300
"""More are drawn as means of some that follow one another."""
FEW_POINTS = 30
"""So few have a mark each, since a line through one point is not seen."""
BAND_ALPHA = 0.2


def plot_history(axes: Axes, place: FloatArray, values: FloatArray, label: str, style: Style) -> None:
    """Draw a line; of many values the mean of each some, and a band from the least to the largest.

    Args:
        axes: Where to draw.
        place: Of each value on the x axis, increasing, shape (values,).
        values: Shape (values,); gaps where NaN.
        label: Name in the legend.
        style: Of the line.
    """
    if len(values) > MAX_POINTS:
        tell_range(axes)
        begins = blocks_of(len(values), MAX_POINTS)[:-1]
        least, most = np.fmin.reduceat(values, begins), np.fmax.reduceat(values, begins)
        place = place[begins]
        axes.fill_between(place, least, most, color=style.color, alpha=BAND_ALPHA, linewidth=0)
        known = np.add.reduceat(np.isfinite(values).astype(float), begins)
        sums = np.add.reduceat(np.nan_to_num(values), begins)
        values = np.divide(sums, known, out=np.full(len(begins), np.nan), where=known > 0)
    mark = "o" if len(values) <= FEW_POINTS else ""
    axes.plot(place, values, label=label, linewidth=1.2, marker=mark, markersize=3, **style._asdict())
