"""The queue of a study: which runs wait, are taken, have ended; all of it in one journal."""

from .queue import Queue
from .records import Run, Status

__all__ = ["Queue", "Run", "Status"]
