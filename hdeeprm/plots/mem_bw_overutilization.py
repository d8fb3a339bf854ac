"""When processors had less than no memory bandwidth left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.results.reading import RecordedRun
from hdeeprm.results.series import contended_processors
from hdeeprm.time_units import time_unit

from .boxes import MAX_BOXES, draw_boxes
from .images import draw_shares
from .labels import end_of
from .style import ALARM, count_on
from .time_axis import label_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEAM = 0.5
"""pt; boxes that touch are one span of several processors, and no white is to be seen between them."""


def mem_bw_overutilization(axes: Axes, run: RecordedRun) -> Axes:
    """Draw a box for each span of each processor; of more than 5,000, the share of the time.

    Returns:
        The same axes.
    """
    end = end_of(run)
    num_processors = run.platform.num_processors
    loads = contended_processors(run)
    processor, start, finish, _ = loads
    axes.set_ylim(-0.5, num_processors - 0.5)
    if len(start) <= MAX_BOXES:
        unit = time_unit(end)
        boxes = draw_boxes(axes, start / unit.seconds, finish / unit.seconds, processor, processor, [ALARM])
        boxes.set(edgecolor=ALARM, linewidth=SEAM)
        label_time(axes, unit, end)
    else:
        draw_shares(axes, loads, np.ones(num_processors), end, "time without enough bandwidth (%)")
    axes.set_ylabel("processor")
    count_on(axes.yaxis)
    axes.spines[["top", "right"]].set_visible(False)
    return axes
