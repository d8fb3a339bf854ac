"""Infos of a vector environment: arrays by name, as Gymnasium has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

FACTS = ("now", "num_waiting", "num_running", "num_ended", "invalid_actions")
"""What infos tell besides masks; fields of the simulators' outcomes."""


def told(masks: Array, outcomes: Array, rows: Bools) -> dict[str, Any]:
    """Action masks and facts, each with the rows that it tells of."""
    return {"action_mask": masks.copy(), "_action_mask": rows} | fields(outcomes, FACTS, rows)


def fields(records: Array, names: tuple[str, ...], rows: Bools) -> dict[str, Any]:
    """Copies of fields of records, each with the rows that it tells of."""
    infos: dict[str, Any] = {}
    for name in names:
        infos[name] = records[name].copy()
        infos[f"_{name}"] = rows
    return infos


def in_rows(observations: npt.NDArray[np.float32], rows: Bools) -> npt.NDArray[np.object_]:
    """An array of observations, None in the rows that have none."""
    found = np.full(len(rows), None, np.object_)
    found[rows] = np.fromiter(observations[rows], np.object_, count=int(rows.sum()))
    return found


def only(records: Array, rows: Bools) -> Array:
    """A copy with zeros in all other rows."""
    kept = np.zeros_like(records)
    kept[rows] = records[rows]
    return kept


def plain(array: Array) -> Array:
    """The bytes of records, other arrays as they are."""
    return array if array.dtype.names is None else array.view(np.uint8)
