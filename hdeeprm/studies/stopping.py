"""SIGTERM and Ctrl-C in a worker: its run is broken off and put back, never its writing into the journal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from hdeeprm.training.stopping import TrainingStopped

from .pruned import Pruned

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class WorkerStopped(KeyboardInterrupt):
    """The worker was asked to end while it had a run."""


class StopSignal:
    """Whether the worker was asked to end.

    Signals are listened to within :meth:`listening`, in the main thread, which alone gets them.
    """

    def __init__(self) -> None:
        self.is_made = False
        self._is_armed = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear signals; the former handlers are back afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: dict[signal.Signals, Any] = {number: signal.signal(number, self._heard) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def breaks_off(self, error: BaseException) -> bool:
        """Whether an exception is how a run ended since the worker was asked to end, rather than its own.

        A run that hears of a signal may say so by any exception but that it was pruned. One that has put its
        own handler of Ctrl-C in the place of this one's has failed, but the worker ends all the same, since
        the user may have asked for that. Training hears signals in the place of this one, and tells.
        """
        self.is_made |= isinstance(error, TrainingStopped)
        if isinstance(error, KeyboardInterrupt) and not self.is_made:
            self.is_made = not self._is_listening()
            return False
        return self.is_made and not isinstance(error, Pruned)

    def _is_listening(self) -> bool:
        """Whether Ctrl-C would be heard."""
        return signal.getsignal(signal.SIGINT) == self._heard

    @contextmanager
    def armed(self) -> Iterator[None]:
        """A signal breaks off what goes on here.

        Raises:
            WorkerStopped: If there is one, or was one before.
        """
        with self._switched(True):
            self.check()
            yield

    @contextmanager
    def held(self) -> Iterator[None]:
        """A signal waits until this is over.

        Raises:
            WorkerStopped: Afterwards, if there was one.
        """
        with self._switched(False):
            yield
        self.check()

    def check(self) -> None:
        """Break off if there was a signal.

        Raises:
            WorkerStopped: If so.
        """
        if self.is_made:
            raise WorkerStopped("the worker was asked to end")

    @contextmanager
    def _switched(self, is_armed: bool) -> Iterator[None]:
        before, self._is_armed = self._is_armed, is_armed
        try:
            yield
        finally:
            self._is_armed = before

    def _heard(self, number: int, frame: FrameType | None) -> None:
        is_first, self.is_made = not self.is_made, True
        if self._is_armed and is_first:  # later ones would break off the cleaning up
            raise WorkerStopped("the worker was asked to end")
