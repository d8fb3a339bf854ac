"""The command ``hdeeprm-batsim``, with the options of ``batsim`` that its users use."""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

from hdeeprm.errors import OptionsError
from hdeeprm.simgrid_versions import LATEST, SIMGRID_VERSIONS
from hdeeprm.simulator.batsim.simgrid.machines import MASTER_HOST

from .files import make_place, write_files
from .server import Connection
from .simulation import BatsimOptions, Simulation

HELP = """\
Simulate what a scheduler decides that speaks Batsim's protocol, without Batsim.

The scheduler, PyBatsim's for instance, listens; this command connects to it,
tells it of jobs, carries out its decisions, and writes out_jobs.csv and
out_schedule.csv when all is over. For example, in two terminals:

    pybatsim fillerSched
    hdeeprm-batsim -p platform.xml -w workload.json

'hdeeprm export --awake' makes these files of an options.json. Times, messages
and results are those of Batsim 4.1, as it was recorded. What is not simulated
here is refused by name, when it is read or asked for.
"""
ENDPOINT = "tcp://localhost:28000"
CONNECT_TIMEOUT = 60.0
IGNORED = "accepted, and without effect"
REFUSED = (
    ("-W", "--workflow"),
    ("--WS", "--workflow-start"),
    ("-r", "--add-role-to-hosts"),
    ("--events",),
    ("--sg-cfg",),
    ("--enable-redis",),
    ("--no-sched",),
    ("--dump-execution-context",),
)
"""Options of Batsim for what is not simulated here."""


class _Refuse(argparse.Action):
    """Refuse an option of Batsim by its name."""

    def __call__(
        self, parser: argparse.ArgumentParser, chosen: object, values: object, option: str | None = None
    ) -> None:
        """Say that it is not supported."""
        parser.error(f"{option} is not supported here; take the real Batsim for it")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("-p", "--platform", type=Path, required=True, metavar="FILE", help="SimGrid platform file")
    add(
        *("-w", "--workload"),
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="workload in Batsim's JSON; may be given again for more",
    )
    add(
        "-m",
        "--master-host",
        default=MASTER_HOST,
        metavar="NAME",
        help="host that is the scheduler's, and computes nothing (default: %(default)s)",
    )
    add("-E", "--energy", action="store_true", help="simulate energy and P-states, and write their files")
    add(
        "-s",
        "--socket-endpoint",
        default=ENDPOINT,
        metavar="URL",
        help="where the scheduler listens (default: %(default)s)",
    )
    add(
        "--connect-timeout",
        type=float,
        default=CONNECT_TIMEOUT,
        metavar="S",
        help="seconds to wait for the scheduler to listen (default: %(default)g)",
    )
    add(
        "-e",
        "--export",
        default="out",
        metavar="PREFIX",
        help="what names of files begin with; a missing folder is made (default: %(default)s)",
    )
    _add_job_options(parser)
    _add_other_options(parser)
    parser.set_defaults(verb=run)


def _add_job_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--mmax", type=int, default=0, metavar="N", help="use the first N machines only")
    add("--mmax-workload", action="store_true", help="use as many machines as nb_res of the workloads says")
    add("--enable-compute-sharing", action="store_true", help="let jobs share machines")
    add("--enable-dynamic-jobs", action="store_true", help="let the scheduler register jobs and profiles")
    add("--acknowledge-dynamic-jobs", action="store_true", help="submit the jobs it registers back to it")
    add("--enable-profile-reuse", action="store_true", help="only told to the scheduler")
    add("--forward-profiles-on-submission", action="store_true", help="tell the profile with each job")
    config = parser.add_mutually_exclusive_group()
    config.add_argument(
        "--sched-cfg", default="", metavar="TEXT", help="text that is passed on to the scheduler"
    )
    config.add_argument("--sched-cfg-file", type=Path, metavar="FILE", help="file with that text")


def _add_other_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--simgrid",
        choices=SIMGRID_VERSIONS,
        default=LATEST,
        help="version of SimGrid whose tolerances and quirks are followed (default: %(default)s)",
    )
    add(
        "--simgrid-version", action="version", version=f"{LATEST}.0", help="print the latest of them and exit"
    )
    add("--disable-machine-state-tracing", action="store_true", help="do not write what machines did")
    add("--disable-schedule-tracing", action="store_true", help="no Pajé trace is written: " + IGNORED)
    add("--disable-storage-sharing", action="store_true", help="there is no storage: " + IGNORED)
    add("-q", "--quiet", action="store_true", help="do not tell what was written")
    add("-v", "--verbosity", metavar="LEVEL", default="information", help='"quiet" is as -q')
    add("--sg-log", action="append", metavar="TEXT", help="there is no SimGrid: " + IGNORED)
    for names in REFUSED:
        add(*names, action=_Refuse, nargs="*", help=argparse.SUPPRESS)


def run(chosen: argparse.Namespace) -> int:
    """Simulate."""
    started = time.perf_counter()
    options = _options(chosen)
    make_place(chosen.export)
    simulation = Simulation(options)
    if simulation.num_asleep and not options.energy:
        print(
            f"warning: {simulation.num_asleep} machines start in a P-state in which they hardly compute; a "
            "scheduler can wake them with -E only; for one that sets no P-states: hdeeprm export --awake",
            file=sys.stderr,
        )
    with Connection(chosen.socket_endpoint, chosen.connect_timeout) as connection:
        _converse(simulation, connection)
    paths = write_files(simulation, chosen.export, time.perf_counter() - started, connection.waited)
    if not (chosen.quiet or chosen.verbosity == "quiet"):
        print(f"{simulation.batsim.now:g} s simulated; wrote {', '.join(map(str, paths))}", file=sys.stderr)
    return 0


def _converse(simulation: Simulation, connection: Connection) -> None:
    """Simulate to the end."""
    message: str | None = simulation.begin()
    try:
        while message is not None:
            message = simulation.reply(connection.exchange(message, simulation.note))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted at {simulation.batsim.now:g} s of simulated time; nothing was written"
        ) from None


def _options(chosen: argparse.Namespace) -> BatsimOptions:
    if not chosen.workload and not chosen.enable_dynamic_jobs:
        raise OptionsError(
            "no workload is given; name one with -w, or let the scheduler register jobs with "
            "--enable-dynamic-jobs"
        )
    if not 0.0 <= chosen.connect_timeout < math.inf:
        raise OptionsError(f"--connect-timeout {chosen.connect_timeout:g}: give a time of at least 0, in s")
    if chosen.mmax < 0:
        raise OptionsError(f"--mmax {chosen.mmax}: give a number of machines of at least 1, or 0 for all")
    return BatsimOptions(
        platform=chosen.platform,
        workloads=tuple(chosen.workload),
        master_host=chosen.master_host,
        energy=chosen.energy,
        max_machines=chosen.mmax,
        max_machines_of_workload=chosen.mmax_workload,
        compute_sharing=chosen.enable_compute_sharing,
        dynamic_jobs=chosen.enable_dynamic_jobs,
        acknowledge_jobs=chosen.acknowledge_dynamic_jobs,
        profile_reuse=chosen.enable_profile_reuse,
        forward_profiles=chosen.forward_profiles_on_submission,
        scheduler_config=_scheduler_config(chosen),
        machine_states=not chosen.disable_machine_state_tracing,
        simgrid=chosen.simgrid,
    )


def _scheduler_config(chosen: argparse.Namespace) -> str:
    if chosen.sched_cfg_file is None:
        return str(chosen.sched_cfg)
    try:
        return str(chosen.sched_cfg_file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise OptionsError(f"--sched-cfg-file {chosen.sched_cfg_file}: can't be read: {error}") from error
