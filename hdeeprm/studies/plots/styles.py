"""Colours and lines for any number of groups that the colour-blind can tell apart too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Without its yellow, which is hardly seen on white [Okabe and Ito 2008, "Color Universal Design"]."""
MAX_ENTRIES = 20
"""Of a legend; more would be longer than the figure is high."""
_DASHES = ("-", "--", "-.", ":")
LIGHTEST = 0.9
"""The last tenth of the colour map is too light on white."""


class Style(NamedTuple):
    """How a group is drawn."""

    color: str
    linestyle: str


def group_styles(num_groups: int) -> list[Style]:
    """A style for each of some groups, no two alike: colours, and dashes from one to the next.

    Up to 7 groups have the colours of Okabe and Ito; more have colours from dark to light, which differ in
    lightness.
    """
    if num_groups <= len(_OKABE_ITO):
        colors = list(_OKABE_ITO[:num_groups])
    else:
        colors = _from_dark_to_light(num_groups)
    return [Style(color, _DASHES[index % len(_DASHES)]) for index, color in enumerate(colors)]


def _from_dark_to_light(number: int) -> list[str]:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    palette = colormaps["viridis"]
    return [to_hex(palette(LIGHTEST * index / (number - 1))) for index in range(number)]


def tidy(axes: Axes) -> None:
    """A light grid behind all else, and no frame where no axis is."""
    axes.set_axisbelow(True)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def whole_numbers(axis: Axis) -> None:
    """Ticks at whole numbers alone, of runs, steps or epochs."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def legend_beside(axes: Axes, of_figure: bool = False) -> None:
    """A legend to the right, since lines and bands fill the axes; of many groups it names the first.

    Args:
        axes: What is named.
        of_figure: Whether it stands beside all axes of the figure.
    """
    handles, labels = axes.get_legend_handles_labels()
    has_more = len(labels) > MAX_ENTRIES
    title = f"the first {MAX_ENTRIES} of {len(labels)}" if has_more else None
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    if of_figure:
        place = {"loc": "outside right upper"}
    owner = axes.figure if of_figure else axes
    kept = handles[:MAX_ENTRIES], labels[:MAX_ENTRIES]
    owner.legend(*kept, title=title, fontsize="small", frameon=False, **place)
