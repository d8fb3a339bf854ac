"""A glimpse of a run as text: a headline, how far it is, and a line for each gauge."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hdeeprm.metrics import METRICS
from hdeeprm.results import RecordedRun
from hdeeprm.results.heartbeat import Beat
from hdeeprm.time_units import time_text

from .glimpse import Glimpse
from .sparkline import sparkline

BAR_WIDTH = 40
QUIET_SECONDS = 10.0
"""A run that has told nothing for longer is said to be quiet."""
SHOWN_METRICS = ("num_jobs", "makespan", "mean_wait_time", "mean_bounded_slowdown", "utilization")
_FORMS = {"waiting jobs": ",.0f", "running jobs": ",.0f", "utilization": ".1%"}
_STYLES = {"complete": "green", "running": "cyan"}  # others ended badly


def headline(glimpse: Glimpse, seconds_left: float | None = None) -> str:
    """One line: which run, its status, and how far it is.

    Args:
        glimpse: Of the run.
        seconds_left: What remains at the pace so far, if that is known.
    """
    if glimpse.run is None:
        return f"{glimpse.path}: waiting for a run to begin here"
    parts = [f"{glimpse.path}: {glimpse.run.mark or glimpse.run.status}"]
    if not glimpse.is_over:
        parts[0] += f" for {time_text(_seconds_since_start(glimpse.run), 1)}"
    if glimpse.beat is not None:
        parts.append(_how_far(glimpse.beat))
        if not glimpse.is_over:
            parts += [f"{time_text(seconds_left, 0)} left"] if seconds_left else []
            parts += [f"quiet for {time_text(glimpse.age, 0)}"] if glimpse.age > QUIET_SECONDS else []
    return ", ".join(parts)


def _how_far(beat: Beat) -> str:
    return f"{beat.stage}: {beat.done:,} of {beat.total:,} {beat.unit}"


def _seconds_since_start(run: RecordedRun) -> float:
    """Since the run began, or was gone on with last, by the wall clock."""
    started = [run.state["started"], *run.state.get("resumed", [])][-1]
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(started)).total_seconds())


def view(glimpse: Glimpse, levels: str, seconds_left: float | None = None) -> RenderableType:
    """All that is known of a run at this moment.

    Args:
        glimpse: Of the run.
        levels: Characters of curves, from the least to the largest.
        seconds_left: What remains at the pace so far, if that is known.
    """
    status = glimpse.run.status if glimpse.run is not None else "running"
    lines: list[RenderableType] = [Text(headline(glimpse, seconds_left), style=_STYLES.get(status, "red"))]
    if glimpse.beat is not None:
        lines.append(_gauges(glimpse.beat, levels))
    elif glimpse.run is not None and status == "complete" and glimpse.run.has("metrics.json"):
        lines.append(Text(outcome(glimpse.run)))
    return Group(*lines)


def _gauges(beat: Beat, levels: str) -> Table:
    """How far the stage is, and each gauge with its course."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()  # gives way where the terminal is narrow
    share = beat.done / max(1, beat.total)
    table.add_row(beat.stage, f"{share:.1%}", ProgressBar(max(1, beat.total), beat.done, BAR_WIDTH))
    for name, value in beat.gauges.items():
        if not math.isnan(value):
            course = Text(sparkline(beat.past.get(name, ()), levels), no_wrap=True, overflow="crop")
            table.add_row(name, gauge_text(name, value), course)
    return table


def gauge_text(name: str, value: float) -> str:
    """The reading of a gauge with its unit.

    >>> gauge_text("utilization", 0.5)
    '50.0%'
    """
    if name == "power":
        return f"{value / 1000:,.2f} kW"
    if name in ("simulated time", "mean wait"):
        return time_text(value)
    return f"{value:{_FORMS.get(name, ',.5g')}}"


def outcome(run: RecordedRun) -> str:
    """The main metrics that a complete run has, on one line."""
    values = ((name, run.metrics.get(name, math.nan)) for name in SHOWN_METRICS)
    units = {"1": "", "jobs": ""}
    return ", ".join(
        f"{name} {value:,.6g} {units.get(METRICS[name].unit, METRICS[name].unit)}".rstrip()
        for name, value in values
        if not math.isnan(value)
    )
