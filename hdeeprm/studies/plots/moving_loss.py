"""How fast several groups come to low losses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .bands import plot_bands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hdeeprm.studies.landscapes import Group


def plot_moving_loss(axes: Axes, groups: Iterable[Group]) -> Axes:
    """Draw the mean of the smallest losses seen so far (one for each worker) by time, with a band over seeds.

    Args:
        axes: Where to draw.
        groups: What raced, with the same number of workers.

    Returns:
        The same axes.
    """
    members = list(groups)
    numbers = sorted({group.num_workers for group in members})
    axes.set_xscale("log")  # nearly all happens in the first few epochs
    axes.set_xlabel("simulated time (epochs of a worker)")
    axes.set_ylabel(f"mean of the {' or '.join(map(str, numbers))} smallest losses so far")
    return plot_bands(axes, {group.name: group.moving_loss for group in members})
