"""``hdeeprm study``: many runs from one file."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from .arguments import positive
from .consoles import progress_console
from .study_plot import SUMMARY as PLOT_SUMMARY
from .study_plot import add_plot, plot_verb
from .study_show import SUMMARY as SHOW_SUMMARY
from .study_show import add_show, show_end, show_verb

HELP = """\
Many runs, searched and compared, on this machine, on Ray or on SLURM.

A minimal study.toml, of 4 runs:

    [options]
    workload_file_path = "gaia_like.swf"
    nb_jobs = 100
    [grid]
    platform_file_path = ["gaia", "mc2"]
    selection = ["first-high_gflops", "shortest-high_gflops"]

    hdeeprm study run study.toml --workers 2
    hdeeprm study show study.toml --by selection
    hdeeprm study plot study.toml --by selection -o compare.svg

All that is found is in the folder study/ beside the file. To run again goes on
where it was. Every flag has a twin in the environment, which comes before the
command line: HDEEPRM_STUDY_LIMIT=1 for --limit 1.
"""
NEGATIVE = re.compile(r"-(\.?\d|inf|nan)")
RETRIED = ("failed", "pruned", "unknown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verbs of studies and their arguments."""
    verbs = parser.add_subparsers(title="what to do", metavar="WHAT", required=True)
    for name, summary, add, run in (
        ("run", "run what is missing, and go on where it was", _add_run, run_verb),
        ("show", SHOW_SUMMARY, add_show, show_verb),
        ("plot", PLOT_SUMMARY, add_plot, plot_verb),
        ("ask", "print the next run as JSON, for drivers in other languages", _add_file, ask_verb),
        ("tell", "say how a run that was asked for ended", _add_tell, tell_verb),
        ("worker", "take runs until none is left; what local, slurm and ray start", _add_worker, worker_verb),
    ):
        verb = verbs.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if add not in (_add_file, add_plot):
            _add_file(verb)
        add(verb)
        verb.set_defaults(verb=_with_environment(verb, run))


def _with_environment(
    parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]
) -> Callable[[argparse.Namespace], int]:
    """The verb, with what the environment says in the place of the command line."""

    def verb(chosen: argparse.Namespace) -> int:
        from hdeeprm.studies.environment import apply_environment

        apply_environment(parser, chosen)
        return run(chosen)

    return verb


def _add_file(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="study.toml")
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="take the place of a value of the file, such as options.nb_jobs=50; may be given again",
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--on", metavar="WHERE", help="local, slurm or ray (default: slurm inside an allocation, else local)")
    add(
        "--workers",
        type=int,
        metavar="N",
        help="number of workers; -K: leave K CPUs free; 0: this very process (default: one for each CPU or "
        "task of an allocation; to be given where sbatch or a Ray cluster starts them)",
    )
    _add_limits(parser)
    add(
        "--retry",
        action="append",
        choices=RETRIED,
        default=[],
        help="try runs again that failed, were pruned, or whose worker nobody can ask; may be given again",
    )
    add(
        "--anew",
        action="store_true",
        help="lay the study's folder aside and begin from nothing; refused while a worker has a run",
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--limit", type=positive, metavar="N", help="only the first N runs")
    add("--max-runs-per-worker", type=positive, metavar="N", help="replace a worker after N runs")


def _add_tell(parser: argparse.ArgumentParser) -> None:
    parser._negative_number_matcher = NEGATIVE  # argparse takes -1e-07 for a flag
    parser.add_argument("run", type=int, metavar="N", help="number of the run")
    parser.add_argument(
        "result",
        nargs="+",
        metavar="VALUE",
        help='its metric, or all of them, or {"name": value} as JSON, or failed, or pruned',
    )


def _add_worker(parser: argparse.ArgumentParser) -> None:
    _add_limits(parser)


# What each does


def run_verb(chosen: argparse.Namespace) -> int:
    """Run what is missing; 1 where runs failed, or were left, such as to workers that nobody can ask."""
    from hdeeprm.studies.file import load_study
    from hdeeprm.studies.queue import Queue
    from hdeeprm.studies.running import run_study
    from hdeeprm.studies.showing import live_progress

    file = load_study(chosen.file, chosen.set)
    with live_progress(progress_console(), file) as watch:
        progress = run_study(
            file,
            on=chosen.on,
            workers=chosen.workers,
            limit=chosen.limit,
            retry=chosen.retry,
            max_runs_per_worker=chosen.max_runs_per_worker,
            anew=chosen.anew,
            watch=watch,
        )
    for notice in progress.notices:
        print(f"note: {notice}", file=sys.stderr)
    show_end(file, Queue(file.folder).runs())
    return 0 if progress.is_success else 1


def ask_verb(chosen: argparse.Namespace) -> int:
    """Print the next run as JSON; null if none waits."""
    from hdeeprm.studies.asking import ask
    from hdeeprm.studies.file import load_study

    print(json.dumps(ask(load_study(chosen.file, chosen.set))))
    return 0


def tell_verb(chosen: argparse.Namespace) -> int:
    """Say how a run ended."""
    from hdeeprm.studies.asking import tell, told
    from hdeeprm.studies.file import load_study

    tell(load_study(chosen.file, chosen.set), chosen.run, told(chosen.result))
    return 0


def worker_verb(chosen: argparse.Namespace) -> int:
    """Take runs until none is left."""
    from hdeeprm.studies.working import work_on

    return work_on(chosen.file, chosen.set, chosen.limit, chosen.max_runs_per_worker)
