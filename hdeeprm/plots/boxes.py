"""Boxes over time, each some cores, or a processor, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hdeeprm.metrics import FloatArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection

MAX_BOXES, MAX_EDGED = 5000, 1000
"""More boxes would be a blot: shares in bins of time are drawn instead. More edges would hide the boxes."""
EDGE, EDGE_WIDTH = "#333333", 0.3


def draw_boxes(
    axes: Axes,
    start: FloatArray,
    end: FloatArray,
    bottom: npt.NDArray[np.integer],
    top: npt.NDArray[np.integer],
    colors: Sequence[str],
) -> PolyCollection:
    """Draw boxes; all arrays have shape (boxes,).

    Args:
        axes: Where to draw.
        start: Left side of each, on the time axis.
        end: Right side.
        bottom: First row of each.
        top: Last row of each, which the box takes in.
        colors: Of each, or one for all.
    """
    from matplotlib.collections import PolyCollection

    low, high = bottom - 0.5, top + 0.5
    corners = np.stack([start, low, start, high, end, high, end, low], axis=1).reshape(-1, 4, 2)
    edges = {"edgecolors": EDGE, "linewidths": EDGE_WIDTH} if len(start) <= MAX_EDGED else {"linewidths": 0}
    boxes = PolyCollection(list(corners), facecolors=colors, **edges)
    boxes.set_snap(False)  # boxes thinner than a pixel would be rounded away
    axes.add_collection(boxes)
    return boxes
