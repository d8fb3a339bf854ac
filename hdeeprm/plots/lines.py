"""What changes over time as lines: exactly, or, of very many changes, the mean and how far they go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.metrics import FloatArray
from hdeeprm.results.reading import RecordedRun
from hdeeprm.results.series import Steps
from hdeeprm.time_units import TimeUnit, time_unit

from .binning import binned_steps, edges_of
from .labels import end_of, run_labels
from .style import LIMIT, Style, group_styles, legend_beside, tell_range, tidy
from .time_axis import label_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_CHANGES, NUM_BINS = 2000, 400
"""More changes are not drawn one by one, but in so many bins; lines of several runs share both."""
BAND_ALPHA = 0.25


def plot_over_time(
    axes: Axes, runs: Sequence[RecordedRun], series: Callable[[RecordedRun], Steps], label: str
) -> Axes:
    """Draw a line of each run over time.

    Args:
        axes: Where to draw.
        runs: At least one.
        series: What is drawn of a run.
        label: Of the y axis.

    Returns:
        The same axes.
    """
    end = max(map(end_of, runs))
    unit = time_unit(end)
    axes.set_ylabel(label)
    for run, name, style in zip(runs, run_labels(runs), group_styles(len(runs)), strict=True):
        steps = series(run)
        if len(steps.time) <= MAX_CHANGES // len(runs):
            _plot_changes(axes, steps, end_of(run), unit, style, name)
        else:
            _plot_bins(axes, steps, edges_of(end_of(run), NUM_BINS // len(runs)), unit, style, name)
            tell_range(axes)
    label_time(axes, unit, end)
    tidy(axes)
    legend_beside(axes)
    return axes


def say_if_nothing(axes: Axes, text: str) -> None:
    """Where all lines are at 0, on the axis, which hides them, say what that means."""
    if not any(np.any(line.get_ydata()) for line in axes.lines):
        axes.annotate(text, (0.5, 0.5), xycoords="axes fraction", ha="center", color=LIMIT)


def _plot_changes(axes: Axes, steps: Steps, end: float, unit: TimeUnit, style: Style, label: str) -> None:
    """Draw each value until the next one."""
    time = np.append(steps.time, max(end, steps.time[-1])) / unit.seconds
    value = np.append(steps.value, steps.value[-1])
    axes.plot(time, value, drawstyle="steps-post", label=label, linewidth=1.2, **style._asdict())


def _plot_bins(axes: Axes, steps: Steps, edges: FloatArray, unit: TimeUnit, style: Style, label: str) -> None:
    """Draw the mean in each bin, and a band from the least to the largest value in it."""
    mean, *bounds = binned_steps(steps, edges)
    time = edges / unit.seconds
    low, high = (np.append(bound, bound[-1]) for bound in bounds)
    axes.fill_between(time, low, high, step="post", color=style.color, alpha=BAND_ALPHA, linewidth=0)
    axes.plot((time[:-1] + time[1:]) / 2, mean, label=label, linewidth=1.2, **style._asdict())
