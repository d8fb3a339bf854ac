"""Ctrl-C and SIGTERM: they wait while machine code is made or loaded, which must not be left half done."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

AGAIN_SECONDS = 0.02
"""After what time it is looked again whether the compiler has finished; s."""
WAITING = "stopping as soon as what is being compiled is done; interrupt again to stop at once\n"


class _Heard:
    """Raises KeyboardInterrupt, at the second time at once."""

    def __init__(self) -> None:
        self._waits = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if _is_compiling() and not (self._waits and number != signal.SIGALRM):
            if not self._waits and sys.stderr.isatty():
                sys.stderr.write(WAITING)
            self._waits = True
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
            return
        self._waits = False
        raise KeyboardInterrupt


def _is_compiling() -> bool:
    """Whether Numba makes or loads machine code in this thread; asking does not load Numba."""
    compiler: Any = sys.modules.get("numba.core.compiler_lock")
    return compiler is not None and bool(compiler.global_compiler_lock.is_locked())


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM raise KeyboardInterrupt where nothing is left half done by it."""
    heard, numbers = _Heard(), (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = {
        number: signal.signal(number, heard)
        for number in numbers
        if signal.getsignal(number) is not signal.SIG_IGN  # as of a job in the background of a script
    }
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
