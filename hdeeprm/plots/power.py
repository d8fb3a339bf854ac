"""Power of the platform, over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hdeeprm.results import series
from hdeeprm.results.reading import RecordedRun

from .lines import plot_over_time
from .scales import unit_for
from .style import LIMIT

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def power(axes: Axes, runs: Sequence[RecordedRun]) -> Axes:
    """Draw the power of each run, and that of the platform when all is idle and all is busy.

    Returns:
        The same axes.
    """
    scale = unit_for(max(run.platform.max_watts for run in runs), "W")

    def scaled(run: RecordedRun) -> series.Steps:
        steps = series.power(run)
        return steps._replace(value=steps.value / scale.size)

    plot_over_time(axes, runs, scaled, f"power of the platform ({scale.name})")
    for watts in {watts for run in runs for watts in (run.platform.idle_watts, run.platform.max_watts)}:
        axes.axhline(watts / scale.size, color=LIMIT, linestyle=":", linewidth=1)
    axes.set_ylabel(f"{axes.get_ylabel()}\ndotted: all cores idle, all busy")
    axes.set_ylim(bottom=0)
    return axes
