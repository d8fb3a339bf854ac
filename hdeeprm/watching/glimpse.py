"""How a run is doing at one moment, read from its directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hdeeprm.results import RecordedRun, read_run
from hdeeprm.results.directory import MARKER
from hdeeprm.results.heartbeat import Beat, read_beat, seconds_since_beat


@dataclass(frozen=True)
class Glimpse:
    """How a run is doing.

    Attributes:
        path: Its directory.
        run: What it has left so far; None where it has not begun.
        beat: How far it is; None where it has not told, or is complete.
        age: Of the beat, in s.
    """

    path: Path
    run: RecordedRun | None = None
    beat: Beat | None = None
    age: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.run is not None and self.run.status != "running"


def glimpse(path: Path) -> Glimpse:
    """How a run is doing now.

    Args:
        path: A run directory, or a place where there will be one.

    Raises:
        RunDirectoryError: If there is something else.
    """
    if _is_to_come(path):
        return Glimpse(path)
    return Glimpse(path, read_run(path), read_beat(path), seconds_since_beat(path) or 0.0)


def _is_to_come(path: Path) -> bool:
    """Whether there is nothing, an empty directory, or one that a run has just taken."""
    if not path.is_dir():
        return not path.exists()
    marker = path / MARKER
    return marker.stat().st_size == 0 if marker.is_file() else not any(path.iterdir())
