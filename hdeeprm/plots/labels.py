"""How runs are called in figures, and how far they went."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from hdeeprm.errors import FigureError, HDeepRMError
from hdeeprm.results.naming import distinct_names
from hdeeprm.results.reading import RecordedRun

from .style import plain

SHORTEST = 1e-6
"""s; of a run of jobs without work, so that there is a time axis."""
LONGEST_NAME, LONGEST_MARK = 40, 80


def run_labels(runs: Sequence[RecordedRun]) -> list[str]:
    """Names of runs for a legend, no two alike; a run that is not complete is marked."""
    marks = [f" ({run.status})" if run.mark else "" for run in runs]
    return [plain(_shortened(name) + mark) for name, mark in zip(distinct_names(runs), marks, strict=True)]


def whom_compared(labels: Sequence[str]) -> str:
    """How the title of an axis begins: with the run that is compared; of several, the legend tells."""
    return f"{labels[1]}:\n" if len(labels) == 2 else ""


def description(run: RecordedRun) -> str:
    """What a run is: its name, who decided, how many jobs it has, and whether it is complete."""
    parts = [_shortened(run.name)]
    with suppress(HDeepRMError):  # options that are not there, or of another program's
        agent = run.options.agent
        parts.append(agent.name or Path(agent.file or agent.type).name)
    if run.has("out_jobs.csv"):
        number = run.jobs.num_jobs
        parts.append(f"{number:,} job{'' if number == 1 else 's'}")
    if run.mark:
        reason = run.mark.removeprefix(run.status).partition("; ")[0]
        parts.append(textwrap.shorten(run.status.upper() + reason, LONGEST_MARK, placeholder=" …"))
    return plain(" · ".join(parts))


def end_of(run: RecordedRun) -> float:
    """When the last job of a run ended, in s, above 0.

    Raises:
        FigureError: If none did.
    """
    jobs = run.jobs
    if not jobs.ended.any():
        raise FigureError(f"{run.path}: no job of this run has ended, so there is nothing to draw")
    return max(float(np.nanmax(jobs.finish_time)), SHORTEST)


def _shortened(name: str) -> str:
    """A name without its middle where it is long: names that are alike differ at the end."""
    half = LONGEST_NAME // 2
    return name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"
