"""Ctrl-C and SIGTERM in training, the first of which asks to stop where it can go on; watches that end it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class TrainingStopped(KeyboardInterrupt):
    """Training was asked to stop and did, with all saved that it takes to go on."""


class RunStopped(Exception):
    """Raised by a watch that wants no more of a run, which is then marked incomplete."""


class StopRequest:
    """Whether the user has asked to stop; a second time stops at once, wherever the program is.

    Signals are listened to within ``with``, and only in the main thread, which alone gets them.

    Args:
        heard: Called when the user asks for the first time.
    """

    def __init__(self, heard: Callable[[], None] = lambda: None) -> None:
        self.is_made = False
        self._tell = heard
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._heard) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.is_made:
            raise KeyboardInterrupt
        self.is_made = True
        self._tell()
