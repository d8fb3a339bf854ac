"""``hdeeprm compare``: the arguments, and what is printed and written."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .arguments import positive
from .consoles import progress_console

if TYPE_CHECKING:
    from hdeeprm.comparison.outcome import Watch
    from hdeeprm.comparison.standings import Comparison

HELP = """\
Compare agents and policies on the same windows of a workload.

CONTENDER is one of
  a selection pair          such as shortest-high_gflops
  pairs                     all 36 of them
  random, shortest-fit      or another agent that learns nothing, by its name
  rollout:num_futures=8     the same with settings, separated by commas
  FILE.pt                   a checkpoint, which knows its agent, observation and actions
  agent.py, agent.py:FILE.pt    an agent of a file, with a checkpoint of it
  FILE.zip                  a model of Stable-Baselines3
  options                   the agent of the options file
each with LABEL= before it where it is to have a shorter name:

    hdeeprm compare options.json --agents pairs shortest-fit rollout mine=model.pt

All are given the same windows, arrivals and seeds. Intervals are of the mean over
windows (bootstrap, 95 %), gains over the best fixed pair or --baseline, and p values
of a paired permutation test; the last column corrects them for their number (Holm).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments to its parser."""
    add = parser.add_argument
    add("options", help="options.json: platform, workload, window, objective, actions")
    add("--agents", nargs="+", required=True, metavar="CONTENDER", help="who is compared; see above")
    add("--windows", type=positive, default=50, metavar="N", help="windows, evenly spaced (default: 50)")
    add("--seeds", type=positive, default=1, metavar="N", help="seeds in each window (default: 1)")
    add("--metric", metavar="NAME", help="what counts, a metric or an objective (default: env.objective)")
    add(
        "--part",
        choices=("all", "train", "validation", "test"),
        help="part of the workload (default: test where workload.window has a split)",
    )
    add("--workers", type=positive, metavar="N", help="processes (default: one for each CPU, if that pays)")
    add("--baseline", metavar="NAME", help="contender that gains are over (default: the best fixed pair)")
    add("-cw", "--custom-workload", metavar="FILE", help="Batsim JSON workload, or trace, to take instead")
    add("--json", action="store_true", help="print everything as JSON, for machines")
    add("--csv", type=Path, metavar="FILE", help="write all metrics of each contender, window and seed")
    add("--force", action="store_true", help="replace the CSV file if it exists")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Compare, print and write; 1 where a contender failed, which costs the others nothing."""
    from hdeeprm.comparison.table import progress, result_console, show_comparison
    from hdeeprm.comparison.writing import check_writable, json_text, write_csv

    if chosen.csv is not None:
        check_writable(chosen.csv, chosen.force)
    try:
        with progress(progress_console()) as watch:
            comparison = _compared(chosen, watch)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; nothing is written") from None
    if chosen.csv is not None:
        write_csv(comparison, chosen.csv)
    if chosen.json:
        print(json_text(comparison), end="")
    elif comparison.standings:
        show_comparison(comparison, result_console())
    for failure in comparison.failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if comparison.failures else 0


def _compared(chosen: argparse.Namespace, watch: Watch) -> Comparison:
    from hdeeprm.comparison.comparing import compare

    return compare(
        chosen.options,
        chosen.agents,
        chosen.windows,
        chosen.seeds,
        metric=chosen.metric,
        part=chosen.part,
        baseline=chosen.baseline,
        workload=chosen.custom_workload,
        workers=chosen.workers,
        keep_going=True,
        watch=watch,
    )
