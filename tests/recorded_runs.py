"""Run directories whose figures can be worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from hdeeprm.results import RunDirectory
from hdeeprm.results.csv_text import quoted
from hdeeprm.results.directory import Outcome
from hdeeprm.results.jobs_csv import COLUMNS

PROFILE = {"type": "parallel_homogeneous", "com": 0, "cpu": 1e9, "req_time": 30, "req_ops": 1e9}


class Job(NamedTuple):
    """A job of a run; where it has no cores, it was rejected."""

    id: str
    submit: float
    requested: int
    start: float = 0.0
    finish: float = 0.0
    cores: str = ""


JOBS = (
    Job("a", 0.0, 2, 0.0, 10.0, "0-1"),
    Job("b", 0.0, 1, 0.0, 30.0, "2"),
    Job("c", 5.0, 3, 30.0, 40.0, "0 2-3"),
    Job("d", 6.0, 5),
)
"""On the platform 'learning': a node of 32 GB with two processors of two cores, of 40 W and of 50 W each."""


def write_run(
    path: Path,
    jobs: Sequence[Job] = JOBS,
    tables: Iterable[tuple[str, str]] = (),
    status: Outcome = "complete",
    reason: str | None = None,
) -> Path:
    """Write a run on the platform 'learning'; jobs ask for 8 GB and 12 GB/s on each core.

    Args:
        path: Where.
        jobs: What became of them; without any, there is no out_jobs.csv.
        tables: Further files, by name.
        status: How the run ended.
        reason: And why.
    """
    directory = RunDirectory.create(path)
    (path.parent / "jobs.json").write_text(json.dumps(_workload(jobs or JOBS)))
    options = {"platform_file_path": "learning", "workload_file_path": str(path.parent / "jobs.json")}
    directory.write("options.json", json.dumps(options | {"agent": {"name": "first-high_gflops"}}))
    if jobs:
        lines = [",".join(COLUMNS), *map(_line, jobs)]
        directory.write("out_jobs.csv", "\n".join(lines) + "\n")
        directory.write("out_schedule.csv", _schedule(jobs))
    for name, text in tables:
        directory.write(name, text)
    directory.finish(status, **({} if reason is None else {"reason": reason}))
    return path


def many_jobs(number: int) -> list[Job]:
    """Jobs of a core each, a new one each second, for 3 s: core 0, 1, 2, 3, 0 …."""
    return [Job(str(job), job, 1, job + 0.5, job + 3.5, str(job % 4)) for job in range(number)]


def _line(job: Job) -> str:
    head = f"{quoted(job.id)},w0,p,{job.submit},{job.requested},-1"
    if not job.cores:
        return f"{head},0,REJECTED,,,,,,,,,"
    run, wait = job.finish - job.start, job.start - job.submit
    times = f"{job.start},{run},{job.finish},{wait},{run + wait},{(run + wait) / max(run, 1e-5)}"
    return f"{head},1,COMPLETED_SUCCESSFULLY,{times},{job.cores},1.0,"


def _schedule(jobs: Sequence[Job]) -> str:
    makespan = max(job.finish for job in jobs)
    return f"batsim_version,consumed_joules,makespan,nb_computing_machines\nhdeeprm,1000,{makespan},4\n"


def _workload(jobs: Sequence[Job]) -> dict[str, object]:
    described = [{"id": job.id, "subtime": job.submit, "res": job.requested, "profile": "p"} for job in jobs]
    return {"nb_res": 4, "jobs": described, "profiles": {"p": PROFILE | {"mem": 8000, "mem_bw": 12}}}
