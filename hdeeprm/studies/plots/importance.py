"""How much each option matters for a metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hdeeprm.plots.style import group_styles, legend_beside, tidy

from .captions import caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_importance(axes: Axes, groups: Mapping[str, Mapping[str, float]], label: str) -> Axes:
    """Draw a bar for each option, the longest of the first group on top; of several groups one below another.

    Args:
        axes: Where to draw.
        groups: By the name of a study, the importance of each option by its name, 0 to 1.
        label: What is measured.

    Returns:
        The same axes.
    """
    names = list(dict.fromkeys(name for shares in groups.values() for name in shares))
    first = next(iter(groups.values()))
    names.sort(key=lambda name: -first.get(name, 0.0))
    height = 0.8 / len(groups)
    for index, ((group, shares), style) in enumerate(
        zip(groups.items(), group_styles(len(groups)), strict=True)
    ):
        rows = [row - 0.4 + height * (index + 0.5) for row in range(len(names))]
        found = [shares.get(name, 0.0) for name in names]
        bars = axes.barh(rows, found, height * 0.9, color=style.color, label=group)
        axes.bar_label(bars, [f"{share:.2f}" for share in found], padding=3)
    axes.set_yticks(range(len(names)), map(caption, names))
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set(xlabel=label, xlim=(0, 1.1))
    tidy(axes)
    axes.grid(visible=False, axis="y")
    legend_beside(axes)
    return axes
