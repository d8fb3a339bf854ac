"""The runs that a study file asks for: every point of the grid with every seed, trials of a search."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hdeeprm.studies.file.model import StudyFile

MOST_RUNS = 1_000_000
"""Runs that a study may have: its journal then takes about 1 GB."""


@dataclass(frozen=True)
class PlannedRun:
    """One run that the file asks for.

    Attributes:
        point: Its options of the grid.
        seed: Its seed; None where there are no seeds, or where it goes through all of them.
        trial: Number within the search of its point; None without a search.
    """

    point: Mapping[str, Any]
    seed: int | None = None
    trial: int | None = None

    @property
    def key(self) -> str:
        """What the run is, as text; equal runs have equal keys."""
        return json.dumps([self.point, self.seed, self.trial], sort_keys=True)


def num_planned(file: StudyFile) -> int:
    """Number of runs that a file asks for, without making any."""
    num_points = max(1, len(file.points)) * math.prod(map(len, file.grid.values()))
    return num_points * (file.trials if file.search else max(1, len(file.seeds)))


def planned_runs(file: StudyFile) -> list[PlannedRun]:
    """The runs of a study, in the order in which they are taken.

    Seeds go with the points of a grid. Trials of a search go round the points, so that a study that is cut
    short has searched everywhere alike.
    """
    points = list(_points(file))
    if file.search:
        return [PlannedRun(point, trial=trial) for trial in range(file.trials) for point in points]
    seeds: list[int | None] = [*file.seeds] or [None]
    return [PlannedRun(point, seed) for point in points for seed in seeds]


def _points(file: StudyFile) -> Iterator[dict[str, Any]]:
    names = tuple(file.grid)
    for point in file.points or [{}]:
        for values in itertools.product(*file.grid.values()):
            yield {**point, **dict(zip(names, values, strict=True))}
