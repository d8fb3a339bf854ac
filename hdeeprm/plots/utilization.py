"""Which part of the cores is busy, over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hdeeprm.results.reading import RecordedRun
from hdeeprm.results.series import Steps, busy_cores

from .lines import plot_over_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOP = 103.0
"""% of the cores; so that a line at the top is seen."""


def utilization(axes: Axes, runs: Sequence[RecordedRun]) -> Axes:
    """Draw the busy cores of each run in % of its platform's; returns the same axes."""
    plot_over_time(axes, runs, _percent, "busy cores (%)")
    axes.set_ylim(0, TOP)
    return axes


def _percent(run: RecordedRun) -> Steps:
    steps = busy_cores(run)
    return steps._replace(value=100.0 * steps.value / run.num_cores)
