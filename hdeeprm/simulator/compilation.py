"""What is told of compilation while it goes on: that it does, and how long it took."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

COMPILING = "compiling the simulator, which is kept for the next time ..."

_COMPILED, _COMPILED_OR_LOADED = "numba:compile", "numba:compiler_lock"


class _First(event.Listener):
    """Calls a function when compilation begins, once."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell: Callable[[], None] | None = tell

    def on_start(self, event: Any) -> None:
        """Compilation begins."""
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()

    def on_end(self, event: Any) -> None:
        """It is over."""


@contextmanager
def compilation_told(tell: Callable[[], None]) -> Iterator[None]:
    """Call a function once something is compiled; what is only loaded does not count."""
    with event.install_listener(_COMPILED, _First(tell)):
        yield


@contextmanager
def compilation_timed() -> Iterator[Callable[[], float]]:
    """Measure how long code is compiled, or loaded.

    Yields:
        A function that tells how long it has taken so far, in s.
    """
    timer: Any = event.TimingListener()  # type: ignore[no-untyped-call]
    with event.install_listener(_COMPILED_OR_LOADED, timer):
        yield lambda: float(timer.duration) if timer.done else 0.0
