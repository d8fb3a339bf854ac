"""Runs in groups, such as all seeds of one point: mean, deviation, best, regret against the best group."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hdeeprm.studies.numbers import is_number
from hdeeprm.studies.queue.records import Status

from .table import Table


@dataclass(frozen=True)
class Group:
    """The complete runs that agree in some options.

    Attributes:
        key: These options.
        num_runs: All runs of the group, and how many are complete.
        mean: Of the metric over the complete runs; NaN without any.
        deviation: Its standard deviation (n - 1); NaN below two runs.
        best: The best value.
        regret: How much worse the mean is than that of the best group, at least 0.
        runs: Numbers of the complete runs.
    """

    key: Mapping[str, Any]
    num_runs: int
    num_complete: int
    mean: float
    deviation: float
    best: float
    regret: float
    runs: tuple[int, ...]


def grouped(table: Table, by: Sequence[str], metric: str, direction: str) -> list[Group]:
    """The runs of a table in groups, the best mean first.

    Args:
        table: Of the study.
        by: Options that make the groups; empty: all but the seed.
        metric: What is compared.
        direction: Whether less or more of it is better.

    Raises:
        StudyError: If there is no such column.
    """
    names = [table.check(name) for name in by] or [name for name in table.option_columns if name != "seed"]
    metric = table.check(metric)
    sign = -1 if direction == "maximize" else 1
    members: dict[str, list[Mapping[str, Any]]] = {}
    for row in table.rows:
        members.setdefault(json.dumps([row.get(name) for name in names]), []).append(row)
    drafts = [_group(names, rows, metric, sign) for rows in members.values()]
    known = [sign * group.mean for group in drafts if not math.isnan(group.mean)]
    least = min(known, default=math.nan)
    drafts.sort(key=lambda group: math.inf if math.isnan(group.mean) else sign * group.mean)
    return [replace(group, regret=sign * group.mean - least) for group in drafts]


def _group(names: Sequence[str], rows: Iterable[Mapping[str, Any]], metric: str, sign: int) -> Group:
    rows = list(rows)
    complete = [row for row in rows if row["status"] == Status.COMPLETE.value and is_number(row.get(metric))]
    values = [float(row[metric]) for row in complete]
    return Group(
        key={name: rows[0].get(name) for name in names},
        num_runs=len(rows),
        num_complete=len(complete),
        mean=statistics.fmean(values) if values else math.nan,
        deviation=statistics.stdev(values) if len(values) > 1 else math.nan,
        best=sign * min((sign * value for value in values), default=math.nan),
        regret=math.nan,
        runs=tuple(row["run"] for row in complete),
    )
