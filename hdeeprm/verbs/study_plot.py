"""``hdeeprm study plot``: figures of one study or of several."""

from __future__ import annotations

import argparse
from pathlib import Path

SUMMARY = "draw a figure of one study, or of several in one"


def add_plot(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    from hdeeprm.studies.plots.figure import KINDS

    add = parser.add_argument
    add("files", type=Path, nargs="+", metavar="FILE", help="study.toml, one or more")
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="take the place of a value",
    )
    add(
        "-o",
        "--out",
        type=Path,
        metavar="FILE",
        help="out.svg, .png or .pdf (default: KIND.svg in the folder of the first study)",
    )
    add("--kind", metavar="KIND", help=f"{', '.join(KINDS)} (default: what suits the first study)")
    add("--by", action="append", default=[], metavar="NAME", help="group by an option; may be given again")
    add(
        "--metric",
        action="append",
        default=[],
        metavar="NAME",
        help="what is drawn (default: the study's); twice for pareto",
    )


def plot_verb(chosen: argparse.Namespace) -> int:
    """Draw and write a figure; print its path."""
    from hdeeprm.plots.saving import check_ending, save
    from hdeeprm.studies.file import load_study
    from hdeeprm.studies.plots.figure import check_kind, draw, suitable_kind
    from hdeeprm.studies.queue import Queue
    from hdeeprm.studies.results import as_run, check_target

    if chosen.out is not None:
        check_ending(chosen.out)
    check_kind(chosen.kind)
    files = [load_study(path, chosen.set) for path in chosen.files]
    for file in files if chosen.out is not None else ():
        check_target(file, chosen.out)
    queues = [Queue(file.folder) for file in files]
    files = [as_run(file, queue) for file, queue in zip(files, queues, strict=True)]
    pairs = [(file, queue.runs()) for file, queue in zip(files, queues, strict=True)]
    kind = chosen.kind or suitable_kind(files[0])
    path = chosen.out or files[0].folder / f"{kind}.svg"
    save(draw(pairs, kind, chosen.by, chosen.metric), path)
    print(path)
    return 0
