"""RLScheduler's table over Lublin-1, as published and with its two inverted rules put right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..board import AGENT, BACKFILLING, DISCIPLINE, Board, head, means, row, setting
from ..cell import Cell
from ..elsewhere import elsewhere

if TYPE_CHECKING:
    from hdeeprm.studies import Study

NAME, METRIC = "lublin-1", "mean_bounded_slowdown"
BACKFILLINGS = ("none", "rlscheduler")


def cells(study: Study) -> list[Cell]:
    """Each rule with each kind of backfilling; means over the sequences."""
    found = means(study, METRIC, AGENT, BACKFILLING)
    return [
        Cell(
            rule=known["rule"],
            agent=known.get("agent", ""),
            **setting(study),
            discipline=study.file.options[DISCIPLINE],
            backfilling=backfilling,
            metric=METRIC,
            value=found.get((known.get("agent", ""), backfilling)),
            elsewhere=known[backfilling],
            source=known["source"],
        )
        for known in elsewhere(NAME)
        for backfilling in BACKFILLINGS
    ]


def lines(cells: Sequence[Cell]) -> list[str]:
    """A row for each rule: elsewhere, here and what that is, without backfilling and with it."""
    titles = [f"`{name}`{title}" for name in BACKFILLINGS for title in (": elsewhere", ": here", "")]
    return [*head("rule", "agent", *titles), *(_line(cells, rule) for rule in _rules(cells))]


def _rules(cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(cell.rule for cell in cells))


def _line(cells: Sequence[Cell], rule: str) -> str:
    texts: list[str] = []
    own = [cell for cell in cells if cell.rule == rule]
    for cell in own:
        texts += [cell.elsewhere or "", cell.as_elsewhere, cell.status.value]
    return row(rule, f"`{own[0].agent}`" if own[0].agent else "", *texts)


BOARD = Board(NAME, "Lublin-1, RLScheduler's protocol", True, cells, lines)
