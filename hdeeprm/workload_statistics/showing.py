"""Statistics of a workload for people, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from .fields import unit_of
from .summary import SUMMARY_STATISTICS, WorkloadSummary

FACTS: Mapping[str, tuple[str, str]] = {
    "jobs": ("jobs", ",.0f"),
    "days": ("days from first to last submission", ",.2f"),
    "serial_jobs": ("jobs of one core", ".1%"),
    "power_of_two_jobs": ("jobs of 2, 4, 8 ... cores", ".1%"),
    "users": ("users", ",.0f"),
    "cores": ("cores of the machine", ",.0f"),
    "offered_load": ("offered load", ".3f"),
    "jobs_that_do_not_fit": ("jobs that the platform cannot hold", ",.0f"),
}
"""How each fact of a summary is called and written."""


def show_summary(summary: WorkloadSummary, console: Console) -> None:
    """Print facts and statistics of a whole workload."""
    console.print(summary.source)
    for name, value in summary.facts.items():
        text, form = FACTS[name]
        console.print(f"  {text}: {value:{form}}")
    for reason, number in summary.skipped.items():
        console.print(f"  records skipped for {reason}: {number:,}")
    for note in summary.notes:
        console.print(f"  {note}")
    table = Table("field", "unit")
    for statistic in SUMMARY_STATISTICS:
        table.add_column(statistic, justify="right")
    for field, values in summary.fields.items():
        figures = (shown(values[statistic]) for statistic in SUMMARY_STATISTICS)
        table.add_row(field, unit_of(field), *figures)
    console.print(table)


def shown(value: float) -> str:
    """A figure with about five digits, whole where it is large.

    >>> shown(12.0), shown(1234567.8), shown(62927.4), shown(3949.87), shown(0.123456)
    ('12', '1,234,568', '62,927', '3,949.9', '0.12346')
    """
    if float(value).is_integer() or abs(value) >= 1e4:
        return f"{value:,.0f}"
    return f"{value:,.5g}"


def exact(value: float) -> str:
    """A figure as a program reads it, whole where it is whole.

    >>> exact(4.0), exact(0.1)
    ('4', '0.1')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))
