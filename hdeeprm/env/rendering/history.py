"""What has happened in an episode so far, sampled for the pixels of a picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hdeeprm.simulator import EmbeddedSimulator, JobStatus

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FREE = -1
"""Stands for no job."""
_STARTED = (JobStatus.RUNNING, JobStatus.SUCCESS, JobStatus.WALLTIME_REACHED)


class Rectangles(NamedTuple):
    """Cores that jobs have had, in pixels; shape (rectangles,) each. None overlaps another."""

    job: Integers  # index in the episode
    top: Integers
    bottom: Integers  # the first row below
    left: Integers
    right: Integers  # the first column beside


def rectangles(simulator: EmbeddedSimulator, rows: int, columns: int, end: float) -> Rectangles:
    """The Gantt chart so far, of those pixels whose core and instant lie in a job.

    A row shows the core at its middle and a column the instant at its middle, so that of many short jobs as
    many are seen as there is time that they take, and nothing is blotted.

    Args:
        simulator: One that records its placements.
        rows: Height of the chart; all cores of the platform, core 0 at the top.
        columns: Its width.
        end: Time at its right side in s; the left one is 0.
    """
    records, placements = simulator.job_records(), simulator.placements()
    job = placements["job"].astype(np.int64)
    running = records["status"][job] == JobStatus.RUNNING
    finish = np.where(running, simulator.now, records["end_time"][job])
    found = Rectangles(
        job,
        _first_row(placements["first_core"], rows, simulator.platform.num_cores),
        _first_row(placements["last_core"] + np.int64(1), rows, simulator.platform.num_cores),
        _first_column(records["start_time"][job], columns, end),
        _first_column(finish, columns, end),
    )
    seen = (found.bottom > found.top) & (found.right > found.left)
    return Rectangles(*(values[seen] for values in found))


def _first_row(core: npt.NDArray[np.integer], rows: int, num_cores: int) -> Integers:
    """The first row whose middle is at or below the upper edge of a core."""
    return -((num_cores - 2 * rows * core.astype(np.int64)) // (2 * num_cores))


def _first_column(time: Floats, columns: int, end: float) -> Integers:
    """The first column whose middle is at a time or later."""
    return np.clip(np.ceil(time * (columns / end) - 0.5), 0, columns).astype(np.int64)


def queue_lengths(simulator: EmbeddedSimulator, columns: int, end: float) -> Integers:
    """The most jobs that waited at once during each column; what is to come is 0.

    Jobs that start at once never wait; those that can never run are not counted.

    Args:
        simulator: Any.
        columns: Number of columns.
        end: Time at the right side of the last one, in s.
    """
    records, submitted = simulator.job_records(), simulator.submit_times()
    counts = ~np.isin(records["status"], (JobStatus.PENDING, JobStatus.REJECTED))
    started = np.isin(records["status"], _STARTED)
    times = np.concatenate([records["start_time"][started], submitted[counts]])
    steps = np.repeat((-1, 1), (started.sum(), counts.sum()))
    order = np.argsort(times, kind="stable")  # starts come before submissions of the same instant
    times, lengths = times[order], np.cumsum(steps[order])
    edges = np.arange(columns) * (end / columns)
    before = np.searchsorted(times, edges, side="right")
    longest = np.where(edges <= simulator.now, np.concatenate([[0], lengths])[before], 0)
    np.maximum.at(longest, np.searchsorted(edges, times, side="right") - 1, lengths)
    return longest


class Loads(NamedTuple):
    """Shares in use now, from 0 to 1, shape (rows,) each."""

    cores: Floats
    memory: Floats


def loads(simulator: EmbeddedSimulator, rows: int) -> Loads:
    """How full the nodes are: for each row of the Gantt chart, the mean over the cores that it stands for.

    Args:
        simulator: Any.
        rows: Height of the chart.
    """
    nodes = simulator.node_records()
    bounds = np.concatenate([[0], np.cumsum(nodes["num_cores"])])
    edges = np.linspace(0, bounds[-1], rows + 1)

    def mean(free: Integers, all_: Integers) -> Floats:
        share = 1.0 - free / np.maximum(all_, 1)
        summed = np.concatenate([[0.0], np.cumsum(share * nodes["num_cores"])])
        return np.asarray(np.diff(np.interp(edges, bounds, summed)) / np.diff(edges))

    return Loads(
        mean(nodes["free_cores"], nodes["num_cores"]), mean(nodes["free_memory"], nodes["memory_kb"])
    )
