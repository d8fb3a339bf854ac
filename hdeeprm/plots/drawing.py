"""A whole figure: names and runs in, panels out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from hdeeprm.errors import FigureError
from hdeeprm.results.reading import RecordedRun

from .kinds import Kind, find_kinds
from .labels import description
from .saving import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 8.0, 4.2  # inches, of one panel
MAX_PANELS_IN_A_COLUMN = 3
TITLE_SIZE = 10  # pt

Panel = tuple[str, Callable[["Axes"], "Axes"]]
"""Its title and what fills it."""


def draw(names: Sequence[str], runs: Sequence[RecordedRun]) -> Figure:
    """Draw runs: lines of several share axes, whatever else has a panel for each run.

    Args:
        names: What is drawn, of ``FIGURE_NAMES``; at least one.
        runs: At least one.

    Returns:
        The figure; no display takes part.

    Raises:
        FigureError: If a name is unknown, or there is nothing to draw.
        RunDirectoryError: If a run lacks what is needed; the message says what records it.
        DependencyNotInstalled: Without matplotlib.
    """
    if not names or not runs:
        raise FigureError("nothing to draw: name at least one figure and one run")
    panels = [panel for kind in find_kinds(names) for panel in _panels(kind, runs)]
    columns = 1 if len(panels) <= MAX_PANELS_IN_A_COLUMN else 2
    rows = math.ceil(len(panels) / columns)
    figure = new_figure(columns * WIDTH, rows * HEIGHT)
    for number, (title, fill) in enumerate(panels, start=1):
        axes = figure.add_subplot(rows, columns, number)
        axes.set_title(title, loc="left", fontsize=TITLE_SIZE)
        fill(axes)
    return figure


def _panels(kind: Kind, runs: Sequence[RecordedRun]) -> Iterator[Panel]:
    title, draw_run, draw_runs = kind
    if draw_runs is not None:
        told = description(runs[0]) if len(runs) == 1 else f"{len(runs)} runs"
        yield f"{title}\n{told}", lambda axes: draw_runs(axes, runs)
    elif draw_run is not None:
        yield from ((f"{title}\n{description(run)}", partial(_fill, draw_run, run)) for run in runs)


def _fill(draw_run: Callable[[Axes, RecordedRun], Axes], run: RecordedRun, axes: Axes) -> Axes:
    return draw_run(axes, run)
