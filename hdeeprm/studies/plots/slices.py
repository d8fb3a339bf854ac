"""A metric against the values of one option."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hdeeprm.plots.style import group_styles, tidy, whole_numbers

from .captions import caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST_NAME = 16  # characters of a value that is text, of which many stand side by side
MAX_NAMES = 12
"""Values that are named; of more, every second one, or every third."""
ROOM = 24  # characters of all values that are side by side
FEWEST_DECADES, FEW_DECADES = 0.7, 2.0
"""Below so many, powers of ten alone would be no tick, or one."""


def plot_slice(
    axes: Axes,
    groups: Mapping[str, Sequence[tuple[Any, float]]],
    option: str,
    metric: str,
    is_log: bool = False,
) -> Axes:
    """Draw a dot for each run: the value of an option, and what came out; text is laid out as categories.

    Args:
        axes: Where to draw.
        groups: Pairs of the option and the metric by the name of a study or group.
        option: Name of the option.
        metric: Name of the metric.
        is_log: Whether the option's axis is logarithmic.

    Returns:
        The same axes.
    """
    given = [value for pairs in groups.values() for value, _ in pairs]
    is_measure = all(isinstance(value, int | float) and not isinstance(value, bool) for value in given)
    places = {} if is_measure else {text: x for x, text in enumerate(dict.fromkeys(map(str, given)))}
    for (name, pairs), style in zip(groups.items(), group_styles(len(groups)), strict=True):
        x = [value if is_measure else places[str(value)] for value, _ in pairs]
        y = [found for _, found in pairs]
        axes.scatter(x, y, s=14, color=style.color, alpha=0.6, linewidths=0, label=name)
    axes.set(xlabel=option, ylabel=metric)
    tidy(axes)
    if places:
        _name_places(axes, list(places))
    elif is_log:
        _scale_by_powers(axes)
    elif all(isinstance(value, int) for value in given):
        whole_numbers(axes.xaxis)
    return axes


def _name_places(axes: Axes, names: Sequence[str]) -> None:
    """Ticks with names, which lean where they would not have room side by side."""
    names = [caption(name, LONGEST_NAME) for name in names]
    every = math.ceil(len(names) / MAX_NAMES)
    axes.set_xticks(range(0, len(names), every), names[::every])
    if sum(map(len, names[::every])) > ROOM:
        for text in axes.get_xticklabels():
            text.set(rotation=30, horizontalalignment="right", rotation_mode="anchor")
    axes.set_xlim(-0.5, len(names) - 0.5)


def _scale_by_powers(axes: Axes) -> None:
    """A logarithmic axis whose ticks are powers of ten, with steps between where there are few of these."""
    from matplotlib.ticker import (
        LogFormatterSciNotation,
        LogLocator,
        MaxNLocator,
        NullFormatter,
        ScalarFormatter,
    )

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    decades = math.log10(high / low)
    if decades < FEWEST_DECADES:
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.ticklabel_format(axis="x", scilimits=(-2, 4))
    elif decades < FEW_DECADES:
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(9, 9)))
    axes.xaxis.set_minor_formatter(NullFormatter())
