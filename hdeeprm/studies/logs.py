"""The log of a worker, with everything in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hdeeprm.errors import RunDirectoryError


class _Log(logging.FileHandler):
    """A log that a full disk cuts short, and nothing else: what counts is in the journal."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Go on without."""


@contextmanager
def logged(folder: Path, worker: str) -> Iterator[None]:
    """Let everything that the package logs within go to the worker's file.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    path = folder / f"worker-{worker.replace(':', '-')}.log"
    try:
        handler = _Log(path, encoding="utf-8")
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot be written: {error.strerror}") from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("hdeeprm")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
        handler.close()
