"""Schedules that independent simulators agree on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..board import AGENT, BACKFILLING, DISCIPLINE, Board, head, means, row, setting
from ..cell import Cell
from ..elsewhere import elsewhere

if TYPE_CHECKING:
    from hdeeprm.studies import Study

NAME = "simulators"
DECIMALS = {"mean_wait_time": 2, "mean_bounded_slowdown": 4, "mean_slowdown": 4, "makespan": 0}
"""Metrics, and digits of those that nobody else has."""
TITLES = {
    "mean_wait_time": "mean wait, s",
    "mean_bounded_slowdown": "mean bounded slowdown",
    "mean_slowdown": "mean slowdown",
    "makespan": "makespan, s",
}


def cells(study: Study) -> list[Cell]:
    """Each rule by four metrics."""
    found = {metric: means(study, metric, AGENT, DISCIPLINE, BACKFILLING) for metric in DECIMALS}
    return [
        Cell(
            rule=known["rule"],
            agent=known["agent"],
            **setting(study),
            discipline=known["discipline"],
            backfilling=known["backfilling"],
            metric=metric,
            value=found[metric][known["agent"], known["discipline"], known["backfilling"]],
            elsewhere=known.get(metric),
            source=known["source"] if metric in known else "",
        )
        for known in elsewhere(NAME)
        for metric in DECIMALS
    ]


def lines(cells: Sequence[Cell]) -> list[str]:
    """A row for each number."""
    titles = ("rule", "`discipline`", "`backfilling`", "metric", "elsewhere", "here", "", "agreed by")
    return [*head(*titles), *map(_line, cells)]


def _line(cell: Cell) -> str:
    here = cell.as_elsewhere or f"{cell.value:.{DECIMALS[cell.metric]}f}"
    queue = (f"`{cell.discipline}`", f"`{cell.backfilling}`")
    numbers = (cell.elsewhere or "", here, cell.status.value)
    return row(cell.rule, *queue, TITLES[cell.metric], *numbers, cell.source)


BOARD = Board(NAME, "Across simulators", True, cells, lines)
