"""The distribution of wait times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.metrics import FloatArray, wait_time
from hdeeprm.results.reading import RecordedRun

from .binning import places_shown
from .labels import end_of, run_labels
from .style import group_styles, legend_beside, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_POINTS = 1000
FURTHER = 1.2
"""Times the longest wait: where the axis ends."""
MARKS = (
    (0.0, "0"),
    (1.0, "1 s"),
    (10.0, "10 s"),
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3600.0, "1 h"),
    (6 * 3600.0, "6 h"),
    (86400.0, "1 d"),
    (864000.0, "10 d"),
)
"""What the axis is marked with, in s; below 1 s it is linear, from there on logarithmic."""


def wait_times(axes: Axes, runs: Sequence[RecordedRun]) -> Axes:
    """Draw for each run which part of the ended jobs waited at most so long; returns the same axes."""
    waits = [_sorted_waits(run) for run in runs]
    right = FURTHER * max(1.0, *(float(wait[-1]) for wait in waits))
    for wait, name, style in zip(waits, run_labels(runs), group_styles(len(runs)), strict=True):
        share = 100.0 * np.arange(1, len(wait) + 1) / len(wait)
        chosen = places_shown(len(wait), MAX_POINTS)
        x = np.concatenate([[0.0], wait[chosen], [right]])
        y = np.concatenate([[0.0], share[chosen], [100.0]])
        axes.plot(x, y, drawstyle="steps-post", label=name, **style._asdict())
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    axes.set_xlim(0.0, right)
    marks = [(place, word) for place, word in MARKS if place <= right]
    axes.set_xticks([place for place, _ in marks], [word for _, word in marks])
    axes.set_xticks([], minor=True)
    axes.set_ylim(0, 102)
    axes.set_xlabel("wait time")
    axes.set_ylabel("jobs that waited at most so long (%)")
    tidy(axes)
    legend_beside(axes)
    return axes


def _sorted_waits(run: RecordedRun) -> FloatArray:
    end_of(run)  # says where no job has ended
    return np.sort(wait_time(run.jobs)[run.jobs.ended])
