"""When a run was better than the first one: differences of the wait of the same jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.metrics import FloatArray, wait_time
from hdeeprm.results.reading import RecordedRun
from hdeeprm.time_units import time_unit

from .binning import blocks_of
from .labels import run_labels, whom_compared
from .pairing import paired_jobs
from .style import LIMIT, Style, group_styles, legend_beside, tidy
from .time_axis import label_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUM_BLOCKS = 60
MIDDLE = (5, 95)
"""Percentiles that the bands are between."""
BAND_ALPHA = 0.2


def differences(axes: Axes, runs: Sequence[RecordedRun]) -> Axes:
    """Draw how much longer jobs waited than in the first run, over the time of their submission.

    A line is the mean of some jobs that were submitted one after the other, the band holds 90 % of them.

    Args:
        axes: Where to draw.
        runs: At least two, of one workload.

    Returns:
        The same axes.
    """
    rows = paired_jobs(runs)
    labels = run_labels(runs)
    submitted = runs[0].jobs.submit_time[rows[0]]
    waits = [wait_time(run.jobs)[own] for run, own in zip(runs, rows, strict=True)]
    begins = blocks_of(len(submitted), NUM_BLOCKS)
    unit = time_unit(float(submitted[-1]))
    longest = max(float(np.abs(wait - waits[0]).max()) for wait in waits[1:])
    own_unit = time_unit(longest)
    time = np.append(submitted[begins[:-1]], submitted[-1]) / unit.seconds
    for wait, name, style in zip(waits[1:], labels[1:], group_styles(len(runs) - 1), strict=True):
        parts = np.split((wait - waits[0]) / own_unit.seconds, begins[1:-1])
        _draw_blocks(axes, time, parts, name, style)
    axes.axhline(0.0, color=LIMIT, linewidth=1)
    label_time(axes, unit, float(submitted[-1]))
    axes.set_xlabel(f"time of submission ({unit.name})")
    axes.set_ylabel(
        f"{whom_compared(labels)}wait longer than in {labels[0]} ({own_unit.name})\nmean, and from 5 to 95 %"
    )
    tidy(axes)
    legend_beside(axes)
    return axes


def _draw_blocks(axes: Axes, time: FloatArray, parts: Sequence[FloatArray], label: str, style: Style) -> None:
    """The mean of each block as a line, in a band that holds most of it.

    Args:
        axes: Where to draw.
        time: When each block begins, and when the last one ends, on the time axis, shape (blocks + 1,).
        parts: Values of each block.
        label: Name in the legend.
        style: Of the line.
    """
    means = [float(part.mean()) for part in parts]
    low, high = np.array([np.percentile(part, MIDDLE) for part in parts]).T
    bounds = [*low, low[-1]], [*high, high[-1]]
    axes.fill_between(time, *bounds, step="post", color=style.color, alpha=BAND_ALPHA, linewidth=0)
    axes.plot(time, [*means, means[-1]], drawstyle="steps-post", label=label, **style._asdict())
