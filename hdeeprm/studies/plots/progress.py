"""How the best value falls from run to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hdeeprm.plots.style import group_styles, whole_numbers
from hdeeprm.studies.landscapes import Band, band_over

from .bands import plot_bands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 0.9
"""Part of the single runs that the axes show: the worst would leave little room to the best."""


def plot_progress(
    axes: Axes, groups: Mapping[str, Sequence[npt.ArrayLike]], metric: str, direction: str = "minimize"
) -> Axes:
    """Draw the best value so far by run: the mean over the searches of a group, with one deviation as a band.

    The single runs are dots. A search that is shorter than others keeps its last value.

    Args:
        axes: Where to draw.
        groups: By name, the values of one or more searches (one for each seed) in the order of their runs,
            each of shape (num_runs,); NaN for a run without a value.
        metric: What the values are.
        direction: ``"minimize"`` or ``"maximize"``.

    Returns:
        The same axes.
    """
    best_of = np.fmax if direction == "maximize" else np.fmin
    searches = {name: [np.asarray(v, dtype=float) for v in values] for name, values in groups.items()}
    bands = {name: _band([best_of.accumulate(v) for v in values]) for name, values in searches.items()}
    plot_bands(axes, bands, in_steps=True)
    for values, style in zip(searches.values(), group_styles(len(searches)), strict=True):
        for each in values:
            axes.scatter(np.arange(1, len(each) + 1), each, s=10, color=style.color, alpha=0.35, linewidths=0)
    _limit(axes, np.concatenate([each for values in searches.values() for each in values]), bands, direction)
    whole_numbers(axes.xaxis)
    axes.set(xlabel="runs", ylabel=f"best {metric} so far")
    return axes


def _band(rows: Sequence[npt.NDArray[np.float64]]) -> Band:
    length = max(map(len, rows))
    return band_over([np.pad(row, (0, length - len(row)), mode="edge") for row in rows])


def _limit(axes: Axes, dots: npt.NDArray[np.float64], bands: Mapping[str, Band], direction: str) -> None:
    """Let the axes end where most dots and all lines are, at the bad side."""
    sign = -1.0 if direction == "maximize" else 1.0
    # The lines only from where each has had a few runs: its first value may be as bad as any.
    lines = [sign * band.mean[min(len(band.mean) - 1, len(band.mean) // 10) :] for band in bands.values()]
    worst = max(float(np.nanquantile(sign * dots, SHOWN)), *(float(np.nanmax(line)) for line in lines))
    least = float(np.nanmin(sign * dots))
    room = 0.05 * (worst - least) or 0.05 * abs(worst) or 0.05
    axes.set_ylim(*sorted((sign * (least - room), sign * (worst + room))))
