"""Job selections, core selections and the table of actions that an environment offers.

An action is a *selection pair*: which waiting job goes next, and which free cores it gets. Or it is a *job
choice*: one of the waiting jobs that are oldest, started alone, with a core selection that is the same for
all. The void action, where there is one, starts nothing and is always the last of the table.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import OptionsError, did_you_mean

VOID_NAME = "void"
VOID_CODE = -1  # stands for both selections of the void action in ``ActionTable.as_array``
FIRST_CHOICE_CODE = 6  # of the oldest waiting job, next to the codes of the six job selections
EXAMPLE_PAIR = "first-high_gflops"

Location: TypeAlias = tuple[str | int, ...]


class JobSelection(IntEnum):
    """Which waiting job goes next; ties go to the older job."""

    random = 0
    """Any waiting job, uniformly."""
    first = 1
    """The job that has waited longest."""
    shortest = 2
    """The job with the least requested time."""
    smallest = 3
    """The job that asks for the fewest cores."""
    low_mem = 4
    """The job that asks for the least memory per core."""
    low_mem_bw = 5
    """The job that asks for the least memory bandwidth per core."""


class CoreSelection(IntEnum):
    """Which free core the job gets next; looked at again after every core, ties go to the lower id."""

    random = 0
    """Any free core, uniformly."""
    high_gflops = 1
    """The fastest core."""
    high_cores = 2
    """A core of the processor with the most free cores."""
    high_mem = 3
    """A core of the node with the most free memory."""
    high_mem_bw = 4
    """A core of the processor with the most free memory bandwidth."""
    low_power = 5
    """The core that draws the fewest watts."""
    high_flops = high_gflops
    """The name that HDeepRM 0.2 had for ``high_gflops``."""


AnySelection = TypeVar("AnySelection", JobSelection, CoreSelection)


@dataclass(frozen=True, order=True)
class SelectionPair:
    """A job selection and a core selection, the two halves of an action."""

    job: JobSelection
    core: CoreSelection

    @property
    def name(self) -> str:
        """Both names joined by a hyphen, such as ``first-high_gflops``."""
        return f"{self.job.name}-{self.core.name}"

    @property
    def codes(self) -> tuple[int, int]:
        """What the simulator knows the pair by: the numbers of both selections."""
        return int(self.job), int(self.core)

    @classmethod
    def parse(cls, text: str) -> SelectionPair:
        """Pair that a name stands for; the alias ``high_flops`` is understood.

        >>> SelectionPair.parse("shortest-high_flops").name
        'shortest-high_gflops'

        Raises:
            OptionsError: If the text is no pair; the message lists the names and the nearest one.
        """
        job, hyphen, core = text.partition("-")
        if not hyphen:
            example = f"write JOB-CORE, such as {EXAMPLE_PAIR!r}"
            raise OptionsError(
                f"{reprlib.repr(text)} is not a selection pair; {example}.{did_you_mean(text, PAIR_NAMES)}"
            )
        return cls(_member(JobSelection, job), _member(CoreSelection, core))


ALL_PAIRS = tuple(SelectionPair(job, core) for job in JobSelection for core in CoreSelection)
PAIR_NAMES = tuple(pair.name for pair in ALL_PAIRS)


@dataclass(frozen=True, order=True)
class JobChoice:
    """One of the oldest waiting jobs, started alone, and the core selection that gives it its cores."""

    num_older: int  # waiting jobs that are older; 0 for the oldest
    core: CoreSelection

    @property
    def name(self) -> str:
        """Such as ``job-0`` for the oldest waiting job."""
        return f"job-{self.num_older}"

    @property
    def codes(self) -> tuple[int, int]:
        """What the simulator knows the choice by: the codes of job choices follow those of job selections."""
        return FIRST_CHOICE_CODE + self.num_older, int(self.core)


@dataclass(frozen=True)
class ActionTable:
    """The actions that an environment offers, numbered from 0 in this order; void is the last.

    Args:
        pairs: The selection pairs, each once, at least one; or the job choices, from the oldest job on.
        void: Whether the void action follows them.

    Raises:
        OptionsError: If there is no pair, one is given twice, or the job choices leave one out.
    """

    pairs: tuple[SelectionPair, ...] | tuple[JobChoice, ...]
    void: bool

    def __post_init__(self) -> None:
        """Refuse a table without pairs or with a pair that has two numbers."""
        if not self.pairs:
            raise OptionsError(f"an action table needs at least one selection pair, such as {EXAMPLE_PAIR!r}")
        if self.num_choices:
            _check_choices(cast("tuple[JobChoice, ...]", self.pairs))
        elif len(set(self.pairs)) < len(self.pairs):
            raise OptionsError(_given_twice(next(pair for pair in self.pairs if self.pairs.count(pair) > 1)))

    @classmethod
    def all(cls, void: bool = True) -> ActionTable:
        """The 36 pairs, all core selections of a job selection together, and void: 37 actions."""
        return cls(ALL_PAIRS, void)

    @classmethod
    def from_selection(cls, selection: object, void: bool = True) -> ActionTable:
        """Table of the pairs that ``env.actions.selection`` of options.json names, in its order.

        Args:
            selection: List whose items are ``{job selection: [core selections]}``, pair names, or names
                of a job selection (with all core selections); one such item alone stands for itself.
            void: Whether the void action follows the pairs.

        Raises:
            OptionsError: One line for each unknown, repeated or empty part of the selection.
        """
        pairs, problems = read_selection(selection)
        if problems:
            raise OptionsError("\n".join(f"{problem.path}: {problem.text}" for problem in problems))
        return cls(pairs, void)

    @classmethod
    def of_jobs(
        cls, num_jobs: int, core: CoreSelection = CoreSelection.high_gflops, void: bool = True
    ) -> ActionTable:
        """Table whose action k starts the waiting job that has k older ones.

        >>> ActionTable.of_jobs(2).names
        ('job-0', 'job-1', 'void')

        Args:
            num_jobs: How many of the oldest waiting jobs there are to choose from, at least 1.
            core: Core selection that gives the job its cores.
            void: Whether the void action follows the jobs.
        """
        return cls(tuple(JobChoice(num_older, core) for num_older in range(num_jobs)), void)

    @property
    def num_choices(self) -> int:
        """How many of the oldest waiting jobs there are to choose from; 0 where actions are pairs."""
        return len(self.pairs) if self.pairs and isinstance(self.pairs[0], JobChoice) else 0

    @property
    def num_actions(self) -> int:
        """Number of actions, void included."""
        return len(self.pairs) + self.void

    @property
    def names(self) -> tuple[str, ...]:
        """Name of every action, ``void`` the last where there is one."""
        return tuple(pair.name for pair in self.pairs) + (VOID_NAME,) * self.void

    def as_array(self) -> npt.NDArray[np.int64]:
        """Codes of the actions, int64, shape (num_actions, 2): job and core selection, (-1, -1) for void.

        In the place of a job selection, 6 + k stands for the waiting job that has k older ones.
        """
        codes = [pair.codes for pair in self.pairs]
        return np.array(codes + [(VOID_CODE, VOID_CODE)] * self.void, dtype=np.int64)

    def is_void(self, action: int) -> bool:
        """Whether the action is the void one."""
        return self.void and action == len(self.pairs)

    def action_of(self, pair: SelectionPair | JobChoice) -> int:
        """Number of the action that applies a pair, or a job choice.

        Raises:
            OptionsError: If the table does not hold it.
        """
        pairs: Sequence[SelectionPair | JobChoice] = self.pairs
        if pair not in pairs:
            raise OptionsError(not_selected(pair, pairs))
        return pairs.index(pair)


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
            problems.append(SelectionProblem(location, _given_twice(found)))
        else:
            pairs[found] = None
    return tuple(pairs), tuple(problems)


def not_selected(pair: SelectionPair | JobChoice, pairs: Sequence[SelectionPair | JobChoice]) -> str:
    """What to say of a pair that is not among the selected ones."""
    if isinstance(pairs[0], JobChoice):
        return f"{pair.name!r} is no action; the actions choose one of the {len(pairs)} oldest waiting jobs"
    names = ", ".join(other.name for other in pairs)
    return f"{pair.name!r} is not in the selection ({names}); add it there or name one of these"


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
    elif isinstance(item, str) and "-" not in item and _known(JobSelection, item):
        yield from ((location, SelectionPair(JobSelection[item], core)) for core in CoreSelection)
    elif isinstance(item, str):
        yield location, _pair_or_error(item)
    else:
        form = "{job selection: [core selections]}"
        yield location, f"{form} or a name such as {EXAMPLE_PAIR!r} is wanted; {reprlib.repr(item)} was given"


def _pairs_of(
    job: object, cores: object, location: Location
) -> Iterator[tuple[Location, SelectionPair | str]]:
    """Pairs of one job selection and the list of its core selections."""
    if not _known(JobSelection, job):
        yield location, _unknown(JobSelection, job)
    if isinstance(cores, str) or not isinstance(cores, Sequence):
        yield location, f"a list of core selections is wanted; {reprlib.repr(cores)} was given"
    elif not cores:
        yield location, f"has no core selection; list at least one of {', '.join(_names(CoreSelection))}"
    else:
        for index, core in enumerate(cores):
            if not _known(CoreSelection, core):
                yield (*location, index), _unknown(CoreSelection, core)
            elif _known(JobSelection, job):
                yield (*location, index), SelectionPair(JobSelection[str(job)], CoreSelection[str(core)])


def _pair_or_error(text: str) -> SelectionPair | str:
    try:
        return SelectionPair.parse(text)
    except OptionsError as error:
        return str(error)


def _check_choices(choices: tuple[JobChoice, ...]) -> None:
    """Refuse job choices that are not numbered from 0 on with the same core selection for all."""
    if choices != tuple(JobChoice(num_older, choices[0].core) for num_older in range(len(choices))):
        raise OptionsError("job choices go from the oldest job on, all with one core selection; use of_jobs")


def _given_twice(pair: SelectionPair | JobChoice) -> str:
    return f"the pair {pair.name!r} is given twice; keep one"


def _names(kind: type[AnySelection]) -> tuple[str, ...]:
    return tuple(member.name for member in kind)


def _known(kind: type[AnySelection], name: object) -> bool:
    return isinstance(name, str) and name in kind.__members__


def _member(kind: type[AnySelection], name: str) -> AnySelection:
    if not _known(kind, name):
        raise OptionsError(_unknown(kind, name))
    return kind[name]


def _unknown(kind: type[AnySelection], name: object) -> str:
    """What to say of a name that no selection of this kind has."""
    noun = "job selection" if issubclass(kind, JobSelection) else "core selection"
    nearest = did_you_mean(str(name), kind.__members__)
    return f"{reprlib.repr(name)} is not a {noun}; one of {', '.join(_names(kind))}.{nearest}"
