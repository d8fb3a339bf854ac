"""A score: a name, an expression, and how its order changes while jobs wait."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from functools import cached_property

from hdeeprm.errors import OptionsError, did_you_mean
from hdeeprm.expressions import Node

from .language import expression_of
from .named import NAMED_SCORES
from .programs import Program, program_of, split_by_wait

OWN_SCORE = "score:"
"""What the name of a score of one's own begins with; its expression follows."""
EXAMPLE_SCORE = "score:requested_time * cores"


@dataclass(frozen=True, order=True)
class Score:
    """What waiting jobs are ranked by: the smallest first, ties to the older job.

    Args:
        name: One of ``NAMED_SCORES``, or ``score:`` and an expression.
    """

    name: str

    @classmethod
    def read(cls, text: str) -> Score:
        """The score of a name, whatever the case of its letters, or of an expression.

        >>> Score.read("wfp3").name
        'wfp3'
        >>> Score.read("score: cores*2").name
        'score:cores*2'

        Raises:
            OptionsError: If there is none of that name, or the expression is wrong.
        """
        if text.startswith(OWN_SCORE):
            score = cls(OWN_SCORE + " ".join(text.removeprefix(OWN_SCORE).split()))
            _ = score.programs  # what is wrong with it is said here
            return score
        by_folded = {name.casefold(): name for name in NAMED_SCORES}
        if text.casefold() not in by_folded:
            nearest = did_you_mean(text, NAMED_SCORES)
            known = ", ".join(NAMED_SCORES)
            raise OptionsError(
                f"{reprlib.repr(text)} is no score; one of {known}, or {EXAMPLE_SCORE!r}.{nearest}"
            )
        return cls(by_folded[text.casefold()])

    @cached_property
    def expression(self) -> Node:
        """What jobs are ranked by."""
        if self.name.startswith(OWN_SCORE):
            return expression_of(self.name.removeprefix(OWN_SCORE))
        return expression_of(NAMED_SCORES[self.name].ranked_by)

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """Intercept and slope where the score grows evenly with *wait*; else the expression alone."""
        return split_by_wait(self.expression) or (self.expression,)

    @cached_property
    def programs(self) -> tuple[Program, ...]:
        """A stack program for each of the parts."""
        return tuple(map(program_of, self.parts))

    @property
    def is_ordered(self) -> bool:
        """Whether the order is kept up as jobs come and go, instead of worked out at each decision."""
        return len(self.parts) > 1
