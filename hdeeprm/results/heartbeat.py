"""progress.json: how far a run is that goes on, for those who watch it from another process."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hdeeprm.errors import RunDirectoryError

from .directory import RunDirectory
from .json_text import without_nan

FILE = "progress.json"
SECONDS_BETWEEN = 1.0
"""Between two beats, and before the first one: shorter runs write none."""
MAX_PAST = 120
"""Readings of a gauge that are kept; where there are more, every other one is dropped."""


@dataclass(frozen=True)
class Beat:
    """How far a run is.

    Attributes:
        stage: What is going on, such as "training" or "simulating".
        unit: Of what is done, such as "jobs".
        done: How much of it is done.
        total: How much there is to do.
        gauges: Readings by name, such as ``queue``; NaN where there is none.
        past: Earlier readings of each gauge, evenly spaced in wall-clock time, from where this unit was
            first counted in.
    """

    stage: str
    unit: str
    done: int
    total: int
    gauges: Mapping[str, float]
    past: Mapping[str, Sequence[float]] = field(default_factory=dict)


class Heart:
    """Writes the beats of a run, once a second at most.

    The file holds wall-clock facts and hence differs from run to run; a run that completes leaves none.

    Args:
        directory: Where the run is.
    """

    def __init__(self, directory: RunDirectory) -> None:
        self._directory = directory
        self._due = time.monotonic() + SECONDS_BETWEEN
        self._past = _Past()

    @property
    def is_due(self) -> bool:
        """Whether it is time for a beat."""
        return time.monotonic() >= self._due

    def beat(self, beat: Beat) -> None:
        """Write how far the run is; what is wrong with the disk is told by more important files."""
        self._due = time.monotonic() + SECONDS_BETWEEN
        self._past.add(beat)
        content = vars(beat) | {"past": self._past.readings}
        with suppress(RunDirectoryError):
            self._directory.write(FILE, json.dumps(without_nan(content), indent=1, allow_nan=False) + "\n")

    def stop(self) -> None:
        """Remove the file: the results say it all."""
        (self._directory.path / FILE).unlink(missing_ok=True)


class _Past:
    """Readings while the unit is the same, thinned out so that there are never many."""

    def __init__(self) -> None:
        self.readings: dict[str, list[float]] = {}
        self._unit = ""
        self._stride = 1  # every how many beats a reading is kept
        self._num_beats = 0

    def add(self, beat: Beat) -> None:
        """Take the readings of a beat, if they are due."""
        if beat.unit != self._unit:
            self._unit, self._stride, self._num_beats = beat.unit, 1, 0
            self.readings = {}
        if self._num_beats % self._stride == 0:
            for name, value in beat.gauges.items():
                self.readings.setdefault(name, []).append(value)
        self._num_beats += 1
        if any(len(values) > MAX_PAST for values in self.readings.values()):
            self._stride *= 2
            self.readings = {name: values[::2] for name, values in self.readings.items()}


def read_beat(run: Path) -> Beat | None:
    """The last beat of a run; None where it has written none, or what is there is none.

    Args:
        run: The run directory.
    """
    try:
        content = json.loads((run / FILE).read_bytes())
        return Beat(
            stage=str(content["stage"]),
            unit=str(content["unit"]),
            done=int(content["done"]),
            total=int(content["total"]),
            gauges={name: _number(value) for name, value in content["gauges"].items()},
            past={name: [_number(value) for value in values] for name, values in content["past"].items()},
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def seconds_since_beat(run: Path) -> float | None:
    """Age of the last beat by the wall clock, in s; None where there is none."""
    try:
        return max(0.0, time.time() - (run / FILE).stat().st_mtime)
    except OSError:
        return None


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
