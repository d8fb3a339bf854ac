"""Colours and lines that the colour-blind can tell apart too, and what all axes share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import Colormap

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Without its yellow, which is hardly seen on white [Okabe and Ito 2008, "Color Universal Design"]."""
PALE, STRONG, LIMIT, ALARM = "#E69F00", "#0072B2", "#555555", "#D55E00"
"""Of what waits, of what runs, of a bound, and of what is too much."""
SEQUENTIAL, UNKNOWN = "Blues", "#DDDDDD"
"""Colour map of shares, from white to dark, of one hue, so that nobody sees it otherwise; and of what is not
known."""
_DASHES = ("-", "--", "-.", ":")
LIGHTEST = 0.9
"""The last tenth of a colour map is too light on white."""
MAX_ENTRIES = 20
"""Of a legend; more would be longer than the figure is high."""
LEGEND_SIZE = 8  # pt
MEAN_AND_RANGE = "\nmean, and from least to most"


class Style(NamedTuple):
    """How a line is drawn."""

    color: str
    linestyle: str


def group_styles(number: int) -> list[Style]:
    """A style for each of some lines, no two alike: colours, and dashes from one to the next.

    Up to 7 have the colours of Okabe and Ito; more have colours from dark to light.
    """
    colors = OKABE_ITO[:number] if number <= len(OKABE_ITO) else _from_dark_to_light(number)
    return [Style(color, _DASHES[index % len(_DASHES)]) for index, color in enumerate(colors)]


def _from_dark_to_light(number: int) -> list[str]:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    palette = colormaps["viridis"]
    return [to_hex(palette(LIGHTEST * index / (number - 1))) for index in range(number)]


def share_colors() -> Colormap:
    """Colours of shares; one of its own for what is above the whole, and grey where there is nothing."""
    from matplotlib import colormaps

    return colormaps[SEQUENTIAL].with_extremes(over=ALARM, bad=UNKNOWN)


def tidy(axes: Axes) -> None:
    """A light grid, and no frame where no axis is."""
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def whole_numbers(axis: Axis) -> None:
    """Ticks at whole numbers alone; large ones are short, since a power of ten stands beside the axis."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))


def count_on(axis: Axis) -> None:
    """Whole numbers along an axis, in full, with commas between thousands."""
    from matplotlib.ticker import StrMethodFormatter

    whole_numbers(axis)
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def tell_range(axes: Axes) -> None:
    """Say at the y axis, once, that a line is a mean, and what its band is."""
    label = axes.get_ylabel().removesuffix(MEAN_AND_RANGE)
    axes.set_ylabel(f"{label}{MEAN_AND_RANGE}")


def legend_beside(axes: Axes, of_figure: bool = False) -> None:
    """A legend to the right, where it covers nothing; none where there is but one thing to name.

    Args:
        axes: What is named; of very many things the first.
        of_figure: Whether it stands beside all axes of the figure.
    """
    handles, labels = axes.get_legend_handles_labels()
    if len(labels) < 2:
        return
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    if of_figure:
        place = {"loc": "outside right upper"}
    owner = axes.figure if of_figure else axes
    title = f"the first {MAX_ENTRIES} of {len(labels)}" if len(labels) > MAX_ENTRIES else None
    size = {"fontsize": LEGEND_SIZE, "title_fontsize": LEGEND_SIZE}
    owner.legend(handles[:MAX_ENTRIES], labels[:MAX_ENTRIES], title=title, frameon=False, **size, **place)


def plain(text: str) -> str:
    """A text of the user's, so that it is drawn as it is: no formula, and not left out of the legend."""
    text = text.replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def plain_all(texts: Sequence[str]) -> list[str]:
    """Several such texts."""
    return [plain(text) for text in texts]
