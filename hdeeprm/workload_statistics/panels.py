"""Panels of the figure of a workload: each draws on axes and returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.plots.style import OKABE_ITO, count_on
from hdeeprm.plots.time_axis import label_time
from hdeeprm.time_units import time_unit
from hdeeprm.workloads.workload import FloatArray

from .fields import unit_of
from .job_table import JobTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

TITLE_POINTS = 10
MOST_POWERS = 5
TICK_POINTS = 8  # so that 10,000 and 100,000 have room beside each other
NUM_BINS = 50
NUM_CELLS = 40
LOG_FROM = 100.0
"""Ratio of the largest to the smallest value from which on an axis is logarithmic."""
BARS, LINE = OKABE_ITO[5], OKABE_ITO[1]
HEAT = "cividis_r"
"""Its lightest end, of one job, is still seen on white; the same to those who see no red or no green."""


def distribution(axes: Axes, table: JobTable, field: str) -> Axes:
    """Histogram of a field, and over it the part of the jobs that have so much or less.

    Values that span more than two orders of magnitude are drawn on a logarithmic axis, without zeros, whose
    number the title tells.
    """
    values = table.known(field)
    drawn = values[values > 0] if _is_wide(values) else values
    if _is_wide(values):
        axes.set_xscale("log")
    axes.hist(drawn, _edges(drawn, logarithmic=_is_wide(values)).tolist(), color=BARS, edgecolor="none")
    axes.set_xlabel(label_of(field))
    axes.set_title(_title(field, len(values), len(values) - len(drawn)), fontsize=TITLE_POINTS)
    _plain_numbers(axes.xaxis)
    _count_jobs(axes)
    _cumulated(axes, np.sort(values), drawn)
    return axes


def submissions(axes: Axes, table: JobTable) -> Axes:
    """Jobs submitted over the time of the workload."""
    times = table.known("submit_time")
    end = max(float(times[-1]), 1.0)
    unit = time_unit(end)
    axes.hist(times / unit.seconds, NUM_BINS, color=BARS, edgecolor="none")
    label_time(axes, unit, end)
    axes.set_title(f"submissions: {len(times):,} jobs", fontsize=TITLE_POINTS)
    _count_jobs(axes)
    return axes


def sizes_and_run_times(axes: Axes, table: JobTable) -> Axes:
    """How many jobs have a size and a run time, as a heat map with both axes logarithmic."""
    from matplotlib.colors import LogNorm

    run_time, size = table.columns["run_time"], table.columns["size"]
    ran = run_time > 0  # false where it is not known
    if not ran.any():
        return nothing(axes, "size and run time", "no run times recorded")
    edges = [_edges(values, logarithmic=True, number=NUM_CELLS) for values in (run_time[ran], size[ran])]
    counts, x, y = np.histogram2d(run_time[ran], size[ran], edges)
    scale = LogNorm(1, max(10, counts.max()))
    mesh = axes.pcolormesh(x, y, np.ma.masked_equal(counts.T, 0), norm=scale, cmap=HEAT)
    bar = axes.figure.colorbar(mesh, ax=axes, label="jobs")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(label_of("run_time"))
    axes.set_ylabel(label_of("size"))
    axes.set_title(f"size and run time: {int(counts.sum()):,} jobs", fontsize=TITLE_POINTS)
    for axis in (axes.xaxis, axes.yaxis, bar.ax.yaxis):
        _plain_numbers(axis)
    return axes


def nothing(axes: Axes, title: str, reason: str) -> Axes:
    """Empty axes that say why they are."""
    axes.set_axis_off()
    axes.set_title(title, fontsize=TITLE_POINTS)
    axes.text(0.5, 0.5, reason, ha="center", va="center", transform=axes.transAxes, wrap=True)
    return axes


def label_of(field: str) -> str:
    """Name of a field and its unit."""
    unit = unit_of(field)
    return f"{field} ({unit})" if unit else field


def _cumulated(axes: Axes, ordered: FloatArray, drawn: FloatArray) -> None:
    """The part of all jobs up to each value drawn, on an axis to the right."""
    right = axes.twinx()
    values = np.unique(drawn)
    part = np.searchsorted(ordered, values, side="right") / len(ordered)
    right.step([values[0], *values], [0.0, *(100 * part)], where="post", color=LINE)
    right.set_ylim(0, 101)
    right.set_ylabel("jobs up to there (%)", color=LINE)


def _plain_numbers(axis: Axis) -> None:
    """Ticks at round numbers, written as such; on a logarithmic axis, no more than have room."""
    from matplotlib.ticker import LogLocator

    if axis.get_scale() == "log":
        axis.set_major_locator(LogLocator(numticks=MOST_POWERS))
    axis.set_major_formatter("{x:,g}")
    axis.set_minor_formatter("")
    axis.set_tick_params(labelsize=TICK_POINTS)


def _count_jobs(axes: Axes) -> None:
    """An axis of jobs, which are whole."""
    axes.set_ylabel("jobs")
    count_on(axes.yaxis)


def _is_wide(values: FloatArray) -> bool:
    positive = values[values > 0]
    return bool(len(positive)) and values.min() >= 0 and positive.max() >= LOG_FROM * positive.min()


def _edges(values: FloatArray, logarithmic: bool, number: int = NUM_BINS) -> FloatArray:
    """Edges of bins that hold all values, the last one closed."""
    least, most = float(values.min()), float(values.max())
    if most > least:
        return np.asarray((np.geomspace if logarithmic else np.linspace)(least, most, number + 1))
    return np.array([least / 2, 2 * most]) if logarithmic else np.array([least - 0.5, most + 0.5])


def _title(field: str, num_jobs: int, num_zero: int) -> str:
    zeros = f", {num_zero:,} with 0 not drawn" if num_zero else ""
    return f"{field}: {num_jobs:,} jobs{zeros}"
