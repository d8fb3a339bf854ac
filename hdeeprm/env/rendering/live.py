"""The state of an episode while it goes on: in a window where there is a display, else in the terminal."""

from __future__ import annotations

import os
import sys
import time
from typing import Protocol

from hdeeprm.simulator import EmbeddedSimulator


class Screen(Protocol):
    """Where an episode is shown."""

    def show(self, simulator: EmbeddedSimulator) -> None:
        """Show the present state in the place of the one before."""

    def wait(self, seconds: float) -> None:
        """Let a person look."""

    def close(self) -> None:
        """Show nothing more."""


class LiveView:
    """Shows the state at every decision, slowly enough to be followed.

    Args:
        frames_per_second: How many states are shown in a second at most.
    """

    def __init__(self, frames_per_second: float) -> None:
        self._interval = 1.0 / frames_per_second
        self._screen: Screen | None = None
        self._due = 0.0  # s of the steady clock; when the next state may be shown

    def show(self, simulator: EmbeddedSimulator) -> None:
        """Show the present state, once the one before has been seen for long enough."""
        if self._screen is None:
            self._screen = new_screen()
        self._screen.wait(max(0.0, self._due - time.monotonic()))
        self._screen.show(simulator)
        self._due = time.monotonic() + self._interval

    def close(self) -> None:
        """Show nothing more, until something is shown again."""
        if self._screen is not None:
            self._screen.close()
            self._screen = None


def new_screen() -> Screen:
    """A window, where there is a display and matplotlib with a toolkit for windows; else the terminal."""
    from .terminal import Terminal
    from .window import open_window

    return (open_window() if _has_display() else None) or Terminal()


def _has_display() -> bool:
    """Whether windows can be seen; on Linux the environment tells."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
