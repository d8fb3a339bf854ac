"""The results as a Markdown page."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from .measuring import Row

COLUMNS = ("what", "median", "target", "met", "beside it")
LIBRARIES = ("numba", "numpy", "gymnasium", "torch")
"""The last one where it is installed."""


def markdown(families: Mapping[str, Sequence[Row]], command: str, repetitions: int) -> str:
    """The page: the command that makes it, the machine, and a table per family.

    Args:
        families: Rows by the text that introduces them, whose first line is the title.
        command: What was run.
        repetitions: Measurements behind each median.
    """
    parts = [
        "# Benchmarks",
        f"Made by `{command}`, from the root of the repository. Medians of {repetitions} "
        "repetitions, in CPU time of one process on one core unless said otherwise; a target is what the "
        "project asks of itself.",
        machine(),
    ]
    for text, rows in families.items():
        title, _, about = text.strip().partition("\n")
        parts += [f"## {title.rstrip('.')}", about.strip().replace("``", "`"), _table(rows)]
    return "\n\n".join(part for part in parts if part) + "\n"


def machine() -> str:
    """Processor, number of cores and versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES if find_spec(name))
    return (
        f"Machine: {_processor()}, {os.cpu_count()} cores, {platform.system()}. "
        f"{platform.python_implementation()} {platform.python_version()}, {versions}."
    )


def _processor() -> str:
    """Model of the processor, from Linux where it can be had."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _table(rows: Sequence[Row]) -> str:
    lines = [COLUMNS, tuple("---:" if column == "median" else "---" for column in COLUMNS)]
    lines += [_cells(row) for row in rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "**no**", None: ""}[row.met]
    return row.name, f"{number(row.value)} {row.unit}", target(row), met, row.comparison


def target(row: Row) -> str:
    """What the value should be, in words."""
    if row.at_least is not None:
        return f"at least {number(row.at_least)}"
    return "" if row.at_most is None else f"at most {number(row.at_most)}"


def number(value: float) -> str:
    """A number with three digits or, from 100 on, without a fraction.

    >>> number(47765.4), number(1.2345), number(0.0)
    ('47,765', '1.23', '0')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
