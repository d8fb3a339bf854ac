"""How many jobs wait, over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hdeeprm.results.reading import RecordedRun
from hdeeprm.results.series import queue_length

from .lines import plot_over_time, say_if_nothing
from .style import count_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def queue_size(axes: Axes, runs: Sequence[RecordedRun]) -> Axes:
    """Draw the number of waiting jobs of each run; returns the same axes."""
    plot_over_time(axes, runs, queue_length, "waiting jobs")
    say_if_nothing(axes, "no job waited")
    axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
    count_on(axes.yaxis)
    return axes
