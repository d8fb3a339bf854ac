"""``python -m benchmarks``: measure everything, or one family, and show or write the results."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from . import (
    backend,
    backfilling,
    decisions,
    dropin,
    flatness,
    learning,
    planning,
    reading,
    report,
    start_up,
    studies,
    table,
    vector,
    whole_trace,
)
from .measuring import GAIA_TRACE, SHIPPED_TRACE, Row, Settings

FAMILIES = {
    "decisions": decisions,
    "vector": vector,
    "planning": planning,
    "learning": learning,
    "flatness": flatness,
    "backfilling": backfilling,
    "start_up": start_up,
    "whole_trace": whole_trace,
    "reading": reading,
    "dropin": dropin,
    "backend": backend,
    "studies": studies,
    "report": report,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = _parser().parse_args(given)
    settings = Settings(chosen.trace or default_trace(), chosen.repetitions, chosen.scale)
    results = {name: list(_measure(name, settings, chosen.json)) for name in chosen.only or FAMILIES}
    if chosen.json:
        print(json.dumps({name: [as_json(row) for row in rows] for name, rows in results.items()}, indent=2))
    if chosen.out:
        families = {FAMILIES[name].__doc__ or name: rows for name, rows in results.items()}
        command = shlex.join(["python", "-m", "benchmarks", *given])
        chosen.out.write_text(table.markdown(families, command, chosen.repetitions), "utf-8")
    return 0


def default_trace() -> str:
    """The log of the Gaia machine where it can be had, else the generated one that comes with the package."""
    return str(GAIA_TRACE) if GAIA_TRACE.is_file() else SHIPPED_TRACE


def as_json(row: Row) -> dict[str, object]:
    """A row and whether its target is met."""
    return {**dataclasses.asdict(row), "met": row.met}


def _measure(name: str, settings: Settings, quiet: bool) -> Sequence[Row]:
    rows = []
    for row in FAMILIES[name].measure(settings):
        rows.append(row)
        if not quiet:
            mark = "  TARGET MISSED" if row.met is False else ""
            wanted = f" ({table.target(row)})" if table.target(row) else ""
            line = f"{name}: {row.name}: {table.number(row.value)} {row.unit}{wanted}{mark}  {row.comparison}"
            print(line.rstrip(), flush=True)
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure what HDeepRM promises."
    )
    add = parser.add_argument
    add(
        "--only",
        action="append",
        choices=list(FAMILIES),
        help="one family (can be given again); default: all",
    )
    add("--json", action="store_true", help="print the rows as JSON")
    add("--out", type=Path, metavar="FILE", help="write the Markdown table, such as docs/benchmarks.md")
    add(
        "--trace",
        metavar="FILE",
        help="SWF trace for platform gaia (default: the Gaia log, or gaia_like.swf)",
    )
    add("--repetitions", type=int, default=5, metavar="N", help="measurements per median (default: 5)")
    add(
        "--scale", type=float, default=1.0, metavar="F", help="fraction of the usual sizes, to try things out"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
