"""``hdeeprm study show``: the table of a study, groups, the best runs; while it goes on too."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .consoles import progress_console

if TYPE_CHECKING:
    from rich.console import Console

    from hdeeprm.studies.file import StudyFile
    from hdeeprm.studies.queue import Queue, Run
    from hdeeprm.studies.results import Table

SUMMARY = "show the table, groups, the best runs"
WIDTH = 200  # characters, where there is no terminal


def add_show(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb but the study file."""
    add = parser.add_argument
    add("--by", action="append", default=[], metavar="NAME", help="group by an option; may be given again")
    add(
        "--metric",
        metavar="NAME",
        help="what groups are compared by, or shown as well (default: the study's)",
    )
    add("--sort", metavar="NAME", help="sort the table by a column; -NAME: falling, written --sort=-NAME")
    add("--csv", type=Path, metavar="FILE", help="write the whole table")
    add("--best", action="store_true", help="print the best runs as JSON and nothing else")
    add(
        "--watch",
        action="store_true",
        help="show first how it goes, the runs in progress too, until the study is over or Ctrl-C",
    )


def show_verb(chosen: argparse.Namespace) -> int:
    """Show what is there so far."""
    from hdeeprm.studies.file import load_study
    from hdeeprm.studies.queue import Queue
    from hdeeprm.studies.results import as_run, check_target, table_of

    file = load_study(chosen.file, chosen.set)
    if chosen.csv is not None:
        check_target(file, chosen.csv)
    queue = Queue(file.folder)
    if chosen.watch:
        _watch(as_run(file, queue), queue)
    file, runs = as_run(file, queue), queue.runs()
    table = table_of(runs.values(), file.sets, file.metrics)
    if chosen.sort:
        table = table.sorted_by(chosen.sort)
    if chosen.csv is not None:
        _write(chosen.csv, table.csv_text())
    if chosen.best:
        print(_best_text(file, runs.values()))
    else:
        _show_table(file, table, chosen)
        show_end(file, runs)
    return 0


def _watch(file: StudyFile, queue: Queue) -> None:
    from hdeeprm.studies.showing import watch_study

    try:
        watch_study(progress_console(), file, queue)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("looked at no longer; the study goes on") from None


def _show_table(file: StudyFile, table: Table, chosen: argparse.Namespace) -> None:
    from hdeeprm.studies.results import grouped
    from hdeeprm.studies.showing import show_groups, show_table

    metric = table.check(chosen.metric or file.metrics[0])
    if chosen.by:
        show_groups(_console(), grouped(table, chosen.by, metric, file.direction_of(metric)), metric)
    else:
        sorting = [table.check(chosen.sort.removeprefix("-"))] if chosen.sort else []
        show_table(_console(), table, dict.fromkeys((*file.metrics, metric, *sorting)))


def show_end(file: StudyFile, runs: Mapping[int, Run]) -> None:
    """Counts, timings, the best runs, and those that failed."""
    from hdeeprm.studies.results import best_runs
    from hdeeprm.studies.showing import show_missing, show_summary

    best = best_runs(runs.values(), file.metrics, file.directions)
    show_summary(_console(), runs.values(), best, file.metrics)
    show_missing(_console(), runs)


def _console() -> Console:
    from rich.console import Console

    wide = None if sys.stdout.isatty() else WIDTH
    return Console(soft_wrap=True, highlight=False, markup=False, width=wide)


def _best_text(file: StudyFile, runs: Iterable[Run]) -> str:
    """The best runs as JSON, each with all options to use it by."""
    from hdeeprm.studies.results import best_runs

    found = [
        {
            "run": run.number,
            "options": {**file.options, **run.options, **({} if run.seed is None else {"seed": run.seed})},
            "metrics": run.metrics,
        }
        for run in best_runs(runs, file.metrics, file.directions)
    ]
    return json.dumps(found, indent=2)


def _write(path: Path, text: str) -> None:
    from hdeeprm.results.atomic import open_atomically

    with open_atomically(path) as out:
        out.write(text.encode())
