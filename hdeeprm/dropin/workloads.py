"""Batsim's workloads: jobs with all they say of themselves, which is passed on to the scheduler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from hdeeprm.errors import WorkloadError, did_you_mean
from hdeeprm.simulator.batsim.profiles import Profile
from hdeeprm.workloads.batsim_profiles import Problems, read_number
from hdeeprm.workloads.files import read_file

from .json_text import encode
from .profile_reading import host_counts, read_profiles

SEPARATOR = "!"
"""Between the names of workload and job in the full name of a job."""
NO_WALLTIME = -1.0


@dataclass
class Job:
    """A job, of a file or registered by the scheduler."""

    name: str  # "w0!5"
    submit_time: float  # s
    num_hosts: int
    profile_name: str
    profile: Profile
    walltime: float  # s, below 0: none
    description: str  # JSON that is passed on to the scheduler
    metadata: str = ""

    @property
    def workload_name(self) -> str:
        """Name of its workload."""
        return self.name.partition(SEPARATOR)[0]

    @property
    def short_name(self) -> str:
        """Its name within its workload."""
        return self.name.partition(SEPARATOR)[2]


@dataclass
class BatsimWorkload:
    """Jobs that refer to profiles."""

    name: str  # "w0"
    path: str
    num_hosts: int | None = None  # nb_res of the file
    jobs: list[Job] = field(default_factory=list)  # in order of submission
    profiles: dict[str, Profile] = field(default_factory=dict)
    profile_descriptions: dict[str, Any] = field(default_factory=dict)


def read_workload(path: str | Path, name: str) -> BatsimWorkload:
    """Read a workload file.

    Args:
        path: Batsim JSON, plain or gzip.
        name: What Batsim calls it, such as "w0".

    Raises:
        WorkloadError: If it can't be read, or parts of it are wrong or not supported; all of them are listed.
    """
    problems = Problems(str(path))
    try:
        workload = _read(_load(read_file(path), str(path)), BatsimWorkload(name, str(path)), problems)
    except RecursionError as error:
        raise WorkloadError(f"{path}: is nested too deeply; write it with fewer levels") from error
    if problems.messages:
        raise WorkloadError(problems.report())
    workload.jobs.sort(key=lambda job: (job.submit_time, job.short_name))
    return workload


def _read(content: Mapping[str, Any], workload: BatsimWorkload, problems: Problems) -> BatsimWorkload:
    workload.num_hosts = _num_hosts(content, problems)
    profiles = content.get("profiles", {})
    workload.profiles = read_profiles(profiles, problems)
    workload.profile_descriptions = dict(profiles) if isinstance(profiles, dict) else {}
    workload.jobs = _read_jobs(content.get("jobs"), workload, problems)
    return workload


def _load(data: bytes, source: str) -> Mapping[str, Any]:
    def refuse(constant: str) -> NoReturn:
        raise WorkloadError(f"{source}: holds {constant}; numbers must be finite")

    try:
        content = json.loads(data, parse_constant=refuse)
    except ValueError as error:
        raise WorkloadError(f"{source}: is no JSON: {error}; give a Batsim workload") from error
    if not isinstance(content, dict):
        raise WorkloadError(f"{source}: is not a JSON object; give a Batsim workload, with jobs and profiles")
    return content


def _num_hosts(content: Mapping[str, Any], problems: Problems) -> int | None:
    number = content.get("nb_res")
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        problems.add("nb_res", f"{number!r}; give an integer of at least 1, or leave it out")
        return None
    return number


def _read_jobs(content: object, workload: BatsimWorkload, problems: Problems) -> list[Job]:
    if not isinstance(content, list):
        problems.add("jobs", "is not a list of jobs")
        return []
    jobs: dict[str, Job] = {}
    for place, entry in enumerate(content):
        job = read_job(entry, f"jobs[{place}]", workload, problems)
        if job is None:
            continue
        if job.name in jobs:
            problems.add(
                f"jobs[{place}].id", f"{job.short_name!r} is the id of an earlier job; ids are unique"
            )
        jobs[job.name] = job
    return list(jobs.values())


def read_job(
    entry: object, path: str, workload: BatsimWorkload, problems: Problems, now: float | None = None
) -> Job | None:
    """Read one job; None where it can't be used, with the reason among the problems.

    Args:
        entry: Its JSON value.
        path: Where it stands.
        workload: Its workload, with the profiles that it may have.
        problems: Takes what is wrong.
        now: Submission time of a job that does not say it, in s; None where it must.
    """
    before = len(problems.messages)
    if not isinstance(entry, dict):
        problems.add(path, "is not a JSON object")
        return None
    name = entry.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int) or str(name) == "":
        problems.add(f"{path}.id", f"{name!r}; give a string or an integer")
    subtime = (
        now if now is not None and "subtime" not in entry else read_number(entry, "subtime", path, problems)
    )
    if subtime is None and entry.get("subtime") is None:
        problems.add(f"{path}.subtime", "is missing; give the submission time in s")
    num_hosts = entry.get("res")
    if isinstance(num_hosts, bool) or not isinstance(num_hosts, int) or num_hosts < 1:
        problems.add(f"{path}.res", f"{num_hosts!r}; give an integer of at least 1")
    profile = _profile_of(entry, path, workload, num_hosts, problems)
    walltime = _walltime(entry, path, problems)
    if len(problems.messages) > before or profile is None or subtime is None:
        return None
    full = (
        str(name) if str(name).startswith(workload.name + SEPARATOR) else f"{workload.name}{SEPARATOR}{name}"
    )
    description = encode(entry | {"id": full})
    assert isinstance(num_hosts, int)
    return Job(full, subtime, num_hosts, entry["profile"], profile, walltime, description)


def _profile_of(
    entry: Mapping[str, Any], path: str, workload: BatsimWorkload, num_hosts: object, problems: Problems
) -> Profile | None:
    name = entry.get("profile")
    if not isinstance(name, str):
        problems.add(f"{path}.profile", f"{name!r}; give the name of a profile")
        return None
    profile = workload.profiles.get(name)
    if profile is None:
        if name not in workload.profile_descriptions:  # else it was reported as wrong
            near = did_you_mean(name, workload.profile_descriptions)
            problems.add(f"{path}.profile", f"{name!r} is no profile of the workload.{near}")
        return None
    for count in host_counts(profile):
        if count != num_hosts:
            problems.add(f"{path}.res", f"{num_hosts!r}; its profile {name!r} is made for {count} hosts")
            return None
    return profile


def _walltime(entry: Mapping[str, Any], path: str, problems: Problems) -> float:
    value = entry.get("walltime", NO_WALLTIME)
    if value == NO_WALLTIME:
        return NO_WALLTIME
    walltime = read_number(entry, "walltime", path, problems)
    if walltime == 0.0:
        problems.add(f"{path}.walltime", "0; give seconds above 0, or -1 for none")
    return NO_WALLTIME if walltime is None else walltime
