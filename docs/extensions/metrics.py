"""The table of metrics."""

from __future__ import annotations

import re

from hdeeprm.metrics import METRICS

from .markdown import code, table

PAPER = re.compile(r"(.+? \d{4}), .+")
"""A source with authors, year and title."""


def list_metrics() -> str:
    """Every metric of a run with its unit, definition and source, and then the sources."""
    rows = (
        (code(name), one.unit, one.definition, "; ".join(map(_short, one.source.split("; "))))
        for name, one in METRICS.items()
    )
    sources = dict.fromkeys(source for one in METRICS.values() for source in one.source.split("; "))
    papers = "\n".join(f"* {source}." for source in sources if PAPER.match(source))
    return f"{table(('metric', 'unit', 'definition', 'source'), rows)}\n\nSources:\n\n{papers}"


def _short(source: str) -> str:
    """Authors and year of a paper; another source as it is."""
    return PAPER.sub(r"\1", source)
