"""``hdeeprm export``: files for a Batsim and a PyBatsim started by hand."""

from __future__ import annotations

import argparse
from pathlib import Path

import hdeeprm
from hdeeprm.errors import OptionsError
from hdeeprm.simgrid_versions import SIMGRID_VERSIONS

SCHEDULER = Path(hdeeprm.__file__).with_name("pybatsim_scheduler.py")

HELP = """\
Write the platform and the workload of options.json as files that Batsim reads.

Batsim and its scheduler are then started by hand, in two terminals:

    hdeeprm export options.json -o files
    pybatsim "$(hdeeprm export --scheduler)" -O options.json
    batsim -p files/platform.xml -w files/workload.json -E

'hdeeprm-batsim' may take the place of 'batsim'. Cores start idle, in P-state 3,
in which they do not compute; for a scheduler that sets no P-states: --awake.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``hdeeprm export`` is called with."""
    add = parser.add_argument
    add("options", nargs="?", help="options.json: whose platform and workload")
    add("-cw", "--custom-workload", metavar="FILE", help="Batsim JSON workload, or trace, instead")
    add(
        "-o",
        "--output",
        type=Path,
        default=Path("batsim"),
        metavar="DIR",
        help="folder to write to (default: %(default)s)",
    )
    add("--simgrid", choices=SIMGRID_VERSIONS, help="take the place of simulator.simgrid")
    add(
        "--awake",
        action="store_true",
        help="let cores start in P-state 0: for every scheduler that sets none, such as PyBatsim's own",
    )
    add("--force", action="store_true", help="replace the files if they exist")
    add("--scheduler", action="store_true", help="print the path of the scheduler file for PyBatsim instead")
    parser.set_defaults(verb=run)


def run(chosen: argparse.Namespace) -> int:
    """Write the files, and print their paths."""
    from hdeeprm.batsim_files import write_batsim_files
    from hdeeprm.options import load_options

    if chosen.scheduler:
        print(SCHEDULER)
        return 0
    if chosen.options is None:
        raise OptionsError("no options.json is named; give the one whose platform and workload are wanted")
    # The version says nothing to the exact clock, and is refused there.
    version = {"simulator.backend": "batsim", "simulator.simgrid": chosen.simgrid}
    options = load_options(chosen.options, version if chosen.simgrid else {})
    for path in write_batsim_files(
        options, chosen.output, chosen.custom_workload, awake=chosen.awake, force=chosen.force
    ):
        print(path)
    return 0
