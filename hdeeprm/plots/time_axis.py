"""The time axis: in the unit that suits how long a run took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hdeeprm.time_units import TimeUnit

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def label_time(axes: Axes, unit: TimeUnit, end: float) -> None:
    """Name the time axis, from the first submission to an end in s."""
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel(f"time since the first submission ({unit.name})")
    axes.set_xlim(0.0, max(end, 1e-9) / unit.seconds)
    axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
