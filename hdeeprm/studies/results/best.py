"""The best runs: the one with the best metric, or those that no other beats in all of several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.studies.numbers import is_number
from hdeeprm.studies.queue.records import Status

from .front import front_rows

if TYPE_CHECKING:
    from hdeeprm.studies.queue import Run


def best_runs(runs: Iterable[Run], metrics: Sequence[str], directions: Sequence[str]) -> list[Run]:
    """The best complete run, or the Pareto front of several metrics; the earlier one of two equals.

    Args:
        runs: All of them.
        metrics: What counts.
        directions: Whether less or more of each is better.

    Returns:
        In the order of the first metric, the best first; empty where none is complete.
    """
    signs = [-1.0 if direction == "maximize" else 1.0 for direction in directions]
    complete = [
        run
        for run in sorted(runs, key=lambda run: run.number)
        if run.status is Status.COMPLETE and all(is_number(run.metrics.get(name)) for name in metrics)
    ]
    found = np.array([[run.metrics[name] for name in metrics] for run in complete], dtype=float)
    costs = found.reshape(len(complete), len(metrics)) * signs
    return [complete[row] for row in front_rows(costs)]
