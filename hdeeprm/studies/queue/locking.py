"""The lock of a journal, for the processes of one machine and of several on a shared file system."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import TracebackType

from hdeeprm.errors import JournalError
from hdeeprm.studies.launchers.identity import is_process_alive, local_id

GRACE_SECONDS = 30.0
"""How long a lock of another machine may stand unchanged before it is taken for one of the dead."""
TOUCH_SECONDS = 1.0  # after which who writes much shows again that it lives
FIRST_PAUSE, LONGEST_PAUSE = 0.0005, 0.1  # s between two looks at a lock


class JournalLock:
    """A lock that is free at once when its holder is killed on this machine, and in the end anywhere.

    A link with the holder's name, which any network file system makes for one only, keeps machines apart.
    Before it the processes of one machine wait for each other at the file itself, whose lock the system lets
    go when a process dies; whoever has that and finds a link of this machine, finds one of the dead.

    It may be taken again by who has it.

    Args:
        journal: The file that is locked; made if it is not there.
    """

    def __init__(self, journal: Path) -> None:
        self._journal, self._link = journal, journal.with_name(f"{journal.name}.lock")
        self._name = local_id(os.getpid())
        self._thread = threading.RLock()
        self._depth = 0
        self._file = -1
        self._touched = 0.0

    def acquire(self) -> bool:
        """Wait for the lock.

        Raises:
            JournalError: If the journal cannot be opened, such as that of a study that was laid aside.
        """
        self._thread.acquire()
        try:
            if self._depth == 0:
                self._file = os.open(self._journal, os.O_RDWR | os.O_CREAT, 0o666)
                with suppress(OSError):  # a file system without such locks; the link alone must do
                    fcntl.flock(self._file, fcntl.LOCK_EX)
                self._make_link()
        except BaseException as error:
            if self._depth == 0:
                self._close()
            self._thread.release()
            if isinstance(error, OSError) and not isinstance(error, JournalError):
                raise JournalError(f"{self._journal}: cannot be locked: {error.strerror}") from error
            raise
        self._depth += 1
        return True

    def release(self) -> None:
        """Let others have it."""
        self._depth -= 1
        try:
            if self._depth == 0:
                self._remove_link()
        finally:
            if self._depth == 0:
                self._close()
            self._thread.release()

    @contextmanager
    def for_reading(self) -> Iterator[None]:
        """Hold the lock, except for who may not write, such as in another user's folder."""
        may_lock = all(os.access(path, os.W_OK) for path in (self._journal, self._journal.parent))
        with self if may_lock else nullcontext():
            yield

    def touch(self) -> None:
        """Show other machines that the holder, who writes for long, lives."""
        if time.monotonic() - self._touched > TOUCH_SECONDS:
            self._touched = time.monotonic()
            with suppress(OSError):  # a file system without times of links
                os.utime(self._link, follow_symlinks=False)

    def __enter__(self) -> JournalLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _close(self) -> None:
        """Let go of the file, once: its number may soon be that of another."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def _remove_link(self) -> None:
        """Take the own link away, but not that of another machine which has taken this one for dead."""
        if self._holder() == self._name:
            with suppress(FileNotFoundError):
                os.unlink(self._link)

    def _make_link(self) -> None:
        pause, seen, since = FIRST_PAUSE, ("", 0), time.monotonic()
        while True:
            try:
                os.symlink(self._name, self._link)
                self._touched = time.monotonic()
                return
            except FileExistsError:
                self._check_link()
                present = self._seen()
            if present != seen:
                seen, since = present, time.monotonic()
            holder = present[0]
            if holder and (is_process_alive(holder) is False or time.monotonic() - since > GRACE_SECONDS):
                self._break(holder)
                continue
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _check_link(self) -> None:
        """Refuse what is no link, which nobody would ever take away."""
        with suppress(FileNotFoundError):
            if not stat.S_ISLNK(os.lstat(self._link).st_mode):
                raise JournalError(f"{self._link}: is in the way of the lock, which is a link; delete it")

    def _holder(self) -> str:
        """Who has the link; empty if it is gone."""
        return self._seen()[0]

    def _seen(self) -> tuple[str, int]:
        """Who has the link, and since when it is unchanged, in ns."""
        try:
            return os.readlink(self._link), os.lstat(self._link).st_mtime_ns
        except OSError:
            return "", 0

    def _break(self, holder: str) -> None:
        """Take a link of the dead away, unless another machine has done so and made its own."""
        aside = self._link.with_name(f"{self._link.name}.{socket.gethostname()}.{os.getpid()}")
        with suppress(FileNotFoundError):
            os.rename(self._link, aside)
            if os.readlink(aside) != holder:
                os.rename(aside, self._link)
            else:
                os.unlink(aside)
