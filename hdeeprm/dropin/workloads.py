"""Batsim's workloads: jobs with all they say of themselves, which is passed on to the scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdeeprm.errors import WorkloadError, did_you_mean
from hdeeprm.simulator.batsim.profiles import Profile, host_counts
from hdeeprm.workloads.batsim_fields import (
    NO_WALLTIME,
    Problems,
    check_unique,
    load_json,
    read_id,
    read_num_hosts,
    read_submit_time,
    read_walltime,
    too_deep,
)
from hdeeprm.workloads.files import read_file

from .profile_reading import read_profiles
from .texts import encode

SEPARATOR = "!"
"""Between the names of workload and job in the full name of a job."""


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
        workload = _read(load_json(read_file(path), str(path)), BatsimWorkload(name, str(path)), problems)
    except RecursionError as error:
        raise too_deep(str(path)) from error
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
    read = [read_job(entry, f"jobs[{place}]", workload, problems) for place, entry in enumerate(content)]
    jobs = [job for job in read if job is not None]
    check_unique([job.short_name for job in jobs], problems)
    return jobs


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
    job_id = read_id(entry, path, problems)
    is_due_now = now is not None and "subtime" not in entry
    submit_time = now if is_due_now else read_submit_time(entry, path, problems)
    num_hosts = read_num_hosts(entry, path, problems)
    profile = _profile_of(entry, path, workload, num_hosts, problems)
    walltime = read_walltime(entry, path, problems)
    if len(problems.messages) > before:
        return None
    if job_id is None or submit_time is None or num_hosts is None or profile is None:
        return None
    name = _full_name(job_id, workload)
    description = encode(entry | {"id": name})
    limit = NO_WALLTIME if walltime is None else walltime
    return Job(name, submit_time, num_hosts, entry["profile"], profile, limit, description)


def _full_name(job_id: str, workload: BatsimWorkload) -> str:
    """Name of a job with that of its workload, which may be in its id already."""
    prefix = workload.name + SEPARATOR
    return job_id if job_id.startswith(prefix) else prefix + job_id


def _profile_of(
    entry: Mapping[str, Any], path: str, workload: BatsimWorkload, num_hosts: int | None, problems: Problems
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
