"""Tables of values as images: places or actions from bottom to top, time from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.metrics import FloatArray, IntArray
from hdeeprm.results.series import Loads
from hdeeprm.time_units import time_unit

from .binning import binned_loads, edges_of
from .style import share_colors
from .time_axis import label_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

TIME_BINS, MAX_ROWS = 600, 400
DECIMALS = 4  # of shares in %; sums over months are no more exact
WHOLE = 100.0
"""%; what is above it has a colour of its own."""


def draw_shares(
    axes: Axes,
    loads: Loads,
    capacity: FloatArray,
    end: float,
    label: str,
    least_top: float = WHOLE,
    height: int | None = None,
) -> Axes:
    """Draw which share of each place is held over time; neighbouring places together where there are many.

    Args:
        axes: Where to draw.
        loads: What is held.
        capacity: Of each place, shape (places,).
        end: Up to when, in s.
        label: Of the colours.
        least_top: Share in % that the darkest colour stands for, at least; it never stands for more than all.
        height: Top of the y axis; None: the number of places.

    Returns:
        The same axes.
    """
    edges, rows = edges_of(end, TIME_BINS), rows_of(len(capacity))
    held = binned_loads(loads._replace(place=rows[loads.place]), edges, int(rows[-1]) + 1)
    whole = np.bincount(rows, capacity)[:, None]
    shares = np.divide(WHOLE * held, whole, out=np.zeros_like(held), where=whole > 0).round(DECIMALS)
    unit = time_unit(end)
    extent = (0.0, end / unit.seconds, -0.5, (height or len(capacity)) - 0.5)
    draw_image(axes, shares, extent, min(WHOLE, max(least_top, float(shares.max()))), label)
    label_time(axes, unit, end)
    return axes


def rows_of(num_places: int) -> IntArray:
    """Row of the image that each place is in, shape (places,)."""
    return np.arange(num_places) * min(num_places, MAX_ROWS) // num_places


def draw_image(
    axes: Axes, values: FloatArray, extent: tuple[float, float, float, float], top: float, label: str
) -> AxesImage:
    """Draw values from 0 to a top as colours, with what they stand for at the right.

    Args:
        axes: Where to draw.
        values: Shape (rows, columns), the first row at the bottom; NaN is grey.
        extent: Left, right, bottom, top of the image in data coordinates.
        top: Value of the darkest colour.
        label: Of the colours.
    """
    image = axes.imshow(
        values,
        origin="lower",
        aspect="auto",
        extent=extent,
        interpolation="nearest",
        cmap=share_colors(),
        vmin=0.0,
        vmax=top,
    )
    is_over = bool(np.nanmax(values, initial=0.0) > top)
    bar = axes.figure.colorbar(image, ax=axes, extend="max" if is_over else "neither", pad=0.02)
    bar.set_label(f"{label}; orange: more than 100" if is_over else label)
    axes.spines[["top", "right"]].set_visible(False)
    return image
