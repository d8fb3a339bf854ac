"""``hdeeprm clean`` and ``hdeeprm-clean``: run directories removed."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "Remove run directories that HDeepRM made, and nothing else."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm clean`` is called with."""
    parser.add_argument(
        "root", nargs="?", type=Path, default=Path("runs"), help="where to look (default: runs)"
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="say what would be removed, remove nothing"
    )
    parser.add_argument("--force", action="store_true", help="remove runs too that may still be going on")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Remove the runs, and print which."""
    from hdeeprm.results import clean as clean_runs
    from hdeeprm.results.directory import DEFAULT_ROOT

    if not chosen.root.exists() and chosen.root == DEFAULT_ROOT:
        print(f"{DEFAULT_ROOT}: no runs here")
        return 0
    verb = "would be removed" if chosen.dry_run else "removed"
    for path, removed, reason in clean_runs(chosen.root, chosen.dry_run, chosen.force):
        print(f"{path}: {verb}" if removed else f"{path}: {reason}")
    return 0
