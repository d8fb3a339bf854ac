"""A whole trace on platform gaia, from ``hdeeprm-launch`` to the results, once compiled.

CPU seconds of the whole process: reading the trace, simulating it, writing the run directory. AccaSim takes
about 12 s for 50,000 jobs of the Gaia trace (FIFO, 4,200 jobs per CPU second, measured on another machine).
The second workload is generated, 300,000 jobs with memory; its peak is the most that the process holds.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from hdeeprm.workloads import read_swf
from hdeeprm.workloads.generate import generate
from hdeeprm.workloads.loading import find_workload

from .measuring import SHIPPED_TRACE, ChildResult, Row, Settings, run_child

AGENTS = ("shortest-high_gflops", "smallest-high_mem_bw")
MOST_SECONDS = 5.0
MANY_JOBS = 300_000
MOST_MB = 600.0
ACCASIM_JOBS_PER_SECOND = 4_200.0


def measure(settings: Settings) -> Iterator[Row]:
    """CPU time over the trace, and CPU time and memory over many generated jobs."""
    with tempfile.TemporaryDirectory() as folder:
        num_records = read_swf(find_workload(settings.trace)).num_records
        _runs(
            dataclasses.replace(settings, repetitions=1), SHIPPED_TRACE, AGENTS[0], Path(folder)
        )  # compiles
        for agent in AGENTS:
            yield _trace_row(
                settings, agent, num_records, _runs(settings, settings.trace, agent, Path(folder))
            )
        many = settings.scaled(MANY_JOBS)
        trace = generate(
            Path(folder, "generated.swf"), num_jobs=many, num_cores=2280, load=0.7, memory_mb=(50.0, 4000.0)
        )
        children = _runs(settings, str(trace), AGENTS[0], Path(folder))
    seconds = median(child.cpu_seconds for child in children)
    yield Row(
        f"{many:,} generated jobs, {AGENTS[0]}", seconds, "CPU s", comparison=f"{many / seconds:,.0f} jobs/s"
    )
    peak = median(child.report["peak_mb"] for child in children)
    yield Row(f"{many:,} generated jobs, peak memory", peak, "MB", at_most=MOST_MB)


def _trace_row(settings: Settings, agent: str, num_records: int, children: list[ChildResult]) -> Row:
    seconds = median(child.cpu_seconds for child in children)
    peak = median(child.report["peak_mb"] for child in children)
    per_second = num_records / seconds
    return Row(
        f"{settings.trace_name}, {num_records:,} records, {agent}",
        seconds,
        "CPU s",
        at_most=MOST_SECONDS,
        comparison=f"{per_second:,.0f} records/s, {per_second / ACCASIM_JOBS_PER_SECOND:.1f} x AccaSim, "
        f"{peak:,.0f} MB",
    )


def _runs(settings: Settings, trace: str, agent: str, folder: Path) -> list[ChildResult]:
    """The launcher, as often as wanted."""
    options = folder / "options.json"
    options.write_text(
        json.dumps(
            {
                "platform_file_path": "gaia",
                "workload_file_path": str(find_workload(trace).resolve()),
                "agent": {"name": agent},
            }
        )
    )
    children = []
    for _ in range(settings.repetitions):
        with tempfile.TemporaryDirectory() as run:
            children.append(run_child(["launch", str(options), "--json", "-o", str(Path(run, "run"))]))
    return children
