"""Learning curves: what runs reported on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hdeeprm.plots.style import Style, group_styles, legend_beside, tidy, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MIN_ALPHA = 0.25
LINES_IN_FULL = 12
"""So many lines are seen one by one; of more, each is paler."""


class Curve(NamedTuple):
    """What one run reported.

    Attributes:
        reports: Value by step, at least one.
        was_stopped: Whether a pruner stopped the run.
    """

    reports: Mapping[int, float]
    was_stopped: bool = False


def plot_curves(axes: Axes, groups: Mapping[str, Sequence[Curve]], label: str = "reported value") -> Axes:
    """Draw a thin line for each run, ending in a cross where it was stopped; and the mean of a group in bold.

    There is a mean only where all runs of a group reported the same steps: the mean of those that were left
    would flatter it.

    Args:
        axes: Where to draw.
        groups: Curves by the name of the group.
        label: What the values are.

    Returns:
        The same axes.
    """
    num_curves = sum(map(len, groups.values()))
    alpha = max(MIN_ALPHA, min(1.0, LINES_IN_FULL / max(num_curves, 1)))
    for (name, curves), style in zip(groups.items(), group_styles(len(groups)), strict=True):
        has_mean = len(curves) > 1 and len({tuple(sorted(curve.reports)) for curve in curves}) == 1
        _draw(axes, curves, style, name if not has_mean else None, alpha / 2 if has_mean else alpha)
        if has_mean:
            steps = sorted(curves[0].reports)
            mean = np.mean([[curve.reports[step] for step in steps] for curve in curves], axis=0)
            axes.plot(steps, mean, label=name, color=style.color, linestyle=style.linestyle, linewidth=2)
    axes.set(xlabel="step", ylabel=label)
    whole_numbers(axes.xaxis)
    tidy(axes)
    legend_beside(axes)
    return axes


def _draw(axes: Axes, curves: Sequence[Curve], style: Style, name: str | None, alpha: float) -> None:
    for index, (reports, was_stopped) in enumerate(curves):
        steps = sorted(reports)
        values = [reports[step] for step in steps]
        label = name if index == 0 else None
        axes.plot(steps, values, label=label, color=style.color, alpha=alpha, linewidth=0.9)
        if was_stopped:
            axes.plot(steps[-1], values[-1], "x", color=style.color, alpha=alpha, markersize=4)
