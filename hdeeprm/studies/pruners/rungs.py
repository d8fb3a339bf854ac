"""Values of all runs of a study at the rungs of successive halving, kept sorted."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


def rung_steps(min_t: int, reduction_factor: float, max_t: int) -> list[float]:
    """The rungs min_t x reduction_factor^k up to ``max_t``.

    >>> rung_steps(1, 4, 50)
    [1, 4, 16]
    """
    rungs: list[float] = []
    rung: float = min_t
    while rung <= max_t:
        rungs.append(rung)
        rung *= reduction_factor
    return rungs


def values_at_rungs(reports: Mapping[int, float], rungs: Sequence[float]) -> list[float]:
    """Value at each rung that a run has passed: that of its first report at or past the rung.

    Steps count from 1; those of a run that counts from 0 are taken for one more.

    >>> values_at_rungs({1: 0.9, 2: 0.8, 5: 0.3}, [1, 4, 16])
    [0.9, 0.3]
    """
    first = 1 if 0 in reports else 0
    steps = sorted(reports)
    values = []
    for rung in rungs:
        index = bisect_left(steps, rung - first)
        if index == len(steps):
            break
        values.append(reports[steps[index]])
    return values


class RungValues:
    """Values of all runs of a study at each rung.

    Only runs that have reported since are read again.
    """

    def __init__(self, rungs: Sequence[float]) -> None:
        self._rungs = rungs
        self._sorted: list[list[float]] = [[] for _ in rungs]
        self._num_seen: dict[int, int] = {}  # reports, by run
        self._of_runs: dict[int, list[float]] = {}  # values at the rungs passed, by run

    def update(self, runs: Iterable[FrozenTrial]) -> None:
        """Take in what has been reported since the last call.

        Args:
            runs: All runs that count; what is known of any other is forgotten.
        """
        present = {run.number: reports for run in runs if (reports := run.intermediate_values)}
        for number in self._num_seen.keys() - present.keys():
            self._forget(number)
        for number, reports in present.items():
            if len(reports) != self._num_seen.get(number):
                self._read(number, dict(reports))  # a copy: a run of another thread may go on reporting

    def cutoff(self, index: int, reduction_factor: float, largest: bool) -> float:
        """The value that 1 / reduction_factor of the values at a rung reach (linear interpolation).

        Values that are not a number do not count.

        Args:
            index: Of the rung.
            reduction_factor: Above 1.
            largest: Whether the best values are the largest.

        Returns:
            NaN where there is no value.
        """
        values = self._sorted[index]
        if not values:
            return math.nan
        # Divided, not multiplied by 1 / reduction_factor: whole places come out whole.
        last = len(values) - 1
        place = last - last / reduction_factor if largest else last / reduction_factor
        below = int(place)
        part = place - below
        if part == 0.0 or values[below] == values[below + 1]:
            return values[below]
        return values[below] + part * (values[below + 1] - values[below])

    def _read(self, number: int, reports: Mapping[int, float]) -> None:
        values, former = values_at_rungs(reports, self._rungs), self._of_runs.get(number, [])
        for index in range(len(former), len(values)):
            if not math.isnan(values[index]):
                insort(self._sorted[index], values[index])
        self._num_seen[number], self._of_runs[number] = len(reports), values

    def _forget(self, number: int) -> None:
        del self._num_seen[number]
        for values, value in zip(self._sorted, self._of_runs.pop(number), strict=False):
            if not math.isnan(value):
                del values[bisect_left(values, value)]
