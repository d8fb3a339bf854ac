"""Following a run until it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.live import Live

from hdeeprm.errors import RunDirectoryError

from .glimpse import Glimpse, glimpse
from .sparkline import ASCII, BLOCKS
from .view import headline, view

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_BETWEEN_LINES = 30.0
"""Where there is no terminal, and lines are written instead."""


class Outlook:
    """When what is counted will be done, by how far it went since it was first seen."""

    def __init__(self) -> None:
        self._unit = ""
        self._seen = 0.0, 0  # s of the steady clock, what was done then

    def seconds_left(self, glimpse: Glimpse) -> float | None:
        """What remains at that pace; None while nothing can be said."""
        beat, now = glimpse.beat, time.monotonic()
        if beat is None:
            return None
        if beat.unit != self._unit:
            self._unit, self._seen = beat.unit, (now, beat.done)
        since, done = now - self._seen[0], beat.done - self._seen[1]
        return since / done * (beat.total - beat.done) if done > 0 else None


def show_once(path: Path, console: Console) -> Glimpse:
    """Show how a run is doing now.

    Raises:
        RunDirectoryError: If there is no run.
    """
    seen = glimpse(path)
    if seen.run is None:
        raise RunDirectoryError(f"{path} holds no run yet; leave --once out to wait for it")
    console.print(view(seen, levels_of(console)))
    return seen


def follow(path: Path, console: Console) -> Glimpse:
    """Show how a run is doing until it has come to its end.

    Args:
        path: Its directory, which need not be there yet.
        console: Where it is shown: live on a terminal, elsewhere by a line now and then.

    Raises:
        RunDirectoryError: If there is something else than a run, or it is removed meanwhile.
    """
    return _follow_live(path, console) if console.is_terminal else _follow_by_lines(path, console)


def _glimpses(path: Path) -> Iterator[Glimpse]:
    """How a run is doing, again and again, up to its end.

    Raises:
        RunDirectoryError: If it is removed meanwhile.
    """
    begun = False
    while True:
        seen = glimpse(path)
        if begun and seen.run is None:
            raise RunDirectoryError(f"{path}: the run is gone, its directory was removed")
        begun = seen.run is not None
        yield seen
        if seen.is_over:
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _follow_live(path: Path, console: Console) -> Glimpse:
    outlook, levels = Outlook(), levels_of(console)
    with Live(console=console, auto_refresh=False) as live:
        for seen in _glimpses(path):
            live.update(view(seen, levels, outlook.seconds_left(seen)), refresh=True)
    return seen


def _follow_by_lines(path: Path, console: Console) -> Glimpse:
    outlook, due, told = Outlook(), 0.0, None
    for seen in _glimpses(path):
        left, stage = outlook.seconds_left(seen), (seen.run is None, seen.beat and seen.beat.stage)
        if not seen.is_over and (stage != told or time.monotonic() >= due):
            console.print(headline(seen, left))
            due, told = time.monotonic() + SECONDS_BETWEEN_LINES, stage
    console.print(view(seen, levels_of(console)))
    return seen


def levels_of(console: Console) -> str:
    """The characters of curves that can be shown."""
    return BLOCKS if console.encoding.startswith("utf") else ASCII
