"""Regrets of several groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hdeeprm.errors import StudyError, did_you_mean
from hdeeprm.plots.style import whole_numbers

from .bands import plot_bands

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hdeeprm.studies.landscapes import Group

KINDS = ("cumulative", "mean")


def plot_regret(axes: Axes, groups: Iterable[Group], kind: str = "cumulative") -> Axes:
    """Draw the regret of each group by epoch: its mean over seeds, with a band of one standard deviation.

    Args:
        axes: Where to draw.
        groups: What raced.
        kind: ``"cumulative"`` (summed up to each epoch) or ``"mean"`` (of each epoch).

    Returns:
        The same axes.

    Raises:
        StudyError: If the kind is not known.
    """
    if kind not in KINDS:
        nearest = did_you_mean(kind, KINDS)
        raise StudyError(f"kind: {kind!r} is not allowed; one of {', '.join(KINDS)}.{nearest}")
    bands = {
        group.name: group.cumulative_regret if kind == "cumulative" else group.mean_regret for group in groups
    }
    axes.set_xlabel("epoch")
    whole_numbers(axes.xaxis)
    axes.set_ylabel(f"{kind} regret")
    return plot_bands(axes, bands)
