"""Job selections, core selections, and pairs of them."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from hdeeprm.errors import OptionsError, did_you_mean
from hdeeprm.scores import ALIASES, EXAMPLE_SCORE, NAMED_SCORES, OWN_SCORE, Score

FIRST_SCORE_CODE = -2  # of the first score of a table; the next ones are -3, -4 ...
EXAMPLE_PAIR = "first-high_gflops"


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


AnyJobSelection: TypeAlias = JobSelection | Score


@dataclass(frozen=True)
class SelectionPair:
    """A job selection, one of the six or a score, and a core selection, the two halves of an action."""

    job: AnyJobSelection
    core: CoreSelection

    @property
    def name(self) -> str:
        """Both names joined by a hyphen, such as ``first-high_gflops``."""
        return f"{self.job.name}-{self.core.name}"

    def codes(self, scores: Sequence[Score] = ()) -> tuple[int, int]:
        """What the simulator knows the pair by: the numbers of both selections; -2 - k for its score k."""
        if not isinstance(self.job, Score):
            return int(self.job), int(self.core)
        if self.job not in scores:
            raise OptionsError(f"{self.name!r} ranks by a score that is not among the actions; add it there")
        return FIRST_SCORE_CODE - scores.index(self.job), int(self.core)

    @classmethod
    def parse(cls, text: str) -> SelectionPair:
        """Pair that a name stands for; what follows the last hyphen is the core selection.

        The aliases ``fcfs``, ``sjf`` and ``high_flops`` are understood.

        >>> SelectionPair.parse("shortest-high_flops").name
        'shortest-high_gflops'
        >>> SelectionPair.parse("score:wait - cores-low_power").job.name
        'score:wait - cores'

        Raises:
            OptionsError: If the text is no pair; the message lists the names and the nearest one.
        """
        job, hyphen, core = text.partition("-")
        if job not in JobSelection.__members__:
            job, hyphen, core = text.rpartition("-")
        if not hyphen or _is_job_selection(text):
            example = f"write JOB-CORE, such as {EXAMPLE_PAIR!r}"
            raise OptionsError(
                f"{reprlib.repr(text)} is not a selection pair; {example}.{nearest_pair(text)}"
            )
        return cls(job_selection(job), _core_selection(core))


ALL_PAIRS = tuple(SelectionPair(job, core) for job in JobSelection for core in CoreSelection)
PAIR_NAMES = tuple(pair.name for pair in ALL_PAIRS)
"""Names of the pairs of the six job selections; those of scores come on top."""


def job_selection(name: str) -> AnyJobSelection:
    """The job selection of a name, an alias, the name of a score or an expression.

    Aliases and names of scores are understood whatever the case of their letters.

    Raises:
        OptionsError: If it is none.
    """
    name = ALIASES.get(name.casefold(), name)
    if name in JobSelection.__members__:
        return JobSelection[name]
    is_score = name.startswith(OWN_SCORE) or name.casefold() in (known.casefold() for known in NAMED_SCORES)
    if not is_score:
        raise OptionsError(_unknown_job(name))
    return Score.read(name)


def is_pair(name: object) -> bool:
    """Whether a name is that of a selection pair."""
    try:
        return isinstance(name, str) and bool(SelectionPair.parse(name))
    except OptionsError:
        return False


def nearest_pair(text: str, others: Iterable[str] = ()) -> str:
    """Sentence that offers the nearest name of a pair, or of something else; empty where none is near.

    >>> nearest_pair("F1")
    " Did you mean 'F1-high_gflops'?"

    Args:
        text: What is no pair.
        others: Names that are allowed beside those of pairs.
    """
    if _is_job_selection(text):
        return f" Did you mean {f'{text}-{CoreSelection.high_gflops.name}'!r}?"
    scores = (*ALIASES, *NAMED_SCORES)
    of_scores = (f"{score}-{core}" for score in scores for core in CORE_NAMES)
    return did_you_mean(text, (*others, *PAIR_NAMES, *of_scores))


def _is_job_selection(name: str) -> bool:
    try:
        return bool(job_selection(name).name)
    except OptionsError:
        return False


CORE_NAMES = tuple(member.name for member in CoreSelection)


def _core_selection(name: str) -> CoreSelection:
    if name not in CoreSelection.__members__:
        raise OptionsError(unknown_core(name))
    return CoreSelection[name]


def unknown_core(name: object) -> str:
    """What to say of a name that no core selection has."""
    nearest = did_you_mean(str(name), CoreSelection.__members__)
    return f"{reprlib.repr(name)} is not a core selection; one of {', '.join(CORE_NAMES)}.{nearest}"


def _unknown_job(name: object) -> str:
    """What to say of a name that no job selection has."""
    six, others = [member.name for member in JobSelection], (*ALIASES, *NAMED_SCORES)
    nearest = did_you_mean(str(name), [*six, *others])
    scores = f"a score ({', '.join(others)}) or {EXAMPLE_SCORE!r}"
    return f"{reprlib.repr(name)} is not a job selection; one of {', '.join(six)}, {scores}.{nearest}"
