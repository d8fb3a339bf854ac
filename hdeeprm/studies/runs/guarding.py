"""Programs that do not outlive the worker that started them, even where that is killed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_END_WITH_PARENT = 'trap "" HUP INT TERM; read _; kill -9 "-$0"'
"""Shell: once nobody holds the other end of the standard input, end a process group."""


@contextmanager
def guarded(process_group: int) -> Iterator[None]:
    """End a process group if this process ends within, in whatever way.

    Otherwise the run would be put in again while the program of its first attempt is still at it.
    """
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _END_WITH_PARENT, str(process_group)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        guard.kill()  # before its pipe is closed, which it would take for the end
        guard.wait()
        assert guard.stdin is not None
        guard.stdin.close()
