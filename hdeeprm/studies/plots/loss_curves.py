"""Loss curves of the arms of a landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hdeeprm.plots.style import LIGHTEST, tidy, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE_WIDTH = 0.8
MIN_ALPHA = 0.3


def plot_loss_curves(
    axes: Axes, losses: npt.NDArray[np.float64], epochs_of_arms: npt.NDArray[np.int64] | None = None
) -> Axes:
    """Draw the loss of each arm by epoch, coloured by its last value: dark is low.

    Args:
        axes: Where to draw.
        losses: Shape (num_epochs, num_arms).
        epochs_of_arms: How far each arm got, shape (num_arms,); curves end there. None: all to the end.

    Returns:
        The same axes.
    """
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection

    num_epochs, num_arms = losses.shape
    ends = np.full(num_arms, num_epochs) if epochs_of_arms is None else epochs_of_arms
    epochs = np.arange(1, num_epochs + 1)
    curves = [np.column_stack([epochs[:end], losses[:end, arm]]) for arm, end in enumerate(ends)]
    ranks = np.argsort(np.argsort(losses[-1])) / max(num_arms - 1, 1)
    lines = LineCollection(
        curves,
        colors=colormaps["cividis"](LIGHTEST * ranks),
        linewidths=LINE_WIDTH,
        alpha=max(MIN_ALPHA, min(1.0, 60 / num_arms)),
    )
    axes.add_collection(lines)
    axes.set(xlim=(1, max(num_epochs, 2)), xlabel="epoch", ylabel="loss")
    axes.autoscale_view(scalex=False)
    whole_numbers(axes.xaxis)
    tidy(axes)
    return axes
