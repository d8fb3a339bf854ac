"""A landscape as a heat map, with how far each arm got."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hdeeprm.plots.style import whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REACHED_COLOR = "#D55E00"  # stands out from all of cividis
VEIL_ALPHA = 0.6
BRIGHTEST = 0.95
"""Part of the losses that the colours tell apart: those of the first epochs, far above, would leave few to
the rest."""


def plot_landscape(
    axes: Axes, losses: npt.NDArray[np.float64], epochs_of_arms: npt.NDArray[np.int64] | None = None
) -> Axes:
    """Draw the loss of each arm (column) at each epoch (row), arms in order of their last loss, best first.

    Args:
        axes: Where to draw; their figure gets a colour bar.
        losses: Shape (num_epochs, num_arms).
        epochs_of_arms: How far each arm got, shape (num_arms,); what was not trained
            is veiled. None: no veil.

    Returns:
        The same axes.
    """
    num_epochs, num_arms = losses.shape
    order = np.argsort(losses[-1], kind="stable")
    extent = (0.5, num_arms + 0.5, 0.5, num_epochs + 0.5)
    image = axes.imshow(
        losses[:, order],
        aspect="auto",
        origin="lower",
        cmap="cividis",
        extent=extent,
        interpolation="nearest",
        vmax=float(np.quantile(losses, BRIGHTEST)),
    )
    if epochs_of_arms is not None:
        _draw_reached(axes, epochs_of_arms[order], num_epochs)
    axes.set(xlim=extent[:2], ylim=extent[2:])
    axes.set(xlabel="arm, by its loss at the end", ylabel="epoch")
    whole_numbers(axes.xaxis)
    whole_numbers(axes.yaxis)
    axes.figure.colorbar(image, ax=axes, label="loss", extend="max")
    return axes


def _draw_reached(axes: Axes, reached: npt.NDArray[np.int64], num_epochs: int) -> None:
    """A stair over the epochs that each arm reached, and a veil over the others."""
    edges, tops = np.arange(len(reached) + 1) + 0.5, reached + 0.5
    axes.stairs(
        tops, edges, baseline=num_epochs + 0.5, fill=True, color="white", alpha=VEIL_ALPHA, linewidth=0
    )
    axes.stairs(tops, edges, baseline=None, color=REACHED_COLOR, linewidth=1.2, label="trained up to here")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False)
