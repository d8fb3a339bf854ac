"""The runs of a page: each with a name that no other has, and what it did not leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hdeeprm.errors import HDeepRMError
from hdeeprm.results.naming import distinct_names
from hdeeprm.results.reading import RecordedRun

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Entry:
    """A run of the page.

    Attributes:
        run: The run.
        name: What it is called.
        index: Its place among all, which its colour follows.
        notes: Why parts of it are not shown, each reason once.
    """

    run: RecordedRun
    name: str
    index: int
    notes: list[str] = field(default_factory=list)

    def found(self, read: Callable[[RecordedRun], T]) -> T | None:
        """What is read of the run; None, and a note, where it is not there or cannot be read."""
        try:
            return read(self.run)
        except HDeepRMError as error:
            if str(error) not in self.notes:
                self.notes.append(str(error))
            return None


def entries_of(runs: Sequence[RecordedRun]) -> list[Entry]:
    """Runs with the names that they have beside each other."""
    named = zip(runs, distinct_names(runs), strict=True)
    return [Entry(run, name, index) for index, (run, name) in enumerate(named)]
