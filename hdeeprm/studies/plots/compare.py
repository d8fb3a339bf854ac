"""Groups of runs side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hdeeprm.plots.style import group_styles, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOT_SPREAD = 0.25  # of the height of a row


def plot_compare(
    axes: Axes, groups: Mapping[str, npt.ArrayLike], metric: str, direction: str = "minimize"
) -> Axes:
    """Draw a row for each group, the best mean on top: its runs as dots, mean and one deviation as a bar.

    Args:
        axes: Where to draw.
        groups: Values of the complete runs by the name of the group, each of shape (num_runs,), at least one.
        metric: What the values are.
        direction: ``"minimize"`` or ``"maximize"``.

    Returns:
        The same axes.
    """
    values = {name: np.asarray(found, dtype=float) for name, found in groups.items()}
    sign = -1.0 if direction == "maximize" else 1.0
    names = sorted(values, key=lambda name: sign * float(values[name].mean()))
    for row, (name, style) in enumerate(zip(names, group_styles(len(names)), strict=True)):
        found = values[name]
        offsets = row + DOT_SPREAD * np.linspace(-1, 1, len(found)) if len(found) > 1 else np.array([row])
        axes.scatter(found, offsets, s=10, color=style.color, alpha=0.5, linewidths=0)
        deviation = found.std(ddof=1) if len(found) > 1 else 0.0
        axes.errorbar(found.mean(), row, xerr=deviation, fmt="D", color=style.color, capsize=4, markersize=6)
    axes.set_yticks(range(len(names)), [f"{name} ({len(values[name])})" for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel(f"{metric} (mean, deviation; runs as dots)")
    tidy(axes)
    axes.grid(visible=False, axis="y")
    return axes
