"""What an experiment is about: the platform and the workload that its options name, checked together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hdeeprm.errors import OptionsError, WorkloadError
from hdeeprm.options import Options
from hdeeprm.platforms import Platform, load_platform
from hdeeprm.workloads import TraceSettings, Workload, load_workload
from hdeeprm.workloads.episode_windows import EpisodeWindows

WORK_ROUNDING = 1e-9
"""Share of a request within which a job's work counts as no more than it."""
MAX_NAMED_JOBS = 10
"""How many jobs a message names before it says how many more there are."""


@dataclass(frozen=True)
class Scenario:
    """A platform and the workload that is to run on it."""

    platform: Platform
    workload: Workload
    oversized_jobs: tuple[str, ...]  # ids of the jobs that could not run on the empty platform
    short_requests: int | None = (
        None  # jobs that may outlast their requests, where reservations count on these
    )

    def notices(self) -> list[str]:
        """What the user should know of the workload: what was skipped, made up, or is too large."""
        lines = [
            f"records skipped for {reason}: {count:,}" for reason, count in self.workload.skipped.items()
        ]
        lines += self.workload.notes
        if self.short_requests:
            lines.append(
                f"jobs that run longer than they request: {self.short_requests:,}; reservations that count "
                "on their ends may not be kept"
            )
        if self.oversized_jobs:
            count, names = len(self.oversized_jobs), named(self.oversized_jobs)
            lines.append(f"jobs rejected, because they are too large for the platform: {count:,} ({names})")
        return lines


def load_scenario(options: Options, custom_workload: str | Path | None = None) -> Scenario:
    """Read the platform and the workload of an experiment.

    Args:
        options: Names both; relative paths start at the folder of the options file, then at the working
            directory, then among what comes with the package.
        custom_workload: A Batsim JSON workload or a trace that takes the place of ``workload_file_path``.

    Raises:
        OptionsError: If ``nb_resources`` is not the platform's number of cores, no workload is named, or the
            window does not fit the workload.
        PlatformError, WorkloadError: If a file cannot be used, or no job can run on the platform.
    """
    platform = load_platform(options.platform_file_path, options.folder)
    _check_number_of_cores(options, platform)
    workload = _load_workload(options, custom_workload)
    EpisodeWindows.of(options, workload.num_jobs)
    feasible = platform.feasible(workload.requested_cores, workload.memory_kb)
    oversized = tuple(workload.job_ids[job] for job in np.flatnonzero(~feasible))
    if oversized and (options.workload.oversized == "error" or not feasible.any()):
        others = ', or set workload.oversized to "reject" to go on without them'
        raise WorkloadError(
            f"{workload.name}: {len(oversized)} of {workload.num_jobs} jobs ask for more than the platform "
            f"{platform.name!r} has when it is empty: {named(oversized)}. Take a larger platform"
            f"{others if feasible.any() else '; without them no job is left'}"
        )
    return Scenario(platform, workload, oversized, _short_requests(options, platform, workload))


def _short_requests(options: Options, platform: Platform, workload: Workload) -> int | None:
    """Number of jobs that may outlast their requests; None where nothing counts on these.

    A walltime that ends a job by then, even on the fastest cores, keeps it from that.
    """
    if options.queue.backfilling == "none" or options.queue.times == "true":
        return None
    speed = platform.reference_speed_flops
    work, requested = (
        np.where(np.isnan(given), seconds * speed, given)
        for given, seconds in (
            (workload.work_flop, workload.run_time),
            (workload.requested_work_flop, workload.requested_time),
        )
    )
    fastest = platform.processor_mflops[:, 0].max() * 1e6
    goes_on = requested / fastest < workload.walltime * (1.0 - WORK_ROUNDING)
    return int(np.count_nonzero(goes_on & (work > requested * (1.0 + WORK_ROUNDING))))


def used_options(options: Options, custom_workload: str | Path | None = None) -> dict[str, Any]:
    """The options of an experiment, ready for JSON, so that they run again from anywhere.

    Files get absolute paths, the custom workload takes its place, and shipped files keep their names.
    """
    workload = options.workload_file_path if custom_workload is None else custom_workload
    used = options.canonical() | {
        "platform_file_path": _absolute(options.platform_file_path, options.folder),
        "workload_file_path": _absolute(workload, Path() if custom_workload else options.folder),
    }
    for key in ("file", "input_model"):
        if used["agent"].get(key):
            used["agent"][key] = _absolute(used["agent"][key], options.folder)
    return used


def _absolute(path: str | Path, folder: Path) -> str:
    places = (place / path for place in (folder, Path()))
    return next((str(place.resolve()) for place in places if place.is_file()), str(path))


def named(job_ids: tuple[str, ...]) -> str:
    """The first few job ids, and how many more there are."""
    more = f" and {len(job_ids) - MAX_NAMED_JOBS} more" if len(job_ids) > MAX_NAMED_JOBS else ""
    return ", ".join(job_ids[:MAX_NAMED_JOBS]) + more


def _check_number_of_cores(options: Options, platform: Platform) -> None:
    if options.nb_resources not in (None, platform.num_cores):
        raise OptionsError(
            f"nb_resources: {options.nb_resources} is not the number of cores of the platform "
            f"{platform.name!r}, which has {platform.num_cores}; correct it or leave it out"
        )


def _load_workload(options: Options, custom_workload: str | Path | None) -> Workload:
    path = options.workload_file_path if custom_workload is None else custom_workload
    if not path:
        raise OptionsError(
            "workload_file_path: no workload is named; give a trace here, such as 'gaia_like.swf', "
            "or a workload with -cw"
        )
    chosen = options.workload
    settings = TraceSettings(
        nb_jobs=options.nb_jobs,
        reading=chosen.reading,
        run_time=chosen.run_time,
        memory=chosen.memory,
        memory_unit=chosen.memory_unit,
        memory_scope=chosen.memory_scope,
        mem_bw=chosen.mem_bw,
        walltime=chosen.walltime,
    )
    search = None if custom_workload else options.folder
    return load_workload(path, settings, np.random.default_rng(options.seed), search)
