"""How much better runs are than the first one, on the same jobs, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.comparison.statistics import UNKNOWN, Interval, gain_interval, gain_percent
from hdeeprm.metrics import FloatArray, IntArray, JobRecords, bounded_slowdown, turnaround_time, wait_time
from hdeeprm.results.reading import RecordedRun

from .binning import block_means, blocks_of
from .labels import run_labels, whom_compared
from .pairing import paired_jobs
from .style import LIMIT, Style, group_styles, legend_beside, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OF_JOBS: dict[str, Callable[[JobRecords], FloatArray]] = {
    "mean wait": wait_time,
    "mean turnaround": turnaround_time,
    "mean bounded slowdown": bounded_slowdown,
}
OF_RUNS = {"makespan": "makespan", "energy": "consumed_joules"}
"""What a run has one value of, which has no interval: as in out_schedule.csv."""
NUM_BLOCKS = 50
"""Jobs are drawn in blocks of some that were submitted one after the other, since what one job waits for
keeps its neighbours waiting too [Künsch 1989, "The jackknife and the bootstrap for general stationary
observations"]."""
FAR = 300.0
"""%; gains beyond it are drawn on a logarithmic axis, linear up to ``NEAR``."""
NEAR = 10.0
SPREAD = 0.6
"""Part of a row that the points of several runs take."""


def comparison(axes: Axes, runs: Sequence[RecordedRun]) -> Axes:
    """Draw what each run gains over the first one in %, with its 95 % interval; right of 0 is better.

    Args:
        axes: Where to draw.
        runs: At least two, of one workload.

    Returns:
        The same axes.
    """
    rows = paired_jobs(runs)
    labels = run_labels(runs)
    names = [*OF_JOBS, *OF_RUNS]
    known = np.zeros(len(names), np.bool_)
    for number, style in enumerate(group_styles(len(runs) - 1), start=1):
        gains, intervals = _gains(runs[0], rows[0], runs[number], rows[number])
        known |= np.isfinite(gains)
        heights = np.arange(len(names), dtype=np.float64) + SPREAD * (number / len(runs) - 0.5)
        _draw_gains(axes, heights, gains, intervals, labels[number], style)
    for row in np.flatnonzero(~known):
        axes.annotate(f"0 in {labels[0]}: no %", (0.5, row), xycoords=("axes fraction", "data"), va="center")
    axes.axvline(0.0, color=LIMIT, linewidth=1)
    _set_scales(axes, names)
    told = f"better than {labels[0]} by (%), on {len(rows[0]):,} jobs; 95 % intervals"
    axes.set_xlabel(whom_compared(labels) + told)
    tidy(axes)
    legend_beside(axes)
    return axes


def _draw_gains(
    axes: Axes,
    heights: FloatArray,
    gains: FloatArray,
    intervals: Sequence[Interval],
    label: str,
    style: Style,
) -> None:
    """The gains of a run as points, each with its interval."""
    low, high = np.array(intervals).T
    beside = np.nan_to_num([gains - low, high - gains])
    axes.errorbar(gains, heights, xerr=beside, fmt="o", color=style.color, capsize=3, label=label)


def _set_scales(axes: Axes, names: Sequence[str]) -> None:
    """A row for each name, the first at the top; gains so that all are seen."""
    if max(map(abs, axes.get_xlim())) > FAR:
        axes.set_xscale("symlog", linthresh=NEAR)
        axes.xaxis.set_major_formatter("{x:,g}")
        axes.tick_params(axis="x", labelsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.margins(x=0.1)


def _gains(
    first: RecordedRun, its_rows: IntArray, run: RecordedRun, rows: IntArray
) -> tuple[FloatArray, list[Interval]]:
    """Gain in each of the names, and its interval; NaN where there is none."""
    begins = blocks_of(len(rows), NUM_BLOCKS)
    gains, intervals = [], []
    for function in OF_JOBS.values():
        baseline, values = (
            block_means(function(one.jobs)[its], begins) for one, its in ((first, its_rows), (run, rows))
        )
        gains.append(float(gain_percent(values, baseline, higher_is_better=False)))
        intervals.append(gain_interval(values, baseline, higher_is_better=False))
    for column in OF_RUNS.values():
        value, baseline = (np.array([one.schedule[column]]) for one in (run, first))
        gains.append(float(gain_percent(value, baseline, higher_is_better=False)))
        intervals.append(UNKNOWN)
    return np.where(np.isfinite(gains), gains, np.nan), intervals
