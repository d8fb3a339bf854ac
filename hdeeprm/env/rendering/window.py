"""A window that shows frames, by matplotlib, which is loaded only when one is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hdeeprm.simulator import EmbeddedSimulator

from .canvas import Canvas
from .frame import HEIGHT, WIDTH, render_frame

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 100
TITLE = "HDeepRM"


def open_window() -> Window | None:
    """A window; None where matplotlib is not installed, or is told of no toolkit that opens windows here."""
    try:
        from matplotlib import pyplot

        figure = pyplot.figure(TITLE, figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, clear=True)
    except (ImportError, ValueError):  # of matplotlib, or of the toolkit that MPLBACKEND names
        return None
    if figure.canvas.required_interactive_framework is None:  # it only writes files
        pyplot.close(figure)
        return None
    figure.show()
    return Window(figure)


class Window:
    """Frames in a figure's window; once the user closes it, nothing is shown or waited for any more."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        self._image = axes.imshow(Canvas(WIDTH, HEIGHT).pixels)
        self._is_open = True
        figure.canvas.mpl_connect("close_event", lambda event: self._forget())

    def _forget(self) -> None:
        self._is_open = False

    def show(self, simulator: EmbeddedSimulator) -> None:
        """Show the present state."""
        if not self._is_open:
            return
        self._image.set_data(render_frame(simulator))
        self._figure.canvas.draw_idle()
        self._figure.canvas.flush_events()

    def wait(self, seconds: float) -> None:
        """Let a person look, while the window can be moved and closed."""
        if self._is_open and seconds > 0.0:
            self._figure.canvas.start_event_loop(seconds)

    def close(self) -> None:
        """Close the window."""
        from matplotlib import pyplot

        pyplot.close(self._figure)
