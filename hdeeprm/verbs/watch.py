"""``hdeeprm watch``: how a run is doing while it goes on."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = """\
Watch a run that goes on: progress, queue, utilization, returns.

Reads the files of its directory, so the run need not know. Ends when the run ends, with exit code 0 if it is
complete and 1 if it is not; Ctrl-C leaves, and the run goes on. A run that is not there yet is waited for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm watch`` is called with."""
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="run directory (default: this one if it is a run's, else the latest in runs/)",
    )
    parser.add_argument("--once", action="store_true", help="show how it is now, and end")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Show a run."""
    from rich.console import Console

    from hdeeprm.results.finding import default_run
    from hdeeprm.watching import follow, show_once

    console = Console(highlight=False, markup=False)
    console.soft_wrap = not console.is_terminal  # for machines a line is a line
    path = chosen.run or default_run()
    try:
        seen = show_once(path, console) if chosen.once else follow(path, console)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("no longer watching; the run is left alone") from None
    return int(seen.is_over and seen.run is not None and seen.run.status != "complete")
