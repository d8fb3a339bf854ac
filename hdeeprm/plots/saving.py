"""New figures, and where they go: to a file, whole or not at all, or to a window."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hdeeprm.errors import FigureError, did_you_mean, not_installed
from hdeeprm.results.atomic import open_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS = (".svg", ".png", ".pdf")
DPI = 150
WINDOWLESS = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")
"""Backends of Matplotlib that open no window; the first one is taken where there is no display."""


def check_matplotlib() -> None:
    """Refuse to draw without Matplotlib.

    Raises:
        DependencyNotInstalled: If it is not there.
        FigureError: If it cannot start, since the environment names a backend that it does not know.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise not_installed("a figure", "matplotlib", "plot") from error
    except ValueError as error:
        backend = os.environ.get("MPLBACKEND")
        raise FigureError(f"MPLBACKEND: {backend!r} is no backend of Matplotlib; unset it") from error


def new_figure(width: float, height: float) -> Figure:
    """An empty figure; no display takes part.

    Args:
        width: In inches.
        height: In inches.

    Raises:
        FigureError, DependencyNotInstalled: As of :func:`check_matplotlib`.
    """
    check_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def check_ending(path: Path) -> None:
    """Refuse a file that is no picture.

    Raises:
        FigureError: If its ending is none of ``ENDINGS``.
    """
    if path.suffix.lower() not in ENDINGS:
        nearest = did_you_mean(path.suffix, ENDINGS)
        raise FigureError(f"{path}: a file ending in {', '.join(ENDINGS)} is wanted.{nearest}")


def save(figure: Figure, path: Path) -> None:
    """Write a figure, whole or not at all; the same figure gives the same bytes.

    Raises:
        FigureError: If the file's ending is not known.
        RunDirectoryError: If it cannot be written.
    """
    import matplotlib

    check_ending(path)
    ending = path.suffix.lower().removeprefix(".")
    content = io.BytesIO()
    no_date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(ending)
    with matplotlib.rc_context({"svg.hashsalt": "hdeeprm"}):
        figure.savefig(content, format=ending, dpi=DPI, metadata=no_date)
    with open_atomically(path) as file:
        file.write(content.getvalue())


def check_display() -> None:
    """Refuse to open a window where none can be.

    Raises:
        FigureError: If there is no display.
        FigureError, DependencyNotInstalled: As of :func:`check_matplotlib`.
    """
    check_matplotlib()
    from matplotlib import get_backend

    if get_backend().lower() in WINDOWLESS:
        raise FigureError("there is no display to show the figure on; save it with -s FILE.svg, .png or .pdf")


def show(figure: Figure) -> None:
    """Show a figure in a window until that is closed.

    Raises:
        FigureError: If there is no display.
    """
    from matplotlib import pyplot

    check_display()
    window = pyplot.figure()
    manager = window.canvas.manager
    window.canvas.figure = figure
    figure.set_canvas(window.canvas)
    if manager is not None:
        manager.resize(*map(int, figure.get_size_inches() * figure.dpi))
    pyplot.show()
    pyplot.close(figure)
