"""The command line: ``hdeeprm VERB``, and ``hdeeprm-launch`` and ``hdeeprm-clean`` by their old names."""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle  # for its errors: Numba's cache is made of pickles
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdeeprm import __version__
from hdeeprm.comparison.verb import HELP as COMPARE_HELP
from hdeeprm.comparison.verb import add_arguments as _add_compare
from hdeeprm.errors import HDeepRMError, OptionsError, WorkloadError

if TYPE_CHECKING:
    from hdeeprm.experiment import Run
    from hdeeprm.options import Options
    from hdeeprm.reporting import RunReporter

EXIT_INTERRUPTED = 130
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

LAUNCH_HELP = """\
Simulate a workload on a platform under an agent, and write a run directory.

A minimal options.json:

    {"platform_file_path": "gaia", "workload_file_path": "gaia_like.swf",
     "agent": {"name": "shortest-high_gflops"}}

An agent that learns, such as "ppo" or one of your own file (-a agent.py), is
trained before, or only decides where agent.run is "test". Training that was
broken off goes on with --resume RUN_DIR.

Platforms and workloads are looked for beside the options file, in the
working directory and among those that come with the package.
'hdeeprm schema' lists all options; those of HDeepRM 0.2 and 0.3 are read too.
"""

GENERATE_HELP = """\
Write an SWF trace drawn from the Lublin-Feitelson model.

Job sizes, run times, and arrivals with a day cycle. For example:

    hdeeprm generate --num-jobs 1000 --num-cores 2280 --load 0.9 \\
        --memory-mb 50 4000 --out trace.swf
"""

EXPORT_HELP = """\
Write the platform and the workload of options.json as files that Batsim reads.

Batsim and its scheduler are then started by hand, in two terminals:

    hdeeprm export options.json -o files
    pybatsim "$(hdeeprm export --scheduler)" -O options.json
    batsim -p files/platform.xml -w files/workload.json -E
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm``."""
    return _execute(_parser(), arguments)


def launch(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm-launch``."""
    parser = _new_parser("hdeeprm-launch", LAUNCH_HELP)
    _add_launch(parser)
    return _execute(parser, arguments)


def clean(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm-clean``."""
    parser = _new_parser("hdeeprm-clean", "Remove run directories that HDeepRM made, and nothing else.")
    _add_clean(parser)
    return _execute(parser, arguments)


def batsim(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``hdeeprm-batsim``."""
    from hdeeprm.dropin.cli import HELP, add_arguments

    parser = _new_parser("hdeeprm-batsim", HELP)
    add_arguments(parser)
    return _execute(parser, arguments)


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
    for name, add, text in (
        ("launch", _add_launch, LAUNCH_HELP),
        ("compare", _add_compare, COMPARE_HELP),
        ("platform", _add_platform, "Show a platform: hierarchy, totals, GFLOPS, watts, P-states."),
        ("generate", _add_generate, GENERATE_HELP),
        ("export", _add_export, EXPORT_HELP),
        ("schema", _add_schema, "Print the JSON Schema of options.json."),
        ("versions", _add_versions, "Print the versions that results depend on, as JSON."),
        ("clean", _add_clean, "Remove run directories that HDeepRM made, and nothing else."),
    ):
        add(
            verbs.add_parser(
                name,
                help=text.split("\n")[0],
                description=text,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    return parser


def _execute(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Run the chosen verb; errors become one line on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files need not be valid text
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    verb: Callable[[argparse.Namespace], int] = chosen.verb
    try:
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


# launch


def _add_launch(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("options", nargs="?", help="options.json: what to run; not needed with --resume")
    add("-a", "--agent-file", metavar="FILE", help="Python file with an agent class, instead of agent.name")
    add("-cw", "--custom-workload", metavar="FILE", help="Batsim JSON workload, or trace, to run instead")
    add("-im", "--input-model", metavar="FILE", help="checkpoint that a LEARNING agent begins with")
    add("-om", "--output-model", metavar="FILE", help="checkpoint that training writes its best model to")
    add(
        "-nr",
        "--num-runs",
        type=_positive,
        metavar="N",
        help="train for N episodes; where nothing is trained, repeat N times: run k has seed + k",
    )
    add("-o", "--output", type=Path, metavar="RUN_DIR", help="run directory (default: a new one in runs/)")
    add("--resume", type=Path, metavar="RUN_DIR", help="go on with training that was broken off")
    add("--seed", type=int, metavar="SEED", help="take the place of seed")
    add(
        "--agent",
        metavar="NAME",
        help="take the place of agent.name: ppo, random, a pair such as first-low_power ...",
    )
    add("--simulator", metavar="NAME", help="take the place of simulator.backend: embedded, batsim")
    add("--clock", metavar="NAME", help="take the place of simulator.clock: exact, batsim")
    add("--log-level", choices=LOG_LEVELS, help="take the place of log_level, for insights.log")
    add("--json", action="store_true", help="print the metrics as JSON, for machines")
    parser.set_defaults(verb=_launch)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not a number of runs; give 1 or more")
    return number


def _launch(chosen: argparse.Namespace) -> int:
    from hdeeprm.reporting import RunReporter

    reporter = RunReporter(for_machines=chosen.json)
    runs, directory = _resumed(chosen, reporter) if chosen.resume else _new_runs(chosen, reporter)
    if chosen.json:
        reporter.print_json(runs)
    elif len(runs) == 1:
        reporter.show_metrics(runs[0])
    else:
        reporter.show_repeats(runs, directory)
    return 0


def _new_runs(chosen: argparse.Namespace, reporter: RunReporter) -> tuple[list[Run], Path]:
    """Run the options, once where an agent is trained, else as often as is asked for."""
    from hdeeprm.experiment import trains
    from hdeeprm.results import check_unused, default_run_directory

    if chosen.options is None:
        raise OptionsError("no options.json is named; give one, or a run to go on with: --resume RUN_DIR")
    options, num_runs = _options(chosen, chosen.options), chosen.num_runs or 1
    if num_runs > 1 and trains(options):
        num_runs = 1  # they are the episodes of one training
    directory = chosen.output or default_run_directory(Path(chosen.options).stem)
    if num_runs > 1:
        check_unused(directory)
    width = len(str(num_runs - 1))
    places = [directory if num_runs == 1 else directory / f"{k:0{width}d}" for k in range(num_runs)]
    return [_one_run(options, k, place, chosen, reporter) for k, place in enumerate(places)], directory


def _options(chosen: argparse.Namespace, path: str | Path) -> Options:
    """The options of a file with what the command line puts in their place."""
    from hdeeprm.experiment import trains
    from hdeeprm.options import load_options

    given = {place: value for place, value in _overrides(chosen).items() if value is not None}
    options = load_options(path, given)
    if chosen.num_runs is None or not trains(options):
        return options
    return load_options(path, given | {"training.episodes": chosen.num_runs})


def _overrides(chosen: argparse.Namespace) -> dict[str, Any]:
    """What the command line says in the place of the file, by path in the options."""
    files = {
        "agent.file": chosen.agent_file,
        "agent.input_model": chosen.input_model,
        "agent.output_model": chosen.output_model,
    }
    return {
        "seed": chosen.seed,
        "agent.name": chosen.agent,
        "simulator.backend": chosen.simulator,
        "simulator.clock": chosen.clock,
        "log_level": chosen.log_level,
        # Those of the command line are relative to the working directory, not to the file's folder.
        **{place: file and _from_here(place, file) for place, file in files.items()},
    }


def _from_here(place: str, file: str) -> str:
    """A file of the command line as options may name it; a model that is not here may be a shipped one."""
    may_be_shipped = place == "agent.input_model" and not os.path.lexists(file)
    return file if may_be_shipped else os.path.abspath(file)


def _one_run(options: Options, k: int, place: Path, chosen: argparse.Namespace, reporter: RunReporter) -> Run:
    """Run number k of the same options, with its own seed."""
    from hdeeprm.experiment import run_experiment
    from hdeeprm.options import load_options

    seeded = load_options(options.canonical(), {"seed": options.seed + k}, options.folder)
    with reporter.progress() as (watch, training_watch):
        run = run_experiment(seeded, place, chosen.custom_workload, watch, training_watch)
    reporter.show_run(run)
    return run


def _resumed(chosen: argparse.Namespace, reporter: RunReporter) -> tuple[list[Run], Path]:
    """Go on with a run, whose own options must be those given besides, if there are any."""
    from hdeeprm.experiment import OPTIONS_FILE, check_same_options, resume_experiment
    from hdeeprm.results.directory import check_unfinished

    directory: Path = chosen.resume
    check_unfinished(directory)
    if chosen.output is not None and chosen.output != directory:
        raise OptionsError("-o: a run that goes on stays in its directory; leave -o out")
    given = _options(chosen, chosen.options or directory / OPTIONS_FILE)
    check_same_options(given, directory, chosen.custom_workload)
    with reporter.progress() as (watch, training_watch):
        run = resume_experiment(directory, watch, training_watch)
    reporter.show_run(run)
    return [run], directory


# platform


def _add_platform(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "platform", metavar="NAME", help="a shipped platform such as gaia, or a platform file"
    )
    parser.set_defaults(verb=_platform, debug=False)


def _platform(chosen: argparse.Namespace) -> int:
    from rich.console import Console

    from hdeeprm.platform_summary import show_platform
    from hdeeprm.platforms import load_platform

    show_platform(load_platform(chosen.platform), Console())
    return 0


# generate


def _add_generate(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", metavar="NAME", default="lublin", help="lublin (default)")
    add("--num-jobs", metavar="N", type=int, default=1000, help="number of jobs (default: 1000)")
    add("--num-cores", metavar="N", type=int, default=256, help="cores of the machine (default: 256)")
    add("--seed", type=int, default=0, metavar="SEED", help="seed of all draws (default: 0)")
    add(
        "--load", type=float, help="offered load to scale arrivals to, such as 0.9 (default: the model's own)"
    )
    add("--memory-mb", type=float, nargs=2, metavar=("LOW", "HIGH"), help="memory per core, drawn between")
    add("--max-job-cores", metavar="N", type=int, help="cores of the largest job (default: all)")
    add("--max-run-time", metavar="S", type=float, help="longest run time in s")
    add("--out", type=Path, required=True, metavar="FILE", help="SWF file to write")
    add("--force", action="store_true", help="replace the file if it exists")
    parser.set_defaults(verb=_generate, debug=False)


def _generate(chosen: argparse.Namespace) -> int:
    from hdeeprm.workloads.generate import generate

    names = ("model", "num_jobs", "num_cores", "seed", "load", "max_job_cores", "max_run_time")
    given: dict[str, Any] = {
        name: getattr(chosen, name) for name in names if getattr(chosen, name) is not None
    }
    if chosen.memory_mb:
        given["memory_mb"] = tuple(chosen.memory_mb)
    if os.path.lexists(chosen.out) and not (chosen.force and _is_plain_file(chosen.out)):
        cure = ", or replace it with --force" if _is_plain_file(chosen.out) else ""
        raise WorkloadError(f"{chosen.out} exists; give another name with --out{cure}")
    path = generate(chosen.out, **given)
    print(f"{path}: {chosen.num_jobs} jobs")
    return 0


def _is_plain_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


# schema, versions, clean


def _add_export(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("options", nargs="?", help="options.json: whose platform and workload")
    add("-cw", "--custom-workload", metavar="FILE", help="Batsim JSON workload, or trace, instead")
    add("-o", "--output", type=Path, default=Path("batsim"), metavar="DIR", help="folder (%(default)s)")
    add("--simgrid", metavar="VERSION", help="take the place of simulator.simgrid: 3.24, 3.29")
    add("--scheduler", action="store_true", help="print the path of the scheduler file for PyBatsim instead")
    parser.set_defaults(verb=_export, debug=False)


def _export(chosen: argparse.Namespace) -> int:
    from hdeeprm.batsim_files import write_batsim_files
    from hdeeprm.options import load_options

    if chosen.scheduler:
        print(Path(__file__).with_name("pybatsim_scheduler.py"))
        return 0
    if chosen.options is None:
        raise OptionsError("no options.json is named; give the one whose platform and workload are wanted")
    version = {"simulator.backend": "batsim", "simulator.simgrid": chosen.simgrid}
    options = load_options(chosen.options, version if chosen.simgrid else {})
    for path in write_batsim_files(options, chosen.output, chosen.custom_workload):
        print(path)
    return 0


def _add_schema(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(verb=_schema, debug=False)


def _schema(chosen: argparse.Namespace) -> int:
    from hdeeprm.options import options_schema

    print(json.dumps(options_schema(), indent=2))
    return 0


def _add_versions(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(verb=_versions, debug=False)


def _versions(chosen: argparse.Namespace) -> int:
    from hdeeprm.results.versions import versions

    print(json.dumps(versions(), indent=2))
    return 0


def _add_clean(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "root", nargs="?", type=Path, default=Path("runs"), help="where to look (default: runs)"
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="say what would be removed, remove nothing"
    )
    parser.add_argument("--force", action="store_true", help="remove runs too that may still be going on")
    parser.set_defaults(verb=_clean, debug=False)


def _clean(chosen: argparse.Namespace) -> int:
    from hdeeprm.results import clean as clean_runs
    from hdeeprm.results.directory import DEFAULT_ROOT

    if not chosen.root.exists() and chosen.root == DEFAULT_ROOT:
        print(f"{DEFAULT_ROOT}: no runs here")
        return 0
    verb = "would be removed" if chosen.dry_run else "removed"
    for path, removed, reason in clean_runs(chosen.root, chosen.dry_run, chosen.force):
        print(f"{path}: {verb}" if removed else f"{path}: {reason}")
    return 0
