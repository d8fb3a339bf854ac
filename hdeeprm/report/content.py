"""What the figures of the page are drawn from: jobs, their cores, and figures over time, as columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hdeeprm.memory_units import KB_PER_MB, MB_PER_GB
from hdeeprm.metrics import REJECTED, SUCCESS, WALLTIME_REACHED, FloatArray
from hdeeprm.results.reading import RecordedRun
from hdeeprm.results.series import (
    Steps,
    bandwidth_loads,
    busy_cores,
    memory_loads,
    power,
    queue_length,
    total,
)

from .entries import Entry
from .payload import Payload, packed

STATES = (SUCCESS, WALLTIME_REACHED, REJECTED)
"""Final states by the numbers that the page's scripts know; what is none of them is a failure."""


class TimeFigure(NamedTuple):
    """A figure over time."""

    key: str
    title: str
    unit: str
    series: Callable[[RecordedRun], Steps]


def _scaled(steps: Steps, factor: float) -> Steps:
    return steps._replace(value=steps.value * factor)


FIGURES = (
    TimeFigure("queue", "Jobs waiting", "jobs", queue_length),
    TimeFigure(
        "utilization",
        "Utilization: part of the cores that jobs hold",
        "%",
        lambda run: _scaled(busy_cores(run), 100.0 / run.num_cores),
    ),
    TimeFigure("power", "Power of the platform", "kW", lambda run: _scaled(power(run), 1e-3)),
    TimeFigure("memory", "Memory that jobs hold", "GB", lambda run: total(memory_loads(run))),
    TimeFigure(
        "bandwidth", "Memory bandwidth that jobs ask for", "GB/s", lambda run: total(bandwidth_loads(run))
    ),
)


class Summary(NamedTuple):
    """What a figure over time comes to."""

    mean: float  # over time
    largest: float
    reached: float  # when it was largest first, in s


class RunContent(NamedTuple):
    """One run for the page's scripts, and its figures over time by their keys."""

    facts: dict[str, Any]  # goes into the manifest
    payload: Payload
    summaries: dict[str, Summary]


def run_content(entry: Entry) -> RunContent:
    """What the scripts draw of a run that has jobs."""
    columns, over_time = _jobs(entry), _over_time(entry)
    payload = packed(columns | over_time)
    jobs = entry.run.jobs
    times = np.append(jobs.submit_time, jobs.finish_time[jobs.ended])
    facts = {
        "name": entry.name,
        "index": entry.index,
        "numCores": _num_cores(entry),
        "end": float(times.max(initial=0.0)),
        "columns": payload.columns,
    }
    return RunContent(facts | _hierarchy(entry), payload, _summaries(over_time))


def known_figures(contents: Sequence[RunContent]) -> list[TimeFigure]:
    """Figures over time that a run has."""
    known = {column[0] for content in contents for column in content.facts["columns"]}
    return [figure for figure in FIGURES if figure.key in known]


def _num_cores(entry: Entry) -> int:
    """Cores of the platform; where no file tells, as many as jobs were given."""
    recorded = entry.found(lambda run: run.num_cores)
    return recorded or int(entry.run.placements.last_core.max(initial=0)) + 1


def _hierarchy(entry: Entry) -> dict[str, Any]:
    """First cores of nodes and of clusters; nothing where the platform is not known."""
    platform = entry.found(lambda run: run.platform)
    if platform is None:
        return {"clusters": [], "nodeFirstCore": [], "nodeTypes": []}
    first = np.cumsum(platform.node_cores) - platform.node_cores
    bounds = np.append(first, platform.num_cores)
    clusters = [
        (cluster.id, int(bounds[cluster.first_node]), int(bounds[cluster.first_node + cluster.num_nodes]))
        for cluster in platform.clusters
    ]
    return {
        "clusters": clusters,
        "nodeFirstCore": first.tolist(),
        "nodeTypes": list(platform.node_types),
    }


def _jobs(entry: Entry) -> dict[str, Any]:
    jobs, cores = entry.run.jobs, entry.run.placements
    states = {state: number for number, state in enumerate(STATES)}
    columns: dict[str, Any] = {
        "ids": jobs.job_ids,
        "submit": jobs.submit_time,
        "start": jobs.start_time,
        "finish": jobs.finish_time,
        "cores": jobs.requested_cores,
        "walltime": np.where(np.isfinite(jobs.walltime), jobs.walltime, -1.0).astype(np.float32),
        "energy": jobs.energy_joules.astype(np.float32),
        "state": np.array([states.get(state, len(STATES)) for state in jobs.final_state], np.int64),
        "placementBegin": np.searchsorted(cores.job, np.arange(jobs.num_jobs + 1)),
        "firstCore": cores.first_core,
        "coreCount": cores.last_core - cores.first_core + 1,
    }
    rows = entry.found(lambda run: run.workload_rows)
    if rows is None:
        return columns
    workload = entry.run.workload
    memory, bandwidth = workload.memory_kb[rows], workload.bandwidth_mb_per_s[rows]
    return columns | {"memory": _single(memory / KB_PER_MB), "bandwidth": _single(bandwidth / MB_PER_GB)}


def _over_time(entry: Entry) -> dict[str, npt.NDArray[Any]]:
    """Figures over time by their keys, at the times ``event_time`` in s, from each of which they hold."""
    found = {figure.key: entry.found(figure.series) for figure in FIGURES}
    steps = {key: value for key, value in found.items() if value is not None}
    time = np.unique(np.concatenate([np.zeros(1), *(value.time for value in steps.values())]))
    return {"event_time": time} | {key: _single(_at(value, time)) for key, value in steps.items()}


def _summaries(over_time: dict[str, npt.NDArray[Any]]) -> dict[str, Summary]:
    time = over_time["event_time"]
    lengths, whole = np.diff(time), max(float(time[-1]), 1e-9)
    return {
        key: Summary(float(values[:-1] @ lengths) / whole, float(values.max()), float(time[values.argmax()]))
        for key, values in over_time.items()
        if key != "event_time"
    }


def _at(steps: Steps, time: FloatArray) -> FloatArray:
    """The value that holds at each time; what sums of real numbers leave of a 0 is 0 again."""
    values: FloatArray = steps.value[np.searchsorted(steps.time, time, side="right") - 1]
    return np.where(values < 1e-9 * np.max(values, initial=0.0), 0.0, values)


def _single(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return np.asarray(values, np.float32)
