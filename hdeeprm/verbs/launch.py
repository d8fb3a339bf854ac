"""``hdeeprm launch`` and ``hdeeprm-launch``: an experiment, run as often as is asked for."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import OptionsError

from .arguments import positive

if TYPE_CHECKING:
    from hdeeprm.experiment import Run
    from hdeeprm.options import Options
    from hdeeprm.reporting import RunReporter

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

HELP = """\
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm launch`` is called with."""
    add = parser.add_argument
    add("options", nargs="?", help="options.json: what to run; not needed with --resume")
    add("-a", "--agent-file", metavar="FILE", help="Python file with an agent class, instead of agent.name")
    add("-cw", "--custom-workload", metavar="FILE", help="Batsim JSON workload, or trace, to run instead")
    add("-im", "--input-model", metavar="FILE", help="checkpoint that a LEARNING agent begins with")
    add("-om", "--output-model", metavar="FILE", help="checkpoint that training writes its best model to")
    add(
        "-nr",
        "--num-runs",
        type=positive,
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
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Run what the options say, and print what came out."""
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
    from hdeeprm.results.directory import check_vacant, default_run_directory

    if chosen.options is None:
        raise OptionsError("no options.json is named; give one, or a run to go on with: --resume RUN_DIR")
    options, num_runs = _options(chosen, chosen.options), chosen.num_runs or 1
    if num_runs > 1 and trains(options):
        num_runs = 1  # they are the episodes of one training
    directory = chosen.output or default_run_directory(Path(chosen.options).stem)
    if num_runs > 1:
        check_vacant(directory)
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
        one = run_experiment(seeded, place, chosen.custom_workload, watch, training_watch)
    reporter.show_run(one)
    return one


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
        one = resume_experiment(directory, watch, training_watch)
    reporter.show_run(one)
    return [one], directory
