"""A number of the leaderboard, what it is elsewhere, and what that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

PUBLISHED, CORRECTED = "published", "corrected"
"""Sources that say more than where a number is from: a paper; a rule put right."""


class Status(Enum):
    """What a number is beside the one from elsewhere."""

    PUBLISHED = "published"
    """A paper has it; it was not run here."""
    PUBLISHED_REPRODUCED = "published, reproduced"
    """A paper has it, and it comes out here to the printed digits."""
    REPRODUCED = "reproduced"
    """Another simulator gives it, and it comes out here to the printed digits."""
    CORRECTED = "corrected"
    """The rule as its authors define it, where what is published of it is something else."""
    NEW = "new"
    """Nothing is known from elsewhere."""
    DIFFERS = "differs"
    """Something else comes out here."""


@dataclass(frozen=True)
class Cell:
    """A number.

    Attributes:
        rule: What the rule is called in the field.
        agent: Its name here; empty where it was not run.
        platform: Name of the platform.
        workload: Name of the trace.
        discipline: "rerank" or "commit".
        backfilling: As the option ``queue.backfilling``.
        metric: Of which it is the mean over seeds or sequences.
        value: What came out here; None where nothing was run.
        elsewhere: What it is elsewhere, as printed there; None where nobody says.
        source: Who says that; empty where nobody does.
    """

    rule: str
    agent: str
    platform: str
    workload: str
    discipline: str
    backfilling: str
    metric: str
    value: float | None
    elsewhere: str | None = None
    source: str = ""

    @property
    def status(self) -> Status:
        """What the number is."""
        if self.value is None:
            return Status.PUBLISHED
        if self.elsewhere is None:
            return Status.NEW
        if self.as_elsewhere != self.elsewhere:
            return Status.DIFFERS
        named = {PUBLISHED: Status.PUBLISHED_REPRODUCED, CORRECTED: Status.CORRECTED}
        return named.get(self.source, Status.REPRODUCED)

    @property
    def as_elsewhere(self) -> str:
        """The value with as many decimals as the number from elsewhere has.

        >>> Cell("FCFS", "", "", "", "", "", "", 7273.7661, "7273.77").as_elsewhere
        '7273.77'
        """
        if self.value is None or self.elsewhere is None:
            return ""
        return f"{self.value:.{len(self.elsewhere.partition('.')[2])}f}"
