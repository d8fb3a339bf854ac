"""What a run did over time, from its jobs and their cores: queue, busy cores, power, memory …."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import RunDirectoryError
from hdeeprm.memory_units import KB_PER_GB, MB_PER_GB
from hdeeprm.metrics import FloatArray, IntArray
from hdeeprm.platforms import Platform

from .reading import RecordedRun

ACTIVE, CONTENDED, BESIDE_ACTIVE, IDLE = range(4)
"""P-states of a core: busy, busy without enough bandwidth, idle beside busy ones, its processor all idle."""


class Steps(NamedTuple):
    """A value that changes at times: each holds until the next time, the last one from then on."""

    time: FloatArray  # s, increasing, shape (changes,)
    value: FloatArray  # shape (changes,)


class Loads(NamedTuple):
    """What was held from when to when, of which place; shape (loads,) each."""

    place: IntArray  # a node, processor …
    start: FloatArray  # s
    end: FloatArray  # s
    amount: FloatArray


def cumulated(time: npt.ArrayLike, change: npt.ArrayLike) -> Steps:
    """The sum of all changes so far, one value for each different time, from time 0 on.

    Args:
        time: When each happened in s, in any order, shape (changes,).
        change: By how much, shape (changes,).
    """
    times, place = np.unique(np.append(0.0, time), return_inverse=True)
    return Steps(times, np.cumsum(np.bincount(place, np.append(0.0, change), len(times))))


def total(loads: Loads) -> Steps:
    """All loads together."""
    return cumulated(np.append(loads.start, loads.end), np.append(loads.amount, -loads.amount))


def queue_length(run: RecordedRun) -> Steps:
    """Jobs that wait: submitted, and neither started nor rejected."""
    jobs = run.jobs
    ended = jobs.ended
    times = np.append(jobs.submit_time[ended], jobs.start_time[ended])
    return cumulated(times, np.repeat([1.0, -1.0], np.count_nonzero(ended)))


def busy_cores(run: RecordedRun) -> Steps:
    """Cores that jobs hold."""
    jobs = run.jobs
    ended = jobs.ended
    cores = jobs.requested_cores[ended]
    return cumulated(np.append(jobs.start_time[ended], jobs.finish_time[ended]), np.append(cores, -cores))


def core_loads(run: RecordedRun, group: IntArray) -> tuple[Loads, IntArray]:
    """Cores of each group that each job holds; and the place of that job in ``run.jobs``.

    Args:
        run: The run.
        group: Group of each core, such as its processor, never decreasing, shape (num_cores,).
    """
    cores = run.placements
    if len(cores.last_core) and cores.last_core.max() >= len(group):
        raise RunDirectoryError(
            f"{run.path}: a job has core {cores.last_core.max()}, and there are {len(group)}, from 0 on; put "
            "back the platform file that the run was made with"
        )
    first, last = group[cores.first_core], group[cores.last_core]
    count = last - first + 1
    part = np.repeat(np.arange(len(count)), count)
    place = first[part] + np.arange(len(part)) - (np.cumsum(count) - count)[part]
    begin, end = np.searchsorted(group, place), np.searchsorted(group, place, side="right") - 1
    held = np.minimum(end, cores.last_core[part]) - np.maximum(begin, cores.first_core[part]) + 1
    job = cores.job[part].astype(np.int64)
    return Loads(place, run.jobs.start_time[job], run.jobs.finish_time[job], held.astype(float)), job


def processor_loads(run: RecordedRun) -> tuple[Loads, IntArray]:
    """Cores of each processor that each job holds; and the place of that job in ``run.jobs``."""
    return core_loads(run, run.platform.core_processor)


def memory_loads(run: RecordedRun) -> Loads:
    """Memory in GB that jobs hold on each node."""
    loads, job = processor_loads(run)
    per_core = run.workload.memory_kb[run.workload_rows[job]] / KB_PER_GB
    return loads._replace(place=run.platform.processor_node[loads.place], amount=loads.amount * per_core)


def bandwidth_loads(run: RecordedRun) -> Loads:
    """Memory bandwidth in GB/s that jobs ask for on each node; it may be more than the node has."""
    loads, job = processor_loads(run)
    per_core = run.workload.bandwidth_mb_per_s[run.workload_rows[job]] / MB_PER_GB
    return loads._replace(place=run.platform.processor_node[loads.place], amount=loads.amount * per_core)


def node_bandwidth(platform: Platform) -> FloatArray:
    """Memory bandwidth of the processors of each node together, in GB/s, shape (num_nodes,)."""
    return np.bincount(platform.processor_node, platform.processor_bandwidth_mb_per_s) / MB_PER_GB


def contended_processors(run: RecordedRun) -> Loads:
    """When processors had less than no bandwidth left; the amount is 1."""
    table, number = run.oversubscriptions, run.platform.num_processors
    processor, start = table["processor"].astype(np.int64), table["start"]
    if processor.max(initial=-1) >= number:
        raise RunDirectoryError(
            f"{run.path}: processor {processor.max()} had no bandwidth left, and there are {number}, from 0 "
            "on; put back the platform file that the run was made with"
        )
    return Loads(processor, start, start + table["duration"], np.ones(len(start)))


def power(run: RecordedRun) -> Steps:
    """Power of the platform in W, from the first submission on, by the P-states of its cores."""
    loads, _ = processor_loads(run)
    contended = _contended(run)
    time = np.concatenate([loads.start, loads.end, contended.start, contended.end])
    processor = np.concatenate([loads.place, loads.place, contended.place, contended.place])
    nothing, one = np.zeros(len(loads.amount)), np.ones(len(contended.place))
    busy_change = np.concatenate([loads.amount, -loads.amount, 0.0 * one, 0.0 * one])
    over_change = np.concatenate([nothing, nothing, one, -one])
    order = np.lexsort((time, processor))
    time, processor = time[order], processor[order]
    watts = _watts(
        run.platform,
        processor,
        _sums_by(processor, busy_change[order]),
        _sums_by(processor, over_change[order]) > 0,
    )
    first = np.diff(processor, prepend=-1) != 0
    idle = run.platform.processor_milliwatts[processor, IDLE] / 1e3
    idle = idle * run.platform.processor_cores[processor]
    before = np.where(first, idle, np.roll(watts, 1))
    steps = cumulated(time, watts - before)
    return steps._replace(value=steps.value + run.platform.idle_watts)


def energy(run: RecordedRun) -> tuple[FloatArray, FloatArray]:
    """Energy of the platform in J up to each time in s; straight lines lie between them."""
    time, watts = power(run)
    return time, np.append(0.0, np.cumsum(watts[:-1] * np.diff(time)))


def _contended(run: RecordedRun) -> Loads:
    """When processors had less than no bandwidth left; nothing where that was not recorded."""
    if run.has("over_utilization_mem_bw.csv"):
        return contended_processors(run)
    empty = np.zeros(0)
    return Loads(empty.astype(np.int64), empty, empty, empty)


def _sums_by(place: IntArray, change: FloatArray) -> FloatArray:
    """Sum of the changes so far of each place; places are sorted."""
    sums = np.cumsum(change)
    begin = np.flatnonzero(np.diff(place, prepend=-1))
    before = np.append(0.0, sums)[begin]
    return np.asarray(np.round(sums - np.repeat(before, np.diff(np.append(begin, len(place))))))


def _watts(
    platform: Platform, processor: IntArray, busy: FloatArray, contended: npt.NDArray[np.bool_]
) -> FloatArray:
    """Power of processors in W with some of their cores busy."""
    milliwatts = platform.processor_milliwatts[processor].astype(float)
    active = np.where(contended, milliwatts[:, CONTENDED], milliwatts[:, ACTIVE])
    others = np.where(busy > 0, milliwatts[:, BESIDE_ACTIVE], milliwatts[:, IDLE])
    return np.asarray((busy * active + (platform.processor_cores[processor] - busy) * others) / 1e3)
