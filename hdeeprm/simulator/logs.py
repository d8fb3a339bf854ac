"""What a simulation leaves behind, packed: cores that jobs got, times of over-subscribed processors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .kernel.tables import record

Rows = npt.NDArray[np.void]

PLACEMENT = record(job="i4", first_core="i4", last_core="i4")
OVERSUBSCRIPTION = record(processor="i4", start="f8", end="f8")  # s
JOB_RECORD = record(status="i1", start_time="f8", end_time="f8", energy_mj="f8", sequence="i4")


def joined_placements(rows: Rows) -> Rows:
    """Intervals of cores as PLACEMENT, by job and core, those of a job joined where they touch."""
    packed = packed_as(PLACEMENT, rows)
    packed = packed[np.lexsort((packed["first_core"], packed["job"]))]
    opens = np.ones(len(packed) + 1, np.bool_)  # with one more, so that the last interval closes
    opens[1:-1] = packed["job"][1:] != packed["job"][:-1]
    opens[1:-1] |= packed["first_core"][1:] != packed["last_core"][:-1] + 1
    joined = packed[opens[:-1]]
    joined["last_core"] = packed["last_core"][opens[1:]]
    return joined


def joined(parts: list[Rows]) -> Rows:
    """Parts of a log as one; each is taken from the list once it is copied, so that memory holds it once."""
    whole = np.empty(sum(map(len, parts)), parts[0].dtype)
    end = len(whole)
    while parts:
        part = parts.pop()
        whole[end - len(part) : end] = part
        end -= len(part)
    return whole


def packed_as(kind: np.dtype[np.void], rows: Rows) -> Rows:
    """The fields of a kind of log, and no others."""
    packed = np.empty(len(rows), kind)
    for name in kind.names or ():
        packed[name] = rows[name]
    return packed
