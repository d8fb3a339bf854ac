"""An experiment's platform and workload as files that Batsim reads."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from hdeeprm.options import Options
from hdeeprm.platforms import Platform
from hdeeprm.results.atomic import open_atomically
from hdeeprm.scenario import load_scenario
from hdeeprm.simulator.batsim.simgrid.writing import FULL_SPEED_PSTATE, INITIAL_PSTATE, platform_xml
from hdeeprm.simulator.batsim.workload_writing import exact_number
from hdeeprm.workloads import Workload

PLATFORM_FILE, WORKLOAD_FILE = "platform.xml", "workload.json"
KB_PER_MB = 1000
MB_PER_GB = 1000


def write_batsim_files(
    options: Options, directory: Path, custom_workload: str | Path | None = None, *, awake: bool = False
) -> tuple[Path, Path]:
    """Write the platform and the workload of an experiment, for a Batsim that is started by hand.

    Args:
        options: Names both, and the version of SimGrid that the platform file is for.
        directory: Where the files go; made where it is not there.
        custom_workload: A workload that takes the place of ``workload_file_path``.
        awake: Whether cores start in P-state 0, for a scheduler that sets none; else they start idle.

    Returns:
        ``platform.xml``, its hosts in the order of the cores, and ``workload.json``, which also holds what
        only this package reads, so that it may be run again with ``-cw``.

    Raises:
        OptionsError, PlatformError, WorkloadError: If the options or what they name can't be used.
        RunDirectoryError: If a file can't be written.
    """
    scenario = load_scenario(options, custom_workload)
    directory.mkdir(parents=True, exist_ok=True)
    contents = {
        directory / PLATFORM_FILE: platform_xml(
            scenario.platform, options.simulator.simgrid, FULL_SPEED_PSTATE if awake else INITIAL_PSTATE
        ),
        directory / WORKLOAD_FILE: workload_text(scenario.workload, scenario.platform).encode(),
    }
    for path, content in contents.items():
        with open_atomically(path) as file:
            file.write(content)
    return directory / PLATFORM_FILE, directory / WORKLOAD_FILE


def workload_text(workload: Workload, platform: Platform) -> str:
    """A workload as Batsim's JSON, with this package's own fields in the profiles."""
    speed = platform.reference_speed_flops
    work = np.where(np.isnan(workload.work_flop), workload.run_time * speed, workload.work_flop)
    requested = workload.requested_work_flop
    requested = np.where(np.isnan(requested), workload.requested_time * speed, requested)
    jobs, profiles = [], {}
    for number, name in enumerate(workload.job_ids):
        job: dict[str, Any] = {
            "id": name,
            "subtime": exact_number(float(workload.submit_time[number])),
            "res": int(workload.requested_cores[number]),
            "profile": workload.profiles[number],
        }
        if math.isfinite(workload.walltime[number]):
            job["walltime"] = exact_number(float(workload.walltime[number]))
        jobs.append(job)
        profiles[workload.profiles[number]] = {
            "type": "parallel_homogeneous",
            "cpu": exact_number(float(work[number])),
            "com": 0,
            "req_time": exact_number(float(workload.requested_time[number])),
            "req_ops": exact_number(float(requested[number])),
            "mem": exact_number(int(workload.memory_kb[number]) / KB_PER_MB),
            "mem_bw": exact_number(int(workload.bandwidth_mb_per_s[number]) / MB_PER_GB),
        }
    content = {"nb_res": platform.num_cores, "jobs": jobs, "profiles": profiles}
    return json.dumps(content, indent=1) + "\n"
