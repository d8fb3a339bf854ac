"""A table of the leaderboard: the study that it is made of, and how the runs become its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cell import Cell

if TYPE_CHECKING:
    from hdeeprm.studies import Study

AGENT, DISCIPLINE, BACKFILLING = "agent.name", "queue.discipline", "queue.backfilling"
PLATFORM, WORKLOAD = "platform_file_path", "workload_file_path"
"""Options that tell numbers apart."""


@dataclass(frozen=True)
class Board:
    """A table of the leaderboard.

    Attributes:
        name: Also of its study file.
        title: Heading of its section.
        needs_trace: Whether it is over the trace that the user has to bring.
        cells: The numbers, from a study whose runs are complete.
        lines: The section in Markdown, from the numbers.
    """

    name: str
    title: str
    needs_trace: bool
    cells: Callable[[Study], list[Cell]]
    lines: Callable[[Sequence[Cell]], list[str]]

    @property
    def study_file(self) -> Path:
        """The study file that comes with the package."""
        return Path(__file__).parent / "studies" / f"{self.name}.toml"


def means(study: Study, metric: str, *by: str) -> dict[tuple[Any, ...], float]:
    """Mean of a metric over the runs that agree in some options, by the values of these."""
    return {tuple(group.key.values()): group.mean for group in study.group(*by, metric=metric)}


def setting(study: Study) -> Mapping[str, str]:
    """Platform and workload that all runs of a study share, as a cell has them."""
    options = study.file.options
    return {"platform": options[PLATFORM], "workload": options[WORKLOAD]}


def row(*texts: str) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(texts)} |"


def head(*titles: str) -> list[str]:
    """The head of a table in Markdown."""
    return [row(*titles), "|---" * len(titles) + "|"]
