"""The Gantt chart: which job had which cores when; of very many jobs, which cores were busy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.metrics import BoolArray, FloatArray, IntArray
from hdeeprm.results.reading import RecordedRun
from hdeeprm.results.series import core_loads
from hdeeprm.time_units import TimeUnit, time_unit

from .boxes import MAX_BOXES, draw_boxes
from .images import draw_shares, rows_of
from .labels import end_of
from .style import count_on, plain
from .time_axis import label_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#56B4E9", "#E69F00", "#66C2A5", "#CC79A7", "#F0E442", "#8DA0CB", "#D5B48C")
"""Light ones, so that black labels are read on them; one after the other differ in lightness too."""
LABEL_SIZE = 6.5  # pt
CHARACTER_WIDTH, LINE_HEIGHT = 0.65, 1.2  # of the size of the label
POINTS_PER_INCH = 72.0


def gantt(axes: Axes, run: RecordedRun, labelled: bool = True) -> Axes:
    """Draw a box for each job on its cores; of more than 5,000 boxes, the share of busy cores.

    Args:
        axes: Where to draw.
        run: The run.
        labelled: Whether ids are written into the boxes that they fit in.

    Returns:
        The same axes.
    """
    end = end_of(run)
    axes.set_ylim(-0.5, run.num_cores - 0.5)
    if len(run.placements.job) <= MAX_BOXES:
        unit = time_unit(end)
        label_time(axes, unit, end)
        _draw_jobs(axes, run, unit, labelled)
    else:
        rows = rows_of(run.num_cores)
        loads, _ = core_loads(run, rows)
        capacity = np.bincount(rows).astype(float)
        draw_shares(axes, loads, capacity, end, "busy cores (%)", height=run.num_cores)
    axes.set_ylabel("core")
    count_on(axes.yaxis)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _draw_jobs(axes: Axes, run: RecordedRun, unit: TimeUnit, labelled: bool) -> None:
    job, first, last = run.placements
    start, finish = run.jobs.start_time[job] / unit.seconds, run.jobs.finish_time[job] / unit.seconds
    draw_boxes(axes, start, finish, first, last, [COLORS[number % len(COLORS)] for number in job])
    if not labelled:
        return
    names = [plain(run.jobs.job_ids[number]) for number in job]
    for box in np.flatnonzero(_has_room(axes, finish - start, last - first + 1, names)):
        middle = (start[box] + finish[box]) / 2, (first[box] + last[box]) / 2
        axes.annotate(names[box], middle, ha="center", va="center", fontsize=LABEL_SIZE, clip_on=True)


def _has_room(axes: Axes, width: FloatArray, height: IntArray, names: Sequence[str]) -> BoolArray:
    """Whether a label fits into each box, shape (boxes,); of the axes as large as they are now."""
    box = axes.get_position()
    points = POINTS_PER_INCH * axes.figure.get_figure(root=True).get_size_inches() * (box.width, box.height)
    across = width / np.ptp(axes.get_xlim()) * points[0]
    up = height / np.ptp(axes.get_ylim()) * points[1]
    wanted = np.array([len(name) for name in names]) * CHARACTER_WIDTH * LABEL_SIZE
    return np.asarray((across >= wanted) & (up >= LINE_HEIGHT * LABEL_SIZE))
