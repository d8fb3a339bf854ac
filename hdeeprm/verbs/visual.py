"""``hdeeprm visual`` and ``hdeeprm-visual``: figures of runs."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = """\
Draw runs: queue, utilization, Gantt chart, power, learning curves and more.

    hdeeprm-visual gantt                       the latest run, in a window
    hdeeprm-visual queue_size,power RUN RUN -s both.svg
    hdeeprm-visual --list

Several figures, separated by commas, become panels of one. Lines of several runs
share a panel. An incomplete or failed run is drawn as far as it went, and marked.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm visual`` is called with."""
    add = parser.add_argument
    add("names", nargs="?", metavar="NAME[,NAME ...]", help="what to draw; --list shows all names")
    add(
        "runs",
        nargs="*",
        type=Path,
        metavar="RUN",
        help="run directories (default: the working directory, if it is one, or else the latest in runs/)",
    )
    add(
        "-s",
        "--save",
        type=Path,
        metavar="FILE",
        help="write FILE.svg, .png or .pdf instead of opening a window",
    )
    add("--list", action="store_true", help="print the names of all figures")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Draw, and write or show; print the path of what was written, or the names that there are."""
    if chosen.list:
        return _list()
    from hdeeprm.errors import FigureError
    from hdeeprm.plots.drawing import draw
    from hdeeprm.plots.kinds import find_kinds
    from hdeeprm.plots.saving import check_display, check_ending, save, show
    from hdeeprm.results.finding import default_run, with_repeats
    from hdeeprm.results.reading import read_run

    if not chosen.names:
        raise FigureError("which figure? Name one, such as gantt; --list shows all")
    names = chosen.names.split(",")
    find_kinds(names)
    if chosen.save is None:
        check_display()
    else:
        check_ending(chosen.save)
    figure = draw(names, [read_run(path) for path in with_repeats(chosen.runs) or [default_run()]])
    if chosen.save is None:
        show(figure)
    else:
        save(figure, chosen.save)
        print(chosen.save)
    return 0


def _list() -> int:
    from hdeeprm.plots.kinds import KINDS

    width = max(map(len, KINDS))
    for name, kind in KINDS.items():
        print(f"{name:{width}}  {kind.title}")
    return 0
