"""The table of actions that an environment offers, pairs or single jobs, and void."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import OptionsError
from hdeeprm.scores import Score

from .pairs import ALL_PAIRS, EXAMPLE_PAIR, CoreSelection, SelectionPair
from .reading import given_twice, read_selection

VOID_NAME = "void"
VOID_CODE = -1  # stands for both selections of the void action in ``ActionTable.as_array``
FIRST_CHOICE_CODE = 6  # of the oldest waiting job, next to the codes of the six job selections


@dataclass(frozen=True, order=True)
class JobChoice:
    """One of the oldest waiting jobs, started alone, and the core selection that gives it its cores."""

    num_older: int  # waiting jobs that are older; 0 for the oldest
    core: CoreSelection

    @property
    def name(self) -> str:
        """Such as ``job-0`` for the oldest waiting job."""
        return f"job-{self.num_older}"

    def codes(self, scores: Sequence[Score] = ()) -> tuple[int, int]:
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
            raise OptionsError(
                given_twice(next(pair.name for pair in self.pairs if self.pairs.count(pair) > 1))
            )

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
    def scores(self) -> tuple[Score, ...]:
        """The scores that pairs of the table rank jobs by, each once."""
        jobs = (pair.job for pair in self.pairs if isinstance(pair, SelectionPair))
        return tuple(dict.fromkeys(job for job in jobs if isinstance(job, Score)))

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

        In the place of a job selection, 6 + k stands for the waiting job that has k older ones, and -2 - k
        for score k of :attr:`scores`.
        """
        codes = [pair.codes(self.scores) for pair in self.pairs]
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


def not_selected(pair: SelectionPair | JobChoice, pairs: Sequence[SelectionPair | JobChoice]) -> str:
    """What to say of a pair that is not among the selected ones."""
    if isinstance(pairs[0], JobChoice):
        return f"{pair.name!r} is no action; the actions choose one of the {len(pairs)} oldest waiting jobs"
    names = ", ".join(other.name for other in pairs)
    return f"{pair.name!r} is not in the selection ({names}); add it there or name one of these"


def _check_choices(choices: tuple[JobChoice, ...]) -> None:
    """Refuse job choices that are not numbered from 0 on with the same core selection for all."""
    if choices != tuple(JobChoice(num_older, choices[0].core) for num_older in range(len(choices))):
        raise OptionsError("job choices go from the oldest job on, all with one core selection; use of_jobs")
