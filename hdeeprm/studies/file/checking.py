"""What holds between several keys of a study file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hdeeprm.errors import HDeepRMError, did_you_mean
from hdeeprm.options.problems import Problem
from hdeeprm.studies.space import MOST_RUNS, num_planned, parameter_problems

from .commands import command_problems
from .model import LANDSCAPE, OWN_RUNS, StudyFile
from .taken import taken_names

MINIMIZE = "minimize"
NO_PRUNER = ("none", {"name": "none"})
ONE_STUDY = {
    "NSGAIISampler": ("has one population for a whole study", "tpe"),
    "NSGAIIISampler": ("has one population for a whole study", "tpe"),
    "QMCSampler": ("has one sequence for a whole study", "random"),
    "HyperbandPruner": ("has brackets for a whole study", "asha"),
    "WilcoxonPruner": ("compares with the best run of a whole study", "median"),
}
"""Classes of Optuna that look past the point of the grid that a run belongs to, why, and what does not."""


def check(file: StudyFile, is_sound: bool = True) -> list[Problem]:
    """All that is wrong with a file whose keys have values of the right kinds.

    Args:
        file: The study.
        is_sound: Whether nothing was found wrong with it before; only then are options of runs tried.
    """
    problems = [
        *_size_problems(file),
        *_what_problems(file),
        *_metric_problems(file),
        *_grid_problems(file),
        *_search_problems(file),
        *_seed_problems(file),
        *_repeated_names(file),
        *taken_names(file),
    ]
    if file.command is not None:
        problems += command_problems(file, file.command)
    problems += _family_problems(file)
    if file.run == LANDSCAPE and file.command is None:
        problems += _landscape_problems(file)
    if is_sound and not problems and file.is_own:
        from .trying import options_problems

        problems += options_problems(file)
    return problems


def _size_problems(file: StudyFile) -> Iterator[Problem]:
    """More runs than a study may have, counted before anything is made for each."""
    number = num_planned(file)
    if number > MOST_RUNS:
        text = f"{number:,} runs are asked for; a study has at most {MOST_RUNS:,}"
        cure = "shorten grid, points, seeds or trials, or let a sampler pick the options ([search])"
        yield Problem((), f"{text}; {cure}")


def _what_problems(file: StudyFile) -> Iterator[Problem]:
    if file.command is not None and file.run != OWN_RUNS:
        yield Problem(("command",), "'run' is given too; keep one of the two")
    elif file.run not in (OWN_RUNS, LANDSCAPE) and ":" not in file.run:
        known = (OWN_RUNS, LANDSCAPE)
        text = f"{file.run!r} is neither {' nor '.join(known)} nor a function 'module:function'"
        yield Problem(("run",), f"{text}.{did_you_mean(file.run, known)}")
    if file.command is None and file.timeout is not None:
        yield Problem(("timeout",), "only a program (command) can be timed out; leave it out")
    if file.objective is not None:
        from hdeeprm.studies.runs.expression import expression_of

        try:
            expression_of(file.objective)
        except HDeepRMError as error:
            yield Problem(("objective",), str(error))


def _metric_problems(file: StudyFile) -> Iterator[Problem]:
    metrics, directions = file.metrics, file.directions
    for index in _repeats(metrics):
        yield Problem(("metric", index), f"{metrics[index]!r} is listed twice; keep one")
    if len(metrics) != len(directions):
        counts = f"{len(directions)} for {len(metrics)} metrics"
        yield Problem(("direction",), f"one for each metric is wanted; {counts} were given")
    if file.objective is not None and len(metrics) > 1:
        yield Problem(("objective",), "stands for one metric; several are named, keep one")


def _grid_problems(file: StudyFile) -> Iterator[Problem]:
    for key in ("grid", "points", "search"):
        if key in file.model_fields_set and not getattr(file, key):
            yield Problem((key,), "is empty; name an option that differs from run to run, or leave it out")
    for name, values in file.grid.items():
        if not values:
            yield Problem(("grid", name), "is empty, so that there would be no run; list at least one value")
        for index in _repeats(values):
            yield Problem(("grid", name, index), f"{values[index]!r} is listed twice; keep one")
    for index in _repeats(file.points):
        yield Problem(("points", index), "is listed twice; keep one")


def _repeats(values: Sequence[Any]) -> Iterator[int]:
    """Indices of the values that are there before, as they would be in the keys of runs."""
    seen = set()
    for index, value in enumerate(values):
        key = json.dumps(value, sort_keys=True, default=repr)
        if key in seen:
            yield index
        seen.add(key)


def _search_problems(file: StudyFile) -> Iterator[Problem]:
    for name, given in file.search.items():
        yield from parameter_problems(name, given)
    if not file.search:
        for key in ("trials", "sampler"):
            if key in file.model_fields_set:
                text = "is for a search, and none is given; add [search] with a parameter, or leave it out"
                yield Problem((key,), text)
    if len(file.metrics) > 1 and file.pruner not in NO_PRUNER:
        yield Problem(("pruner",), "stops runs by one metric, and several are named; leave it out")


def _seed_problems(file: StudyFile) -> Iterator[Problem]:
    for index, seed in enumerate(file.seeds):
        if seed < 0:
            yield Problem(("seeds", index), f"an integer of at least 0 is wanted; {seed} was given")
    for index in _repeats(file.seeds):
        yield Problem(("seeds", index), f"{file.seeds[index]} is listed twice; keep one")


def _repeated_names(file: StudyFile) -> Iterator[Problem]:
    """An option that is fixed and varied, or varied in two ways."""
    seen = {name: "options" for name in file.options}
    of_points = {name for point in file.points for name in point}
    for place, names in (("points", of_points), ("grid", file.grid), ("search", file.search)):
        for name in names:
            if name in seen:
                yield Problem((place, name), f"is given in {seen[name]} too; keep one")
            seen[name] = place


def _landscape_problems(file: StudyFile) -> Iterator[Problem]:
    """Options that no arm of a landscape has, or else what it refuses."""
    from hdeeprm.studies.runs.landscape import known_options

    from .trying import landscape_problems

    known = known_options()
    places = [(("options", name), name) for name in file.options]
    places += [(("landscape", name), name) for name in file.landscape]
    places += [((key, name), name) for key in ("grid", "search") for name in getattr(file, key)]
    places += [(("points", name), name) for point in file.points for name in point]
    unknown = [(place, name) for place, name in places if name not in known]
    for place, name in unknown:
        text = f"a landscape has no option of this name; one of {', '.join(known)}"
        yield Problem(place, f"{text}.{did_you_mean(name, known)}")
    if not unknown:
        yield from landscape_problems(file)


def _family_problems(file: StudyFile) -> Iterator[Problem]:
    """Samplers and pruners that do not exist, refuse their arguments, or do not go with a grid."""
    from hdeeprm.studies.pruners import new_pruner
    from hdeeprm.studies.samplers import new_sampler

    folder = file.path.parent
    makers: tuple[tuple[str, Callable[[], object]], ...] = (
        ("sampler", lambda: new_sampler(file.sampler, 0, folder)),
        ("pruner", lambda: new_pruner(file.pruner, file.directions[:1] or MINIMIZE, folder)),
    )
    for key, make in makers:
        try:
            made = make()
        except HDeepRMError as error:
            if not isinstance(error, ValueError):
                raise
            yield Problem((key,), str(error).removeprefix(f"{key}: "))
            continue
        if file.search and (file.grid or file.points):
            yield from _one_study_problems(file, key, made)


def _one_study_problems(file: StudyFile, key: str, made: object) -> Iterator[Problem]:
    """A sampler or pruner that looks at all points of a grid where it should look at one."""
    known = [kind.__name__ for kind in type(made).__mro__ if kind.__name__ in ONE_STUDY]
    if known:
        why, other = ONE_STUDY[known[0]]
        given = getattr(file, key)
        name = given if isinstance(given, str) else given["name"]
        text = f"{name!r} {why}, not for each point of a grid; take {other}, or a file for each point"
        yield Problem((key,), text)
