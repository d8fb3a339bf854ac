"""How long training goes on, and what is due on the way."""

from __future__ import annotations

from typing import NamedTuple

from hdeeprm.options.agent import TrainingOptions


class Length(NamedTuple):
    """How long training goes on."""

    unit: str  # "episodes" or "steps"
    total: int

    @classmethod
    def of(cls, options: TrainingOptions) -> Length:
        """The length that options ask for; one episode where they say nothing."""
        if options.total_steps is not None:
            return cls("steps", options.total_steps)
        return cls("episodes", options.episodes or 1)


class Milestones:
    """Evenly spaced times, the last of which is the end.

    Args:
        count: How many there are; none are ever due where it is 0.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self.passed = 0

    def due(self, done: int, total: int) -> bool:
        """Whether another one was reached since this was last asked."""
        reached = min(done, total) * self._count // total
        is_due = reached > self.passed
        self.passed = max(self.passed, reached)
        return is_due
