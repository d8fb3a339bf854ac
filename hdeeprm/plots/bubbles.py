"""How often the selected job did not fit, for lack of cores or of memory, so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from hdeeprm.results.reading import RecordedRun
from hdeeprm.results.series import Steps, cumulated

from .lines import plot_over_time, say_if_nothing
from .style import count_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def bubbles(axes: Axes, runs: Sequence[RecordedRun], lacking: Literal["cores", "memory"]) -> Axes:
    """Draw the number of decisions so far that a lack of cores, or of memory, brought to their end.

    Returns:
        The same axes.
    """

    def counted(run: RecordedRun) -> Steps:
        times = run.core_shortages if lacking == "cores" else run.memory_shortages
        return cumulated(times, np.ones(len(times)))

    plot_over_time(axes, runs, counted, f"decisions that lacked {lacking}, so far")
    say_if_nothing(axes, "none lacked any")
    axes.set_ylim(0, max(1.0, axes.get_ylim()[1]))
    count_on(axes.yaxis)
    return axes
