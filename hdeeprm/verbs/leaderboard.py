"""``hdeeprm leaderboard``: the tables of docs/leaderboard.md, made again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hdeeprm.errors import OptionsError

from .consoles import progress_console

if TYPE_CHECKING:
    from hdeeprm.leaderboard import Board, Cell

HELP = """\
Make the tables of what known rules give, beside what is published of them.

TABLE is one of
  lublin-1      RLScheduler's table, as published and corrected (220 runs)
  simulators    schedules that independent simulators agree on (6 runs)
  platforms     36 pairs x backfilling on heterogeneous platforms (972 runs)

The first two are over the trace lublin_256.swf, which you have to bring:

    hdeeprm leaderboard --trace lublin_256.swf --out leaderboard.md

To call it again goes on where it was.
"""
ENDINGS = (".md", ".json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments to its parser."""
    add = parser.add_argument
    add(
        "--table",
        action="append",
        default=[],
        metavar="TABLE",
        help="see above; may be given again (default: all)",
    )
    add(
        "--trace",
        type=Path,
        metavar="FILE",
        help="your copy of lublin_256.swf (default: that of this folder)",
    )
    add(
        "--workers",
        type=int,
        metavar="N",
        help="processes; -N: leave N CPUs free; 0: this very one (default: one for each CPU)",
    )
    add(
        "-o",
        "--out",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="write FILE.md or FILE.json; may be given again (default: Markdown on standard output)",
    )
    add(
        "--folder",
        type=Path,
        default=Path("leaderboard"),
        metavar="DIR",
        help="where the runs are kept (default: leaderboard)",
    )
    add("--anew", action="store_true", help="lay former runs aside and begin from nothing")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Run what is missing, then write the tables."""
    from hdeeprm.leaderboard import boards_named, json_text, markdown
    from hdeeprm.results.atomic import write_together

    _check_names(chosen.out)
    boards = boards_named(chosen.table)
    numbers = _filled(boards, chosen)
    texts = {".md": markdown(numbers), ".json": json_text(numbers)}
    write_together({path: texts[path.suffix].encode() for path in chosen.out})
    if not chosen.out:
        print(texts[".md"], end="")
    return 0


def _check_names(paths: list[Path]) -> None:
    """Refuse what cannot be written, before the runs that it takes."""
    from hdeeprm.results.atomic import check_folder

    for path in paths:
        if path.suffix not in ENDINGS:
            raise OptionsError(f"--out: {path}: a name that ends in {' or '.join(ENDINGS)} is wanted")
        check_folder(path)


def _filled(boards: list[Board], chosen: argparse.Namespace) -> dict[str, list[Cell]]:
    """The numbers of each table; what is wrong with any is told before the first run."""
    from hdeeprm.leaderboard import filled, opened, prepared_trace
    from hdeeprm.studies.showing import live_progress

    if any(board.needs_trace for board in boards):
        for notice in prepared_trace(chosen.trace, chosen.folder):
            print(f"note: {notice}", file=sys.stderr)
    studies = {board: opened(board, chosen.folder) for board in boards}
    console = progress_console()
    numbers = {}
    for board, study in studies.items():
        console.print(f"{board.name}: {board.title}")
        with live_progress(console, study.file) as watch:
            numbers[board.name] = filled(board, study, chosen.workers, watch, chosen.anew)
    return numbers
