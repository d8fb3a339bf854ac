"""A whole workload in figures: facts about it, and statistics of each of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hdeeprm.memory_units import KB_PER_MB
from hdeeprm.platforms import Platform

from .fields import FIELDS
from .job_table import JobTable
from .statistics import compute

SUMMARY_STATISTICS = ("count", "mean", "std", "min", "median", "p95", "p99", "max")
SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True)
class WorkloadSummary:
    """What ``hdeeprm jobstat`` tells of a whole workload.

    Attributes:
        source: Name of the file.
        skipped: Records that make no job: reason to their number.
        facts: By name; a fact that the workload does not tell is left out.
        fields: Statistics by field; a field of which no job has a value is left out.
        notes: What the reader wants the user to know.
    """

    source: str
    skipped: Mapping[str, int]
    facts: Mapping[str, float]
    fields: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...]


def summarise_workload(table: JobTable, platform: Platform | None = None) -> WorkloadSummary:
    """Facts about a workload, and statistics of its fields.

    Args:
        table: The jobs.
        platform: Whose load it is to be; None: of the machine that the trace is from.
    """
    fields = {
        name: {statistic: compute(table.known(name), statistic) for statistic in SUMMARY_STATISTICS}
        for name in FIELDS
        if not np.isnan(table.columns[name]).all()
    }
    facts = _facts(table) | _load(table, platform.num_cores if platform else table.num_cores)
    if platform:
        facts["jobs_that_do_not_fit"] = _num_too_large(table, platform)
    return WorkloadSummary(table.source, table.skipped, facts, fields, table.notes)


def _facts(table: JobTable) -> dict[str, float]:
    sizes = table.columns["size"]
    power_of_two = np.log2(sizes) % 1 == 0
    facts: dict[str, float] = {
        "jobs": table.num_jobs,
        "days": float(table.columns["submit_time"][-1]) / SECONDS_PER_DAY,
        "serial_jobs": float(np.mean(sizes == 1)),
        "power_of_two_jobs": float(np.mean(power_of_two & (sizes > 1))),
    }
    if "user" in table.columns and not np.isnan(table.columns["user"]).all():
        facts["users"] = compute(table.known("user"), "unique")
    return facts


def _load(table: JobTable, num_cores: int | None) -> dict[str, float]:
    """Offered load: core-seconds of the jobs / core-seconds of the machine from first to last submission."""
    span = float(table.columns["submit_time"][-1])
    demand = table.columns["core_seconds"]
    if num_cores is None:
        return {}
    facts: dict[str, float] = {"cores": num_cores}
    if span > 0 and not np.isnan(demand).any():
        facts["offered_load"] = float(demand.sum()) / (num_cores * span)
    return facts


def _num_too_large(table: JobTable, platform: Platform) -> int:
    """Jobs that the empty platform cannot hold; unknown memory counts as none."""
    memory_kb = np.rint(np.nan_to_num(table.columns["mem"]) * KB_PER_MB)
    return int((~platform.feasible(table.columns["size"].astype(np.int64), memory_kb.astype(np.int64))).sum())
