"""How long runs take: percentiles of their duration, and of the time in which they did not compute."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hdeeprm.studies.queue import Run

PERCENTILES = (50, 90, 95, 99)


def timings(runs: Iterable[Run]) -> dict[str, dict[int, float]]:
    """Percentiles (linear), in s, of ``wall`` and ``wait`` over the runs that have ended; empty without any.

    The wait is the duration less the time that the run's processes computed: input, output, sleep.
    """
    ended = [run for run in runs if run.seconds is not None and run.cpu_seconds is not None]
    if not ended:
        return {}
    wall = np.array([run.seconds for run in ended], dtype=float)
    cpu = np.array([run.cpu_seconds for run in ended], dtype=float)
    columns = {"wall": wall, "wait": np.maximum(0.0, wall - cpu)}
    return {
        name: dict(zip(PERCENTILES, np.percentile(values, PERCENTILES).tolist(), strict=True))
        for name, values in columns.items()
    }
