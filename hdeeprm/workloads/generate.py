"""Generation of whole traces: what ``hdeeprm generate`` does."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hdeeprm.errors import WorkloadError, did_you_mean
from hdeeprm.workloads.lublin import LONGEST_RUN_TIME, LublinJobs, generate_lublin
from hdeeprm.workloads.swf_writer import swf_fields, write_swf
from hdeeprm.workloads.workload import FloatArray, IntArray

MODELS = ("lublin",)
SECONDS_PER_DAY = 86_400
KB_PER_MB = 1000
MOST_JOBS = 10_000_000
MOST_CORES = 10_000_000
MOST_LOAD = 100.0
MOST_MEMORY_MB = 1e9

ROUND_REQUESTS: FloatArray = np.array(
    [60.0 * minutes for minutes in (1, 5, 10, 15, 30, 45)]
    + [3600.0 * hours for hours in (1, 2, 3, 4, 6, 8, 10, 12, 18, 24, 36, 48)]
)
"""Requested times in seconds: users ask for few, round values.

D. Tsafrir, Y. Etsion and D. Feitelson, "Modeling user runtime estimates", JSSPP 2005.
"""


def generate(
    out: str | Path,
    model: str = "lublin",
    num_jobs: int = 1000,
    num_cores: int = 256,
    seed: int = 0,
    load: float | None = None,
    memory_mb: tuple[float, float] | None = None,
    max_job_cores: int | None = None,
    max_run_time: float = LONGEST_RUN_TIME,
) -> Path:
    """Writes a generated SWF trace; its header holds the command that makes it again.

    Requested times are the run times rounded up to a value that users ask for. Used memory, where it is
    wanted, is log-uniform: as many jobs between 100 and 200 MB as between 1 and 2 GB.

    Args:
        out: File to write.
        model: Name of the model; "lublin" is the only one.
        num_jobs: Number of jobs.
        num_cores: Cores of the machine.
        seed: Seed of all draws; the same arguments and seed give the same bytes.
        load: Offered load (see :func:`generate_lublin`); None keeps the model's arrivals.
        memory_mb: Least and most memory in MB per core; None leaves memory unknown.
        max_job_cores: Cores of the largest job; None for ``num_cores``.
        max_run_time: Longest run time in seconds.

    Returns:
        The path written.

    Raises:
        WorkloadError: If an argument is out of its range, or the file cannot be written.
    """
    if model not in MODELS:
        hint = did_you_mean(model, MODELS)
        raise WorkloadError(f"model: {model!r} is not known; allowed: {', '.join(MODELS)}.{hint}")
    if seed < 0:
        raise WorkloadError(f"seed: {seed}; give 0 or more")
    _check_memory(memory_mb)
    _check_most("num_jobs", num_jobs, MOST_JOBS)
    _check_most("num_cores", num_cores, MOST_CORES)
    _check_most("load", load or 0.0, MOST_LOAD)
    job_rng, memory_rng = np.random.default_rng(seed).spawn(2)
    jobs = generate_lublin(num_jobs, num_cores, job_rng, load, max_job_cores, max_run_time)
    memory_kb = None if memory_mb is None else _draw_memory(num_jobs, memory_mb, memory_rng)
    fields = swf_fields(jobs.submit_time, jobs.run_time, jobs.cores, requested_times(jobs), memory_kb)
    options = {
        "model": model,
        "num-jobs": num_jobs,
        "num-cores": num_cores,
        "seed": seed,
        "load": load,
        "memory-mb": memory_mb,
        "max-job-cores": max_job_cores,
        "max-run-time": None if max_run_time == LONGEST_RUN_TIME else max_run_time,
        "out": Path(out).name,
    }
    return write_swf(out, fields, _header(jobs, num_cores, command_line(options)))


def _check_most(name: str, value: float, most: float) -> None:
    if value > most:
        raise WorkloadError(f"{name}: {value:g}; give at most {most:g}")


def command_line(options: Mapping[str, object]) -> str:
    """The ``hdeeprm generate`` command with these options; those that are None are left out.

    >>> command_line({"seed": 1, "load": None, "memory-mb": (100.0, 4000.0)})
    'hdeeprm generate --seed 1 --memory-mb 100 4000'
    """
    words = ["hdeeprm", "generate"]
    for key, value in options.items():
        if value is not None:
            words.append(f"--{key}")
            words += [_word(item) for item in (value if isinstance(value, tuple) else (value,))]
    return shlex.join(words)


def _word(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def requested_times(jobs: LublinJobs) -> FloatArray:
    """Run times rounded up to a round value in seconds, to whole days beyond the largest of them.

    Args:
        jobs: Generated jobs.

    Returns:
        float64, shape (num_jobs,), at least the run time.
    """
    places = np.searchsorted(ROUND_REQUESTS, jobs.run_time)
    days = np.ceil(jobs.run_time / SECONDS_PER_DAY) * SECONDS_PER_DAY
    return np.where(
        places < len(ROUND_REQUESTS), ROUND_REQUESTS[np.minimum(places, len(ROUND_REQUESTS) - 1)], days
    )


def _check_memory(memory_mb: tuple[float, float] | None) -> None:
    if memory_mb is not None and not 0 < memory_mb[0] <= memory_mb[1] <= MOST_MEMORY_MB:
        raise WorkloadError(
            f"memory_mb: {memory_mb}; give the least and the most MB per core, above 0 and at most "
            f"{MOST_MEMORY_MB:g}"
        )


def _draw_memory(num_jobs: int, memory_mb: tuple[float, float], rng: np.random.Generator) -> IntArray:
    low, high = np.log(memory_mb)
    return np.asarray(np.ceil(KB_PER_MB * np.exp(rng.uniform(low, high, num_jobs))), dtype=np.int64)


def _header(jobs: LublinJobs, num_cores: int, command: str) -> dict[str, str]:
    num_jobs = len(jobs.cores)
    return {
        "Version": "2.2",
        "Computer": "generated by the model of Lublin and Feitelson, JPDC 63(11), 2003",
        "Installation": "HDeepRM",
        "Command": command,
        "MaxJobs": str(num_jobs),
        "MaxRecords": str(num_jobs),
        "UnixStartTime": "0",
        "TimeZoneString": "UTC",
        "MaxNodes": str(num_cores),
        "MaxProcs": str(num_cores),
        "MaxRuntime": str(int(jobs.run_time.max())),
    }
