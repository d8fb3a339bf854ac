"""Studies of ``run = "landscape"`` as races: what each had trained, on the very landscape of its seed."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hdeeprm.studies.file.model import LANDSCAPE
from hdeeprm.studies.landscapes import Course, Group, arm_losses, load_shape
from hdeeprm.studies.landscapes.generation import landscape_of_seed

from .sources import Entry, Source, nothing

DEFAULTS = {name: parameter.default for name, parameter in inspect.signature(arm_losses).parameters.items()}


def races_of(kind: str, sources: Sequence[Source], groups: Mapping[str, Sequence[Entry]]) -> list[Group]:
    """The races of each group, one for each landscape that its runs were on.

    A study is not on a simulated clock. Its races are as if its workers had taken the runs in their order and
    had trained them an epoch at a time side by side.

    Args:
        kind: Of the figure, for errors.
        sources: The studies.
        groups: Their runs.

    Raises:
        StudyError: If they have other runs, or none that reported.
    """
    for source in sources:
        if source.file.run != LANDSCAPE or source.file.command is not None:
            raise nothing(kind, [source], 'its runs are no landscape; it needs run = "landscape"')
        if source.file.search and len(source.file.seeds) > 1:
            why = "each run of a search goes through all seeds; put the seeds, and the arms, into a grid"
            raise nothing(kind, [source], why)
    races = []
    for name, entries in groups.items():
        by_landscape: dict[str, list[tuple[dict[str, Any], Entry]]] = {}
        for entry in entries:
            arguments = _arguments(entry)
            place = json.dumps({key: value for key, value in arguments.items() if key != "arm"})
            if entry.run.reports:
                by_landscape.setdefault(place, []).append((arguments, entry))
        if by_landscape:
            races.append(Group(name, tuple(map(_course, by_landscape.values()))))
    if not races:
        raise nothing(kind, sources, "no run has reported a loss yet")
    return races


def _arguments(entry: Entry) -> dict[str, Any]:
    """What the run played, as its objective has it."""
    file, run = entry.source.file, entry.run
    seed = next(iter(file.seeds), None) if run.seed is None else run.seed
    given = {**DEFAULTS, **file.landscape, **file.options, **run.options}
    if seed is not None:
        given["seed"] = seed
    if not any("arm" in place for place in (file.landscape, file.options, run.options)):
        given["arm"] = run.number % int(given["num_arms"])
    return given


def _course(members: Sequence[tuple[dict[str, Any], Entry]]) -> Course:
    """One race; each worker that gets free takes the next run, and trains it an epoch a tick."""
    first, entry = members[0]
    landscape = landscape_of_seed(
        load_shape(first["shape"]), first["num_arms"], first["num_epochs"], first["seed"], first["noise"]
    )
    num_workers = _num_workers(entry.source)
    free = [0] * num_workers  # when each worker is
    steps = []
    for arguments, member in sorted(members, key=lambda pair: pair[1].run.number):
        worker = int(np.argmin(free))
        for step in sorted(member.run.reports):
            steps.append((free[worker], step - 1, arguments["arm"]))
            free[worker] += 1
    columns = np.array(sorted(steps, key=lambda each: each[0]), dtype=np.int64)
    num_stopped = sum(member.run.status.value == "pruned" for _, member in members)
    return Course(landscape, num_workers, columns[:, 0], columns[:, 1], columns[:, 2], num_stopped)


def _num_workers(source: Source) -> int:
    """How many workers the file asks for; where it leaves that open, how many took runs."""
    if source.file.workers is not None and source.file.workers > 0:
        return source.file.workers
    return max(1, len({run.worker for run in source.runs if run.worker}))
