"""The 36 pairs on heterogeneous platforms, with and without backfilling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..board import AGENT, BACKFILLING, PLATFORM, WORKLOAD, Board, head, means, row
from ..cell import Cell

if TYPE_CHECKING:
    from hdeeprm.studies import Study

SLOWDOWN, ENERGY = "mean_bounded_slowdown", "energy_joules"
METRICS = (SLOWDOWN, "mean_wait_time", ENERGY)
BACKFILLINGS = ("none", "easy", "conservative")
JOULES_PER_GJ = 1e9


def cells(study: Study) -> list[Cell]:
    """Each pair on each platform with each kind of backfilling, by three metrics; means over the seeds."""
    found = {metric: means(study, metric, PLATFORM, WORKLOAD, BACKFILLING, AGENT) for metric in METRICS}
    return [
        Cell(
            rule=agent,
            agent=agent,
            platform=platform,
            workload=workload,
            discipline="rerank",
            backfilling=backfilling,
            metric=metric,
            value=found[metric][platform, workload, backfilling, agent],
        )
        for platform, workload in dict.fromkeys(_points(study))
        for agent in study.file.grid[AGENT]
        for metric in METRICS
        for backfilling in BACKFILLINGS
    ]


def _points(study: Study) -> list[tuple[str, str]]:
    return [(point[PLATFORM], point[WORKLOAD]) for point in study.file.points]


def lines(cells: Sequence[Cell]) -> list[str]:
    """A table for each platform, a row for each pair: slowdown and energy by kind of backfilling."""
    text: list[str] = []
    for platform, workload in dict.fromkeys((cell.platform, cell.workload) for cell in cells):
        own = [cell for cell in cells if (cell.platform, cell.workload) == (platform, workload)]
        text += [f"### `{platform}`, `{workload}`", "", *_table(own), ""]
    return text[:-1]


def _table(cells: Sequence[Cell]) -> list[str]:
    columns = [(metric, backfilling) for metric in (SLOWDOWN, ENERGY) for backfilling in BACKFILLINGS]
    names = {SLOWDOWN: "mean bounded slowdown", ENERGY: "energy, GJ"}
    values = {(cell.agent, cell.metric, cell.backfilling): cell.value or 0.0 for cell in cells}
    agents = list(dict.fromkeys(cell.agent for cell in cells))
    least = {column: min(values[agent, *column] for agent in agents) for column in columns}
    table = head("pair", *(f"{names[metric]}: `{backfilling}`" for metric, backfilling in columns))
    for agent in agents:
        shown = [_shown(values[agent, *column], column[0], least[column]) for column in columns]
        table.append(row(f"`{agent}`", *shown))
    return table


def _shown(value: float, metric: str, least: float) -> str:
    """Four digits, or all before the point; the least one in bold."""
    figure = value / JOULES_PER_GJ if metric == ENERGY else value
    text = f"{figure:,.0f}" if figure >= 1000 else f"{figure:#.4g}"
    return f"**{text}**" if value == least else text


BOARD = Board("platforms", "Heterogeneous platforms", False, cells, lines)
