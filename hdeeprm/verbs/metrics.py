"""``hdeeprm metrics``: the metrics of runs side by side."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .consoles import table_console

HELP = """\
Show the metrics of runs side by side: energy, makespan, slowdown, turnaround and waiting time.

    hdeeprm metrics runs/fcfs runs/sjf
    hdeeprm metrics a/out_schedule.csv b/out_schedule.csv -n1 FCFS -n2 SJF -s metrics.svg
    hdeeprm metrics runs/* --names FCFS SJF PPO

Figures are those of out_schedule.csv, whose means count rejected jobs too. In brackets: the difference to the
first run. A figure with a grid of bars is shown where there is a display, and written by -s.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm metrics`` is called with."""
    add = parser.add_argument
    add("runs", type=Path, nargs="+", metavar="RUN", help="out_schedule.csv files, or run directories")
    add(
        "-n",
        "--names",
        nargs="+",
        default=[],
        metavar="NAME",
        help="names of all runs (default: directories)",
    )
    add("-n1", "--name1", metavar="NAME", help="name of the first run")
    add("-n2", "--name2", metavar="NAME", help="name of the second run")
    add("-s", "--save", type=Path, metavar="FILE", help="write the figure, out.svg, .png or .pdf")
    add("--json", action="store_true", help="print JSON, a list of objects, and show no figure")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Print the table, and draw the grid."""
    from hdeeprm.metric_grid import names_of, read_schedule
    from hdeeprm.plots.saving import check_ending
    from hdeeprm.results.finding import with_repeats

    if chosen.save is not None:
        check_ending(chosen.save)
    paths = with_repeats(chosen.runs)
    runs = [read_schedule(path) for path in paths]
    names = names_of(paths, chosen.names)
    for place, name in enumerate((chosen.name1, chosen.name2)[: len(names)]):
        names[place] = name or names[place]
    _tell(runs, names, chosen.json)
    if chosen.save is not None:
        _save(runs, names, chosen.save)
        if not chosen.json:
            print(chosen.save)
    elif not chosen.json:
        _show(runs, names)
    return 0


def _tell(runs: Sequence[dict[str, float]], names: Sequence[str], for_machines: bool) -> None:
    from hdeeprm.metric_grid.showing import show_grid
    from hdeeprm.results.json_text import without_nan

    if for_machines:
        named = [{"name": name, **run} for name, run in zip(names, runs, strict=True)]
        print(json.dumps(without_nan(named)))
    else:
        show_grid(runs, names, table_console())


def _save(runs: Sequence[dict[str, float]], names: Sequence[str], path: Path) -> None:
    from hdeeprm.metric_grid import draw_grid
    from hdeeprm.plots.saving import save

    save(draw_grid(runs, names), path)


def _show(runs: Sequence[dict[str, float]], names: Sequence[str]) -> None:
    """A window, where there can be one; else a word on standard error."""
    from hdeeprm.errors import DependencyNotInstalled, FigureError
    from hdeeprm.metric_grid import draw_grid
    from hdeeprm.plots.saving import check_display, show

    try:
        check_display()
    except (FigureError, DependencyNotInstalled) as reason:
        print(reason, file=sys.stderr)
        return
    show(draw_grid(runs, names))
