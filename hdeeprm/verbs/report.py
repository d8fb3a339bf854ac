"""``hdeeprm report``: a page about runs."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = """\
Write one page about runs, to be opened in a browser and mailed.

It holds options, metrics, an interactive Gantt chart, figures over time, learning
curves, the platform, what differs between runs, and how to make them again; it
needs no network and no other file:

    hdeeprm report runs/first runs/second -o report.html
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm report`` is called with."""
    add = parser.add_argument
    add("runs", nargs="+", type=Path, metavar="RUN", help="run directories; the first one is compared with")
    add(
        "-o",
        "--output",
        type=Path,
        default=Path("report.html"),
        metavar="FILE",
        help="page (default: report.html)",
    )
    add("--force", action="store_true", help="replace the file if it exists")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the page, and print where."""
    from hdeeprm.report import write_report
    from hdeeprm.results.finding import with_repeats

    write_report(with_repeats(chosen.runs), chosen.output, chosen.force)
    print(f"{chosen.output} ({chosen.output.stat().st_size / 1e6:.1f} MB)")
    return 0
