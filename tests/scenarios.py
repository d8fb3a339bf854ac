"""Small experiments for tests: options of a toy platform and of workloads written down here."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium

from hdeeprm.env import WorkloadManagementEnv

ENV_ID = "hdeeprm:HDeepRM/WorkloadManagement-v0"
LEARNING_ID = "hdeeprm:HDeepRM/Learning-v0"

REFERENCE_FLOPS = 4.2e9
"""Mean speed of the platform *learning*: a node of 32 GB, two cores of 4.0 and two of 4.4 Gflop/s."""

Job = tuple[float, int, float, float, int, int]
"""Submission in s, cores, requested time in s, run time in s, memory in MB and bandwidth in GB/s per core."""

JOBS: tuple[Job, ...] = (
    (0, 1, 5, 5, 8000, 24),
    (0, 2, 10, 7, 4000, 24),
    (0, 3, 4, 4, 1000, 4),
    (1, 4, 8, 3, 2000, 8),
    (2, 1, 20, 20, 20000, 0),
    (2, 1, 20, 12, 20000, 4),  # memory for one of these two at a time
    (3, 2, 2, 1, 0, 24),
    (5, 1, 1, 2, 100, 8),
    (5, 4, 6, 6, 8000, 24),  # all cores, all memory
    (100, 1, 30, 30, 4000, 4),  # after everything has ended
    (100, 2, 15, 10, 14000, 20),
    (110.5, 1, 3, 3, 500, 24),
    (111, 1, 12, 12, 500, 24),
)
"""Jobs that contend for cores, memory and bandwidth, with an idle time between."""
TOO_MANY_CORES: Job = (0, 5, 5, 5, 0, 0)
TOO_MUCH_MEMORY: Job = (0, 1, 5, 5, 32001, 0)

# Removed when the tests end.
_FOLDER = tempfile.TemporaryDirectory(prefix="hdeeprm-tests-")
_file_numbers = itertools.count()


def workload_file(jobs: Sequence[Job]) -> str:
    """Path of a workload file with these jobs; their ids are numbers from 0 on, of equal width."""
    width = len(str(len(jobs) - 1))
    entries, profiles = [], {}
    for index, (submit_time, cores, requested_time, run_time, memory, bandwidth) in enumerate(jobs):
        job_id = f"{index:0{width}}"
        entries.append({"id": job_id, "subtime": submit_time, "res": cores, "profile": job_id})
        profiles[job_id] = {
            "type": "parallel_homogeneous",
            "cpu": run_time * REFERENCE_FLOPS,
            "com": 0,
            "req_time": requested_time,
            "mem": memory,
            "mem_bw": bandwidth,
        }
    path = Path(_FOLDER.name) / f"{next(_file_numbers)}.json"
    path.write_text(json.dumps({"nb_res": 4, "jobs": entries, "profiles": profiles}), encoding="utf-8")
    return str(path)


_SMALL_WORKLOAD = workload_file(JOBS)


def options(jobs: Sequence[Job] | None = None, **overrides: Any) -> dict[str, Any]:
    """Content of an options.json: the platform *learning*, ``JOBS`` or others, and what a test changes.

    Sections are merged: ``options(env={"objective": "edp"})`` changes the objective only.
    """
    content: dict[str, Any] = {
        "platform_file_path": "learning",
        "workload_file_path": _SMALL_WORKLOAD if jobs is None else workload_file(jobs),
        "seed": 1,
    }
    for key, value in overrides.items():
        content[key] = content.get(key, {}) | value if isinstance(value, Mapping) else value
    return content


def selection(*pairs: str, void: bool = False, **env: Any) -> dict[str, Any]:
    """The section *env* with these actions."""
    return {"actions": {"selection": list(pairs), "void": void}, **env}


def make(content: Any = None, **arguments: Any) -> WorkloadManagementEnv:
    """The bare environment of options, ``options()`` by default."""
    chosen = options() if content is None else content
    env = gymnasium.make(ENV_ID, options=chosen, disable_env_checker=True, **arguments).unwrapped
    assert isinstance(env, WorkloadManagementEnv)
    return env
