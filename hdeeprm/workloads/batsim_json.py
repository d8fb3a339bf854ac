"""Workloads in Batsim's JSON form, as HDeepRM writes and reads them: jobs that refer to profiles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hdeeprm.errors import WorkloadError, did_you_mean
from hdeeprm.workloads.batsim_fields import (
    Problems,
    check_unique,
    load_json,
    read_id,
    read_num_hosts,
    read_submit_time,
    read_walltime,
)
from hdeeprm.workloads.batsim_profiles import Profile, read_profile
from hdeeprm.workloads.files import read_file
from hdeeprm.workloads.ordering import out_of_order_note, submission_order, take_first
from hdeeprm.workloads.settings import check_nb_jobs
from hdeeprm.workloads.workload import Workload

FALLBACK_REQUESTED_TIME = 1.0
"""Seconds; for a job that has work, but neither a requested time nor a walltime."""


@dataclass(frozen=True)
class _Job:
    job_id: str
    submit_time: float
    cores: int
    profile_name: str
    profile: Profile
    walltime: float


def workload_from_json(path: str | Path, nb_jobs: int | None = None) -> Workload:
    """Reads a Batsim JSON workload, plain or gzip.

    Args:
        path: The file.
        nb_jobs: Number of jobs taken in order of submission; None takes all.

    Returns:
        The jobs in order of submission, the first one at 0 s. ``run_time`` is NaN where only the
        platform's speed can tell it, that is where ``cpu`` is given and ``req_ops`` is not.

    Raises:
        WorkloadError: If the file cannot be read, is no JSON, or has wrong parts; all of them are
            listed, each with its JSON path.
    """
    return parse_batsim_json(read_file(path), str(path), nb_jobs)


def parse_batsim_json(data: bytes, source: str, nb_jobs: int | None = None) -> Workload:
    """Parses the content of a Batsim JSON workload.

    Args:
        data: The uncompressed file.
        source: Name of the file for messages.
        nb_jobs: Number of jobs taken in order of submission; None takes all.

    Returns:
        As :func:`workload_from_json`.

    Raises:
        WorkloadError: As :func:`workload_from_json`.
    """
    check_nb_jobs(nb_jobs)
    problems = Problems(source)
    jobs = _read_jobs(load_json(data, source), problems)
    if problems.messages:
        raise WorkloadError(problems.report())
    return _workload(source, jobs, nb_jobs)


def _read_jobs(content: Mapping[str, object], problems: Problems) -> list[_Job]:
    entries, contents = content.get("jobs"), content.get("profiles")
    if not isinstance(entries, list) or not entries:
        problems.add("jobs", "missing, empty or no list; give a list of at least one job")
    if not isinstance(contents, dict):
        problems.add("profiles", "missing or no JSON object; give the profiles by name")
    if problems.messages or not isinstance(entries, list) or not isinstance(contents, dict):
        return []
    profiles = _Profiles(contents, problems)
    jobs = [_read_job(entry, f"jobs[{index}]", profiles, problems) for index, entry in enumerate(entries)]
    found = [job for job in jobs if job is not None]
    check_unique([job.job_id for job in found], problems)
    return found


class _Profiles:
    """Profiles by name, each read once and only when a job refers to it."""

    def __init__(self, contents: Mapping[str, object], problems: Problems) -> None:
        self.contents = contents
        self.problems = problems
        self.known: dict[str, Profile | None] = {}

    def get(self, name: object, path: str) -> Profile | None:
        """The profile a job at a JSON path refers to, or None with the reason among the problems."""
        if not isinstance(name, str) or name not in self.contents:
            is_shown = len(self.problems.messages) < Problems.SHOWN
            hint = did_you_mean(str(name), self.contents) if is_shown else ""
            self.problems.add(f"{path}.profile", f"{name!r} is not among the profiles.{hint}")
            return None
        if name not in self.known:
            before = len(self.problems.messages)
            self.known[name] = read_profile(name, self.contents[name], self.problems)
            for index in range(before, len(self.problems.messages)):
                self.problems.messages[index] += f" (used by {path})"
        return self.known[name]


def _read_job(entry: object, path: str, profiles: _Profiles, problems: Problems) -> _Job | None:
    if not isinstance(entry, dict):
        problems.add(path, "is not a JSON object; a job has id, subtime, res and profile")
        return None
    job_id = read_id(entry, path, problems)
    submit_time = read_submit_time(entry, path, problems)
    cores = read_num_hosts(entry, path, problems)
    walltime = read_walltime(entry, path, problems)
    name = entry.get("profile")
    profile = profiles.get(name, path)
    if job_id is None or submit_time is None or cores is None or profile is None:
        return None
    return _Job(job_id, submit_time, cores, str(name), profile, math.inf if walltime is None else walltime)


def _workload(source: str, jobs: list[_Job], nb_jobs: int | None) -> Workload:
    submit_time = np.array([job.submit_time for job in jobs])
    num_jobs, shortage = take_first(len(jobs), nb_jobs)
    notes = out_of_order_note(submit_time) + shortage
    order = submission_order(submit_time, [job.job_id for job in jobs])[:num_jobs].tolist()
    jobs = [jobs[position] for position in order]
    guessed = sum(math.isnan(job.profile.requested_time) for job in jobs)
    if guessed:
        notes.append(f"{guessed} of {num_jobs} jobs have no req_time: their walltime is taken, else 1 s")
    return Workload(
        name=Path(source).name,
        job_ids=tuple(job.job_id for job in jobs),
        profiles=tuple(job.profile_name for job in jobs),
        submit_time=submit_time[order] - jobs[0].submit_time,
        requested_cores=np.array([job.cores for job in jobs], dtype=np.int64),
        requested_time=np.array([_requested_time(job) for job in jobs]),
        run_time=np.array([job.profile.run_time for job in jobs]),
        memory_kb=np.array([job.profile.memory_kb for job in jobs], dtype=np.int64),
        bandwidth_mb_per_s=np.array([job.profile.bandwidth_mb_per_s for job in jobs], dtype=np.int64),
        walltime=np.array([job.walltime for job in jobs]),
        work_flop=np.array([job.profile.work_flop for job in jobs]),
        requested_work_flop=np.array([job.profile.requested_work_flop for job in jobs]),
        origin=jobs[0].submit_time,
        notes=tuple(notes),
    )


def _requested_time(job: _Job) -> float:
    if not math.isnan(job.profile.requested_time):
        return job.profile.requested_time
    return job.walltime if math.isfinite(job.walltime) else FALLBACK_REQUESTED_TIME
