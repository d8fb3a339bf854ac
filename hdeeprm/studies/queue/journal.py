"""The file of a journal: one JSON object a line, in Optuna's own format, that outlives what breaks it."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend

from hdeeprm.errors import JournalError

from .entries import parsed
from .locking import JournalLock

logger = logging.getLogger("hdeeprm")

SECONDS_BETWEEN_SYNCS = 1.0
"""What was written longer ago is on the disk for certain: should the power fail, so much is run again."""


class Journal(BaseJournalBackend):
    """A journal that any number of processes write to, and that is read on from where it was read last.

    A last line that was not finished, because its writer was killed or the disk is full, counts as not
    written: readers leave it out and the next writer takes it away. Any other line that is no entry is an
    error: entries stand for runs by their order, so that without one of them nothing after it holds.

    Args:
        path: The file, which is there.
        lock: Held while a line is written.
    """

    def __init__(self, path: Path, lock: JournalLock) -> None:
        self._path, self._lock = path, lock
        self._num_read, self._offset = 0, 0  # lines, bytes
        self._is_hasty, self._synced = False, 0.0
        self._identity = _identity(os.stat(path))

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """The entries from a number on, each of which is a line.

        Raises:
            JournalError: If the journal is there no longer, or a line is no entry.
        """
        if log_number_from != self._num_read:
            self._num_read, self._offset = 0, 0
        with self._opened() as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                entry = self._entry(line)
                if entry is None:
                    return
                self._offset += len(line)
                self._num_read += 1
                if self._num_read > log_number_from:
                    yield entry

    def _entry(self, line: bytes) -> dict[str, Any] | None:
        """The entry of the next line; None where another machine is still writing it."""
        try:
            return parsed(line)
        except ValueError as error:
            with self._lock.for_reading(), self._opened() as file:  # with which nobody writes
                file.seek(self._offset)
                if file.readline() != line:
                    return None
            raise self.error_at(self._num_read + 1, str(error)) from None

    def error_at(self, line: int, problem: str) -> JournalError:
        """The error that a line, counted from 1, is no entry, with all ways out."""
        cures = ["bring the file back from a copy"]
        if line > 1:
            cures.append(
                f"keep the {line - 1} lines before it (head -n {line - 1}): what came later runs again"
            )
        cures.append("begin from nothing with --anew, which keeps the folder aside")
        return JournalError(f"{self._path}:{line}: {problem}; {'; or '.join(cures)}")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write many entries with the lock held, and wait for the disk only once, at the end."""
        with self._lock:
            self._is_hasty = True
            try:
                yield
            finally:
                self._is_hasty = False
                with self._opened() as file:
                    os.fsync(file.fileno())

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write entries, all or none.

        Raises:
            JournalError: If they cannot be written, such as to a full disk.
        """
        text = "".join(f"{json.dumps(entry, separators=(',', ':'))}\n" for entry in logs)
        with self._lock, open(self._path, "r+b", buffering=0) as file:
            self._check(file)
            self._lock.touch()
            end = _end_of_whole_lines(file)
            try:
                file.truncate(end)
                _write_all(file, text.encode(), end)
                if not self._is_hasty and time.monotonic() - self._synced > SECONDS_BETWEEN_SYNCS:
                    os.fsync(file.fileno())
                    self._synced = time.monotonic()
            except OSError as error:
                _take_back(self._path, end)
                raise JournalError(
                    f"{self._path}: cannot be written: {error.strerror}; see to it and run the study again, "
                    "which goes on where it was"
                ) from error

    @contextmanager
    def _opened(self) -> Iterator[BufferedReader]:
        with self._open() as file:
            self._check(file)
            yield file

    def _open(self) -> BufferedReader:
        try:
            return open(self._path, "rb")
        except OSError as error:
            raise JournalError(f"{self._path}: cannot be read: {error.strerror}") from error

    def _check(self, file: FileIO | BufferedReader) -> None:
        """Refuse a journal that has taken the place of the one that was opened first."""
        if _identity(os.fstat(file.fileno())) != self._identity:
            raise JournalError(
                f"{self._path}: is another journal now: the study was begun anew meanwhile; what belongs to "
                "the one before does not go into it"
            )


def _identity(status: os.stat_result) -> tuple[int, int]:
    """What tells a file from any other that had or has its name."""
    return status.st_dev, status.st_ino


def _write_all(file: FileIO, content: bytes, place: int) -> None:
    file.seek(place)
    while content:
        content = content[file.write(content) :]


def _end_of_whole_lines(file: FileIO) -> int:
    """Where the last line that was finished ends, in bytes from the beginning."""
    end = file.seek(0, os.SEEK_END)
    if end == 0:
        return 0
    file.seek(end - 1)
    if file.read(1) == b"\n":
        return end
    file.seek(0)
    return file.read().rfind(b"\n") + 1


def _take_back(path: Path, end: int) -> None:
    """Cut off what was written of an entry; if that fails too, the next writer does it."""
    try:
        os.truncate(path, end)
    except OSError:
        logger.debug("%s: cannot be cut at %d", path, end)
