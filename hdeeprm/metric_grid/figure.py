"""The grid of eight metrics: a panel for each, a bar for each run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hdeeprm.plots.saving import new_figure
from hdeeprm.plots.scales import Scale, unit_for
from hdeeprm.plots.style import group_styles, plain_all, tidy
from hdeeprm.time_units import time_unit

from .schedules import GRID

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NUM_ROWS, NUM_COLUMNS = 2, 4
PANEL_INCHES, INCHES_PER_BAR, FRAME_INCHES = 3.0, 0.32, 1.1
"""Width of a panel; its height is that of the bars and of what is around them."""
MOST_TICKS = 5
HEADROOM = 1.45
"""Length of a panel, in longest bars, so that the values have room."""


def draw_grid(runs: Sequence[dict[str, float]], names: Sequence[str]) -> Figure:
    """A figure with the eight metrics of some runs; however many, each has its bar, its name and its values.

    Args:
        runs: What ``read_schedule`` gives for each.
        names: What each is called.
    """
    height = NUM_ROWS * (FRAME_INCHES + INCHES_PER_BAR * len(runs))
    figure = new_figure(NUM_COLUMNS * PANEL_INCHES, height)
    panels = figure.subplots(NUM_ROWS, NUM_COLUMNS, sharey=True)
    panels[0, 0].invert_yaxis()
    for axes, name in zip(panels.flatten(), GRID, strict=True):
        metric_bars(axes, name, [run[name] for run in runs])
    for axes in panels[:, 0]:
        axes.set_yticks(range(len(names)), plain_all(names))
    return figure


def metric_bars(axes: Axes, metric: str, values: Sequence[float]) -> Axes:
    """One metric of some runs, a bar each with its value; what is no number leaves a gap that says so."""
    from matplotlib.ticker import MaxNLocator

    title, unit = GRID[metric]
    scale = _scale(max(filter(math.isfinite, values), default=0.0), unit)
    lengths = [value / scale.size if math.isfinite(value) else 0.0 for value in values]
    colors = [style.color for style in group_styles(len(values))]
    bars = axes.barh(range(len(values)), lengths, color=colors, height=0.7)
    axes.bar_label(bars, [bar_text(value / scale.size) for value in values], padding=2, fontsize=8)
    axes.margins(y=0.02)
    axes.set_xlim(0.0, HEADROOM * max(lengths) or 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(MOST_TICKS))
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(scale.name)
    tidy(axes)
    axes.grid(visible=False, axis="y")
    return axes


def _scale(longest: float, unit: str) -> Scale:
    """The unit that a panel is drawn in, by its longest bar; plain numbers have none."""
    if unit == "1":
        return Scale("", 1.0)
    return Scale(*time_unit(longest)) if unit == "s" else unit_for(longest, unit)


def bar_text(value: float) -> str:
    """A value beside a bar, in four digits.

    >>> bar_text(7.98765), bar_text(1234.5), bar_text(float("nan"))
    ('7.988', '1,234', 'none')
    """
    if not math.isfinite(value):
        return "none"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
