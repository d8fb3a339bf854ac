"""Each job's life: when it waited and when it ran, in the order of submission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.metrics import FloatArray, IntArray
from hdeeprm.results.reading import RecordedRun
from hdeeprm.time_units import time_unit

from .binning import block_means, blocks_of
from .labels import end_of
from .style import PALE, STRONG, count_on, legend_beside, tidy
from .time_axis import label_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_LINES, MAX_BLOCKS = 1200, 400
"""More jobs than lines are drawn as so many means of some that were submitted one after the other."""
HEIGHT, MAX_APART = 0.8, 100
"""Of a line, in lines, and how many at most have a gap in between."""
EDGE = 0.8
"""pt; of the runs of these, so that the shortest are seen too."""
SEAM = 0.3
"""pt; of waits that touch, whose seams would be seen as stripes."""


def lifecycle(axes: Axes, run: RecordedRun) -> Axes:
    """Draw a line for each job: pale while it waits, strong while it runs.

    Of more than 1,200 jobs, draw means of some that were submitted one after the other, each from their own
    submission on: lives are short beside a run of so many jobs.

    Returns:
        The same axes.
    """
    end = end_of(run)
    jobs = run.jobs
    order = np.argsort(jobs.submit_time, kind="stable")
    order = order[jobs.ended[order]]
    times = np.stack([jobs.submit_time, jobs.start_time, jobs.finish_time])[:, order]
    begins = np.arange(len(order) + 1)
    if len(order) <= MAX_LINES:
        unit = time_unit(end)
        label_time(axes, unit, end)
        axes.set_ylabel("job in order of submission")
    else:
        begins = blocks_of(len(order), MAX_BLOCKS)
        times = block_means(times - times[0], begins)
        unit = time_unit(float(times.max()))
        axes.set_xlabel(f"time since its own submission ({unit.name})")
        axes.set_xlim(0, 1.02 * float(times.max()) / unit.seconds)
        axes.set_ylabel(f"job in order of submission, means of {int(np.diff(begins).max())}")
    submit, start, finish = times / unit.seconds
    _draw_spans(axes, begins, submit, start, PALE, "waits")
    _draw_spans(axes, begins, start, finish, STRONG, "runs")
    axes.set_ylim(0, len(order))
    count_on(axes.yaxis)
    tidy(axes)
    legend_beside(axes)
    return axes


def _draw_spans(
    axes: Axes, begins: IntArray, left: FloatArray, right: FloatArray, color: str, label: str
) -> None:
    few = len(begins) <= MAX_APART
    heights = np.diff(begins) * (HEIGHT if few else 1.0)
    few_edge, many_edge = (EDGE, 0.0) if color == STRONG else (0.0, SEAM)
    edge = few_edge if few else many_edge
    bars = axes.barh(begins[:-1], right - left, heights, left, align="edge", color=color, linewidth=edge)
    bars.set_label(label)
    for bar in bars:
        bar.set_edgecolor(color)
        bar.set_snap(False)  # lines thinner than a pixel would be rounded away
