"""The command line: ``hdeeprm VERB``, and the verbs of HDeepRM 0.3 by their old names, ``hdeeprm-VERB``."""

from __future__ import annotations

import argparse
import io
import os
import pickle  # for its errors: Numba's cache is made of pickles
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Protocol

from hdeeprm import __version__
from hdeeprm.errors import HDeepRMError
from hdeeprm.interrupts import interruptible
from hdeeprm.verbs import clean as clean_verb
from hdeeprm.verbs import (
    compare,
    export,
    generate,
    leaderboard,
    platform,
    report,
    schema,
    study,
    versions,
    watch,
)
from hdeeprm.verbs import jobstat as jobstat_verb
from hdeeprm.verbs import launch as launch_verb
from hdeeprm.verbs import metrics as metrics_verb
from hdeeprm.verbs import visual as visual_verb

EXIT_INTERRUPTED = 130


class Verb(Protocol):
    """A module of a verb."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Let a parser know its arguments, and what to do with them."""


VERBS: dict[str, Verb] = {
    "launch": launch_verb,
    "watch": watch,
    "compare": compare,
    "study": study,
    "leaderboard": leaderboard,
    "visual": visual_verb,
    "report": report,
    "metrics": metrics_verb,
    "platform": platform,
    "jobstat": jobstat_verb,
    "generate": generate,
    "export": export,
    "schema": schema,
    "versions": versions,
    "clean": clean_verb,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm``."""
    return _execute(_parser(), arguments)


def launch(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm-launch``."""
    return _execute(_parser_of("hdeeprm-launch", launch_verb), arguments)


def clean(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm-clean``."""
    return _execute(_parser_of("hdeeprm-clean", clean_verb), arguments)


def visual(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm-visual``."""
    return _execute(_parser_of("hdeeprm-visual", visual_verb), arguments)


def metrics(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm-metrics``."""
    return _execute(_parser_of("hdeeprm-metrics", metrics_verb), arguments)


def jobstat(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm-jobstat``."""
    return _execute(_parser_of("hdeeprm-jobstat", jobstat_verb), arguments)


def batsim(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm-batsim``."""
    from hdeeprm.dropin import cli as dropin

    return _execute(_parser_of("hdeeprm-batsim", dropin), arguments)


def _parser_of(prog: str, verb: Verb) -> argparse.ArgumentParser:
    parser = _new_parser(prog, verb.HELP)
    verb.add_arguments(parser)
    return parser


def _new_parser(prog: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"hdeeprm {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _parser() -> argparse.ArgumentParser:
    parser = _new_parser("hdeeprm", "Evaluate workload management on heterogeneous clusters.")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        form = argparse.RawDescriptionHelpFormatter
        summary = verb.HELP.split("\n")[0]
        verb.add_arguments(verbs.add_parser(name, help=summary, description=verb.HELP, formatter_class=form))
    return parser


def _execute(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Run the chosen verb; errors become one line on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files need not be valid text
    chosen = parser.parse_args(arguments)
    verb: Callable[[argparse.Namespace], int] = chosen.verb
    try:
        with interruptible():
            return verb(chosen)
    except HDeepRMError as error:
        if chosen.debug:
            traceback.print_exc()
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        print(str(interrupt) or "interrupted; a run that had begun is marked incomplete", file=sys.stderr)
        return EXIT_INTERRUPTED
    except MemoryError:
        print("error: not enough memory; take fewer jobs (nb_jobs) or a smaller file", file=sys.stderr)
        return HDeepRMError.exit_code
    except (pickle.UnpicklingError, EOFError):
        from hdeeprm.simulator.kernel.compiling import CACHE_DIRECTORY

        print(f"error: {CACHE_DIRECTORY}: compiled code is damaged; delete this folder", file=sys.stderr)
        return HDeepRMError.exit_code
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            where = error.filename or "standard output"
            print(f"error: {where}: {error.strerror}", file=sys.stderr)
        return HDeepRMError.exit_code
