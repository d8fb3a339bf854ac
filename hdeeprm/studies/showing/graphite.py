"""Progress for a Graphite server: a plain line of path, value and time for each figure."""

from __future__ import annotations

import logging
import socket
import time
from typing import TYPE_CHECKING

from hdeeprm.studies.queue.records import Status

if TYPE_CHECKING:
    from hdeeprm.studies.file.model import GraphiteSection
    from hdeeprm.studies.progress import Progress

logger = logging.getLogger("hdeeprm.studies")

SECONDS_BETWEEN = 10.0
TIMEOUT = 2.0  # s; a server that does not answer must not hold the study up


class Graphite:
    """Sends progress now and then; a server that is not there is told of once.

    Args:
        section: ``[graphite]`` of the study file.
    """

    def __init__(self, section: GraphiteSection) -> None:
        self._section = section
        self._sent = -float("inf")
        self._has_warned = False

    def send(self, progress: Progress) -> None:
        """Send the figures if that is due."""
        is_last = progress.num_over == progress.num_runs
        if time.monotonic() - self._sent < SECONDS_BETWEEN and not is_last:
            return
        self._sent = time.monotonic()
        address = (self._section.host, self._section.port)
        try:
            with socket.create_connection(address, TIMEOUT) as server:
                server.sendall(lines_of(progress, self._section.prefix, int(time.time())).encode())
        except OSError as error:
            if not self._has_warned:
                logger.warning("graphite: %s:%d: %s", *address, error.strerror or error)
            self._has_warned = True


def lines_of(progress: Progress, prefix: str, now: int) -> str:
    """The lines that say how far a study is.

    Args:
        progress: How far.
        prefix: What the paths begin with.
        now: Seconds since 1970.
    """
    figures = {status.value: float(progress.counts.get(status, 0)) for status in Status}
    figures |= {
        "total": progress.num_runs,
        "exceptions": progress.num_errors,
        "workers": progress.num_workers,
    }
    return "".join(f"{prefix}.{name} {value:g} {now}\n" for name, value in figures.items())
