"""An experiment's platform and workload as files that Batsim reads."""

from __future__ import annotations

from pathlib import Path

from hdeeprm.options import Options
from hdeeprm.results.atomic import check_unused, make_folder, write_together
from hdeeprm.scenario import load_scenario
from hdeeprm.simulator.batsim.simgrid.writing import FULL_SPEED_PSTATE, INITIAL_PSTATE, platform_xml
from hdeeprm.simulator.batsim.workload_writing import workload_text

PLATFORM_FILE, WORKLOAD_FILE = "platform.xml", "workload.json"


def write_batsim_files(
    options: Options,
    directory: Path,
    custom_workload: str | Path | None = None,
    *,
    awake: bool = False,
    force: bool = False,
) -> tuple[Path, Path]:
    """Write the platform and the workload of an experiment, for a Batsim that is started by hand.

    Args:
        options: Names both, and the version of SimGrid that the platform file is for.
        directory: Where the files go; made where it is not there.
        custom_workload: A workload that takes the place of ``workload_file_path``.
        force: Whether older files of these names are replaced.
        awake: Whether cores start in P-state 0, for a scheduler that sets none; else they start idle.

    Returns:
        ``platform.xml``, its hosts in the order of the cores, and ``workload.json``, which also holds what
        only this package reads, so that it may be run again with ``-cw``.

    Raises:
        OptionsError, PlatformError, WorkloadError: If the options or what they name can't be used.
        RunDirectoryError: If a file is there already, or can't be written.
    """
    paths = directory / PLATFORM_FILE, directory / WORKLOAD_FILE
    for path in paths:
        check_unused(path, force, "-o")
    scenario = load_scenario(options, custom_workload)
    pstate = FULL_SPEED_PSTATE if awake else INITIAL_PSTATE
    xml = platform_xml(scenario.platform, options.simulator.simgrid, pstate)
    make_folder(directory)
    write_together(dict(zip(paths, (xml, workload_text(scenario.workload, scenario.platform)), strict=True)))
    return paths
