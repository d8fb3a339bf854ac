"""Generation of whole traces: what ``hdeeprm generate`` does."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hdeeprm.errors import WorkloadError
from hdeeprm.workloads.generators.drawing import GeneratedJobs, draw_jobs
from hdeeprm.workloads.generators.memory import (
    MOST_BANDWIDTH_GBPS,
    MOST_MEMORY_MB,
    check_range,
    draw_bandwidth,
    draw_memory,
    draw_memory_like,
)
from hdeeprm.workloads.generators.registry import ModelFamily, model_family
from hdeeprm.workloads.generators.requests import requested_times
from hdeeprm.workloads.generators.sample import TraceSample, read_sample
from hdeeprm.workloads.swf_writer import swf_fields, write_swf
from hdeeprm.workloads.workload import IntArray

NUM_JOBS = 1000
NUM_CORES = 256
MOST_JOBS = 10_000_000
MOST_CORES = 10_000_000
LEAST_LOAD, MOST_LOAD = 1e-3, 100.0
MOST_SECONDS = 1e9
"""About thirty years, for run times and requests."""

_LARGEST = {
    "num-jobs": MOST_JOBS,
    "num-cores": MOST_CORES,
    "load": MOST_LOAD,
    "max-run-time": MOST_SECONDS,
    "max-requested-time": MOST_SECONDS,
}


def generate(
    out: str | Path,
    model: str = "lublin",
    num_jobs: int | None = None,
    num_cores: int | None = None,
    seed: int = 0,
    load: float | None = None,
    memory_mb: tuple[float, float] | None = None,
    max_job_cores: int | None = None,
    max_run_time: float | None = None,
    bandwidth_gbps: tuple[float, float] | None = None,
    requests: str | None = None,
    max_requested_time: float | None = None,
    like: str | Path | None = None,
) -> Path:
    """Writes a generated SWF trace; its header holds the command that makes it again.

    With ``like``, the header holds the parameters found, too. Memory between two bounds is log-uniform: as
    many jobs between 100 and 200 MB as between 1 and 2 GB. Jobs, requests, memory and bandwidth are drawn
    from generators of their own, so that an option of one of them leaves the others as they are.

    Args:
        out: File to write.
        model: "lublin", "jann" or "cirne".
        num_jobs: Number of jobs; None for those of ``like``, else 1000.
        num_cores: Cores of the machine; None for those of ``like``, else 256.
        seed: Seed of all draws; the same arguments and seed give the same bytes.
        load: Offered load (see :func:`draw_jobs`); None keeps the model's arrivals.
        memory_mb: Least and most memory in MB per core; None for that of ``like``, else unknown.
        max_job_cores: Cores of the largest job; None for those of ``like``, else ``num_cores``.
        max_run_time: Longest run time in seconds; None for the model's own.
        bandwidth_gbps: Least and most memory bandwidth in GB/s per core, uniform between; None for none.
        requests: "rounded", "tsafrir" or "model" (see :func:`requested_times`); None for what suits.
        max_requested_time: Longest request in seconds, for "tsafrir".
        like: Trace that the model is fitted to; None for the model's own parameters.

    Returns:
        The path written.

    Raises:
        WorkloadError: If an argument is out of its range, the trace to imitate cannot be fitted, or the
            file cannot be written.
    """
    options: dict[str, Any] = {
        "model": model,
        "num-jobs": num_jobs,
        "num-cores": num_cores,
        "seed": seed,
        "load": load,
        "memory-mb": memory_mb,
        "max-job-cores": max_job_cores,
        "max-run-time": max_run_time,
        "bandwidth-gbps": bandwidth_gbps,
        "requests": requests,
        "max-requested-time": max_requested_time,
        "like": like,
    }
    family = model_family(model)
    _check(options)
    sample = None if like is None else read_sample(like)
    num_jobs, num_cores, max_job_cores = _sizes(sample, num_jobs, num_cores, max_job_cores)
    options |= {"num-jobs": num_jobs, "num-cores": num_cores, "out": Path(out).name}
    job_rng, memory_rng, request_rng, bandwidth_rng = np.random.default_rng(seed).spawn(4)
    chosen = family.default() if sample is None else family.fit(sample)
    jobs = draw_jobs(chosen, num_jobs, num_cores, job_rng, load, max_job_cores, max_run_time)
    requested = requested_times(jobs, requests, max_requested_time, sample, request_rng)
    memory_kb = _memory(num_jobs, memory_mb, sample, memory_rng)
    fields = swf_fields(jobs.submit_time, jobs.run_time, jobs.cores, requested, memory_kb)
    bandwidth = None if bandwidth_gbps is None else draw_bandwidth(num_jobs, bandwidth_gbps, bandwidth_rng)
    header = _header(jobs, num_cores, command_line(options), _origin(family, like))
    if like is not None:
        header["Parameters"] = json.dumps(chosen.parameters())
    return write_swf(out, fields, header, bandwidth)


def _sizes(
    sample: TraceSample | None, num_jobs: int | None, num_cores: int | None, max_job_cores: int | None
) -> tuple[int, int, int | None]:
    """Jobs, cores and cores of the largest job: as given, else of the trace to imitate, else the defaults."""
    if sample is not None:
        num_jobs = len(sample.cores) if num_jobs is None else num_jobs
        num_cores = sample.num_cores if num_cores is None else num_cores
        max_job_cores = min(int(sample.cores.max()), num_cores) if max_job_cores is None else max_job_cores
    return (
        NUM_JOBS if num_jobs is None else num_jobs,
        NUM_CORES if num_cores is None else num_cores,
        max_job_cores,
    )


def _memory(
    num_jobs: int, memory_mb: tuple[float, float] | None, sample: TraceSample | None, rng: np.random.Generator
) -> IntArray | None:
    if memory_mb is not None:
        return draw_memory(num_jobs, memory_mb, rng)
    known = np.empty(0) if sample is None else sample.memory_kb[~np.isnan(sample.memory_kb)]
    return draw_memory_like(num_jobs, known, rng) if len(known) else None


def _check(options: Mapping[str, Any]) -> None:
    """Refuses what is wrong whatever the model; the draws check the rest."""
    if options["seed"] < 0:
        raise WorkloadError(f"seed: {options['seed']}; give 0 or more")
    for name, most in _LARGEST.items():
        if (options[name] or 0) > most:
            raise WorkloadError(f"{name.replace('-', '_')}: {options[name]:g}; give at most {most:g}")
    if options["load"] is not None and 0.0 < options["load"] < LEAST_LOAD:
        raise WorkloadError(f"load: {options['load']:g}; give at least {LEAST_LOAD:g}")
    check_range("memory_mb", options["memory-mb"], "MB", MOST_MEMORY_MB)
    check_range("bandwidth_gbps", options["bandwidth-gbps"], "GB/s", MOST_BANDWIDTH_GBPS)


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


def _origin(family: ModelFamily, like: str | Path | None) -> str:
    """Model and source of its parameters, for the header."""
    origin = family.origin if like is None else f"parameters fitted to {Path(like).name}"
    return f"{family.paper}; {origin}" if origin else family.paper


def _header(jobs: GeneratedJobs, num_cores: int, command: str, origin: str) -> dict[str, str]:
    num_jobs = len(jobs.cores)
    return {
        "Version": "2.2",
        "Computer": f"generated by {origin}",
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
