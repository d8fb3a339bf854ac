"""What ``env.actions.selection`` of options.json names: pairs, and all that is wrong with it."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from hdeeprm.errors import OptionsError
from hdeeprm.scores import OWN_SCORE

from .pairs import (
    CORE_NAMES,
    EXAMPLE_PAIR,
    AnyJobSelection,
    CoreSelection,
    SelectionPair,
    job_selection,
    unknown_core,
)

Location: TypeAlias = tuple[str | int, ...]


class SelectionProblem(NamedTuple):
    """One defect of a selection: the keys and indices that lead to it, and what is wrong there."""

    location: Location
    text: str

    @property
    def path(self) -> str:
        """The location as one reads it, such as ``selection[0].first``."""
        return "selection" + "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.location
        )


def read_selection(selection: object) -> tuple[tuple[SelectionPair, ...], tuple[SelectionProblem, ...]]:
    """Pairs that a selection names, in its order, and all that is wrong with it.

    Args:
        selection: In the form that ``ActionTable.from_selection`` takes.
    """
    pairs: dict[SelectionPair, None] = {}
    problems = []
    for location, found in _entries(selection):
        if isinstance(found, str):
            problems.append(SelectionProblem(location, found))
        elif found in pairs:
            problems.append(SelectionProblem(location, given_twice(found.name)))
        else:
            pairs[found] = None
    return tuple(pairs), tuple(problems)


def _entries(selection: object) -> Iterator[tuple[Location, SelectionPair | str]]:
    """Every pair of a selection with its location, or in its place what is wrong there."""
    if isinstance(selection, str | Mapping):
        yield from _item(selection, ())
    elif not isinstance(selection, Sequence):
        yield (
            (),
            f"a list is wanted, such as [{{'first': ['high_gflops']}}]; {reprlib.repr(selection)} was given",
        )
    elif not selection:
        yield (), f"is empty; name at least one pair, such as {EXAMPLE_PAIR!r}, or leave it out to have all"
    else:
        for index, item in enumerate(selection):
            yield from _item(item, (index,))


def _item(item: object, location: Location) -> Iterator[tuple[Location, SelectionPair | str]]:
    """Pairs of one item of the list."""
    if isinstance(item, Mapping) and item:
        for job, cores in item.items():
            yield from _pairs_of(job, cores, (*location, str(job)))
    elif isinstance(item, str):
        yield from ((location, found) for found in _pairs_of_name(item))
    else:
        form = "{job selection: [core selections]}"
        yield location, f"{form} or a name such as {EXAMPLE_PAIR!r} is wanted; {reprlib.repr(item)} was given"


def _pairs_of_name(name: str) -> Iterator[SelectionPair | str]:
    """The pair of a name, all pairs of a job selection, or what is wrong."""
    if name.rpartition("-")[2] not in CoreSelection.__members__:  # it may be a job selection
        try:
            job = job_selection(name)
            yield from (SelectionPair(job, core) for core in CoreSelection)
            return
        except OptionsError as error:
            if name.startswith(OWN_SCORE):
                yield str(error)
                return
    try:
        yield SelectionPair.parse(name)
    except OptionsError as error:
        yield str(error)


def _pairs_of(
    job: object, cores: object, location: Location
) -> Iterator[tuple[Location, SelectionPair | str]]:
    """Pairs of one job selection and the list of its core selections."""
    chosen: AnyJobSelection | None = None
    try:
        chosen = job_selection(str(job))
    except OptionsError as error:
        yield location, str(error)
    if isinstance(cores, str) or not isinstance(cores, Sequence):
        yield location, f"a list of core selections is wanted; {reprlib.repr(cores)} was given"
    elif not cores:
        yield location, f"has no core selection; list at least one of {', '.join(CORE_NAMES)}"
    else:
        for index, core in enumerate(cores):
            if core not in CoreSelection.__members__:
                yield (*location, index), unknown_core(core)
            elif chosen is not None:
                yield (*location, index), SelectionPair(chosen, CoreSelection[str(core)])


def given_twice(name: str) -> str:
    """What to say of a pair that is given more than once."""
    return f"the pair {name!r} is given twice; keep one"
