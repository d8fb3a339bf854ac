"""From many values to as many as a figure can show: means, and least and largest, in bins of time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hdeeprm.metrics import FloatArray, IntArray
from hdeeprm.results.series import Loads, Steps


class Bins(NamedTuple):
    """A value in bins of time; shape (bins,) each."""

    mean: FloatArray
    least: FloatArray
    most: FloatArray


def edges_of(end: float, number: int) -> FloatArray:
    """Edges of bins of equal length from time 0 to an end in s, shape (number + 1,)."""
    return np.linspace(0.0, end, number + 1)


def binned_steps(steps: Steps, edges: FloatArray) -> Bins:
    """A value that holds until the next one, in bins: its mean over time, its least and its largest."""
    begin = np.maximum(np.searchsorted(steps.time, edges[:-1], side="right") - 1, 0)
    end = np.searchsorted(steps.time, edges[1:], side="left")
    bounds = np.ravel(np.column_stack([begin, np.maximum(end, begin + 1)]))
    padded = np.append(steps.value, steps.value[-1:])
    integral = np.append(0.0, np.cumsum(steps.value[:-1] * np.diff(steps.time)))
    at_edges = np.interp(edges, steps.time, integral)
    at_edges += np.maximum(edges - steps.time[-1], 0.0) * steps.value[-1]
    return Bins(
        np.diff(at_edges) / np.diff(edges),
        np.minimum.reduceat(padded, bounds)[::2],
        np.maximum.reduceat(padded, bounds)[::2],
    )


def binned_loads(loads: Loads, edges: FloatArray, num_places: int) -> FloatArray:
    """Mean over time of what is held of each place, in bins, shape (num_places, bins).

    Args:
        loads: What is held.
        edges: Of the bins, equally far apart, in s.
        num_places: Number of places.
    """
    parts = [
        _integrals(loads.place, times, loads.amount, edges, num_places) for times in (loads.start, loads.end)
    ]
    means: FloatArray = np.diff(parts[0] - parts[1], axis=1) / np.diff(edges)
    return np.maximum(means, 0.0)


def _integrals(
    place: IntArray, time: FloatArray, amount: FloatArray, edges: FloatArray, num_places: int
) -> FloatArray:
    """Integral up to each edge of amounts that are there from their times on, shape (num_places, edges).

    Of those from a time t on, it is the sum of amount x (edge - t): the sum of the amounts times the edge,
    without that of amount x t.
    """
    shape = (num_places, len(edges))
    reached = np.searchsorted(edges, time)  # the first edge that is not before
    inside = reached < len(edges)
    cell = place[inside] * len(edges) + reached[inside]
    there, before = (
        np.bincount(cell, weights, num_places * len(edges)).reshape(shape).cumsum(axis=1)
        for weights in (amount[inside], (amount * time)[inside])
    )
    return np.asarray(there * edges - before)


def block_means(values: FloatArray, begins: IntArray) -> FloatArray:
    """Mean of each block along the last axis.

    Args:
        values: Shape (..., number).
        begins: Of the blocks, and the end of the last one, as of :func:`blocks_of`, shape (blocks + 1,).
    """
    return np.asarray(np.add.reduceat(values, begins[:-1], axis=-1) / np.diff(begins))


def blocks_of(number: int, at_most: int) -> IntArray:
    """Where blocks of as equal length as can be begin, and the end of the last one, shape (blocks + 1,)."""
    return np.unique(np.linspace(0, number, min(number, at_most) + 1).round().astype(np.int64))


def places_shown(number: int, at_most: int) -> IntArray:
    """Places of evenly spread values, the first and the last among them, shape (min(number, at_most),).

    >>> places_shown(9, 3).tolist(), places_shown(2, 3).tolist()
    ([0, 4, 8], [0, 1])
    """
    return np.linspace(0, number - 1, min(number, at_most)).round().astype(np.int64)
