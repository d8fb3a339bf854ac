"""Energy of the platform so far, over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hdeeprm.results import series
from hdeeprm.results.reading import RecordedRun
from hdeeprm.time_units import time_unit

from .binning import places_shown
from .labels import end_of, run_labels
from .lines import MAX_CHANGES
from .scales import unit_for
from .style import group_styles, legend_beside, tidy
from .time_axis import label_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def energy(axes: Axes, runs: Sequence[RecordedRun]) -> Axes:
    """Draw the energy that the platform of each run has consumed; returns the same axes."""
    end = max(map(end_of, runs))
    curves = [series.energy(run) for run in runs]
    scale = unit_for(max(joules[-1] for _, joules in curves), "J")
    unit = time_unit(end)
    styles = group_styles(len(runs))
    for (time, joules), name, style in zip(curves, run_labels(runs), styles, strict=True):
        chosen = places_shown(len(time), MAX_CHANGES)
        axes.plot(time[chosen] / unit.seconds, joules[chosen] / scale.size, label=name, **style._asdict())
    label_time(axes, unit, end)
    axes.set_ylabel(f"energy of the platform ({scale.name})")
    axes.set_ylim(bottom=0)
    tidy(axes)
    legend_beside(axes)
    return axes
