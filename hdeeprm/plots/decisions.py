"""Which selection was chosen when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.errors import FigureError
from hdeeprm.results.reading import RecordedRun
from hdeeprm.time_units import time_unit

from .images import draw_image
from .labels import end_of
from .style import plain
from .time_axis import label_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUM_BINS = 120


def decisions(axes: Axes, run: RecordedRun) -> Axes:
    """Draw a row for each action that was ever chosen: its share of the decisions in each bin of time.

    Bins of time without any decision are grey.

    Args:
        axes: Where to draw.
        run: The run.

    Returns:
        The same axes.
    """
    table = run.decisions
    times, actions = table["time"], table["action"].astype(np.int64)
    if not len(times):
        raise FigureError(f"{run.path}: no decision was taken in this run, so there is none to draw")
    chosen, first, row = np.unique(actions, return_index=True, return_inverse=True)
    end = end_of(run)
    column = np.minimum((times / end * NUM_BINS).astype(np.int64), NUM_BINS - 1)
    counts = np.bincount(row * NUM_BINS + column, minlength=len(chosen) * NUM_BINS).reshape(-1, NUM_BINS)
    decided = counts.sum(axis=0)
    shares = np.divide(100.0 * counts, decided, out=np.full(counts.shape, np.nan), where=decided > 0)
    unit = time_unit(end)
    extent = (0.0, end / unit.seconds, -0.5, len(chosen) - 0.5)
    draw_image(axes, shares, extent, 100.0, "share of the decisions (%); grey: no decision")
    totals = counts.sum(axis=1)
    labels = [f"{plain(table['action_name'][at])} ({n:,})" for at, n in zip(first, totals, strict=True)]
    axes.set_yticks(range(len(chosen)), labels, fontsize=8 if len(chosen) <= 12 else 6)
    label_time(axes, unit, end)
    return axes
