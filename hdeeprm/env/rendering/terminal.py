"""The state as text in the terminal, each in the place of the one before."""

from __future__ import annotations

import time

from rich.console import Console
from rich.live import Live
from rich.text import Text

from hdeeprm.simulator import EmbeddedSimulator

from .text import render_text


class Terminal:
    """Shows text live; where standard output is no terminal, only the last state is written, at the end."""

    def __init__(self) -> None:
        console = Console(soft_wrap=False, highlight=False)
        self._live = Live(console=console, auto_refresh=False)
        self._live.start()

    def show(self, simulator: EmbeddedSimulator) -> None:
        """Show the present state."""
        self._live.update(Text(render_text(simulator), no_wrap=True, overflow="ellipsis"), refresh=True)

    def wait(self, seconds: float) -> None:
        """Let a person look."""
        if self._live.console.is_terminal:
            time.sleep(seconds)

    def close(self) -> None:
        """Leave the last state where it is."""
        self._live.stop()
        if not self._live.console.is_terminal:
            self._live.console.line()  # on a terminal, that is done already
