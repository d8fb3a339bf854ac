"""What was run, how it ended, and what it came to: the tables of runs and of metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hdeeprm.metrics import METRICS

from .entries import Entry
from .markup import Html, Section, element, section, table, term


def marks(entries: Sequence[Entry]) -> list[Html]:
    """A warning for each run that is not complete."""
    return [
        element("p", f"{entry.name} is {entry.run.mark}. It is shown as far as it went.", class_="mark")
        for entry in entries
        if entry.run.mark
    ]


def runs_section(entries: Sequence[Entry]) -> Section:
    """A row for each run: how it ended, its agent, platform, workload and seed."""
    header = ("run", "status", "agent", "platform", "workload", "seed")
    return section("runs", "Runs", table("Runs of this report", header, map(_run_row, entries)))


def _run_row(entry: Entry) -> list[object]:
    options = entry.found(lambda run: run.options)
    status = element("strong", entry.run.mark) if entry.run.mark else "complete"
    if options is None:
        return [entry.name, status, *("-",) * 4]
    agent = options.agent.file or options.agent.name or options.action_table().names[0]
    workload = options.workload_file_path or "-"
    return [entry.name, status, agent, options.platform_file_path, workload, options.seed]


def metrics_section(entries: Sequence[Entry]) -> Section:
    """A row for each metric, which its definition explains, and a column for each run."""
    found = {entry.name: values for entry in entries if (values := entry.found(lambda run: run.metrics))}
    rows = [
        [
            term(name, f"{metric.definition} [{metric.source}]", f"metric-{name}"),
            "" if metric.unit == "1" else metric.unit,
            *(values.get(name, math.nan) for values in found.values()),
        ]
        for name, metric in METRICS.items()
    ]
    hint = element(
        "p", "The name of a metric shows its definition on hover or focus.", class_="hint on-screen"
    )
    return section("metrics", "Metrics", hint, table("Metrics of each run", ("metric", "unit", *found), rows))
