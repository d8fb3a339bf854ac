"""Who was slowed down: bounded slowdown by the size, or by the length, of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hdeeprm.metrics import FloatArray, IntArray, bounded_slowdown, run_time
from hdeeprm.results.reading import RecordedRun

from .labels import end_of
from .style import ALARM, OKABE_ITO, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LENGTHS = (
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3600.0, "1 h"),
    (6 * 3600.0, "6 h"),
    (86400.0, "1 d"),
    (float("inf"), ""),
)
"""Upper bounds of the classes of run times in s, and how they are called."""
PERCENTILES = (5, 25, 50, 75, 95)
LOG_FROM = 10.0
"""Axes whose largest value is so many times their least are logarithmic."""
FEW_MARKS_FROM = 1000.0
"""Up to here a logarithmic axis has three marks in each power of ten, from here on one."""


def slowdowns(axes: Axes, run: RecordedRun, by: Literal["size", "length"]) -> Axes:
    """Draw for each class of jobs the median, the quartiles, and the 5th and 95th percentile.

    Args:
        axes: Where to draw.
        run: The run.
        by: Whether jobs are classed by the cores that they asked for or by how long they ran.

    Returns:
        The same axes.
    """
    end_of(run)  # says where no job has ended
    jobs = run.jobs
    ended = jobs.ended
    values = bounded_slowdown(jobs)[ended]
    if by == "size":
        classes, names = _by_size(jobs.requested_cores[ended])
        what = "cores"
    else:
        classes, names = _by_length(run_time(jobs)[ended])
        what = "run time"
    boxes = [_box(values[classes == number], name) for number, name in enumerate(names)]
    _draw_boxes(axes, [box for box in boxes if box])
    axes.set_xlabel(f"{what}; below it, the number of jobs")
    axes.set_ylabel("bounded slowdown\nbox: quartiles, whiskers: 5 to 95 %, diamond: mean")
    axes.yaxis.label.set_fontsize(8)
    axes.tick_params(axis="x", labelsize=8)
    tidy(axes)
    return axes


def _draw_boxes(axes: Axes, boxes: Sequence[dict[str, Any]]) -> None:
    """A box for each class, on an axis that is logarithmic where they reach far up."""
    from matplotlib.ticker import LogLocator

    axes.bxp(
        boxes,
        showfliers=False,
        showmeans=True,
        meanprops={"marker": "D", "markersize": 4, "markerfacecolor": ALARM, "markeredgecolor": ALARM},
        patch_artist=True,
        boxprops={"facecolor": OKABE_ITO[5], "linewidth": 0.8},
        medianprops={"color": OKABE_ITO[6], "linewidth": 1.8},
    )
    highest = max(box["whishi"] for box in boxes)
    if highest >= LOG_FROM:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if highest < FEW_MARKS_FROM else (1.0,)))
        axes.yaxis.set_major_formatter("{x:,g}")


def _by_size(cores: IntArray) -> tuple[IntArray, list[str]]:
    """Class of each job, and their names: powers of two from one to the next."""
    classes = np.floor(np.log2(np.maximum(cores, 1))).astype(np.int64)
    bounds = [(2**power, 2 ** (power + 1) - 1) for power in range(int(classes.max()) + 1)]
    return classes, [str(low) if low == high else f"{low}-{high}" for low, high in bounds]


def _by_length(seconds: FloatArray) -> tuple[IntArray, list[str]]:
    """Class of each job, and their names."""
    bounds = [bound for bound, _ in LENGTHS]
    words = [word for _, word in LENGTHS]
    between = (f"{low}\u2013{high}" for low, high in pairwise(words[:-1]))
    names = [f"< {words[0]}", *between, f"\u2265 {words[-2]}"]
    return np.searchsorted(bounds, seconds, side="right"), names


def _box(values: FloatArray, name: str) -> dict[str, Any]:
    """What is drawn of a class; nothing of an empty one."""
    if not len(values):
        return {}
    low, first, middle, third, high = np.percentile(values, PERCENTILES)
    label = f"{name}\n{len(values):,}"
    return {
        "whislo": low,
        "q1": first,
        "med": middle,
        "q3": third,
        "whishi": high,
        "mean": float(values.mean()),
        "label": label,
    }
