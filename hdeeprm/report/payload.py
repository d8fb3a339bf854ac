"""Columns of numbers as text that fits into a page: smallest types, deflate, base64."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

COMPRESSION = 6
"""Level 9 takes four times as long for 1 % less."""
JSON = "json"
_UNSIGNED = (np.uint8, np.uint16, np.uint32)

Values = npt.NDArray[Any] | Sequence[str]


class Payload(NamedTuple):
    """Columns as a page holds them."""

    columns: list[tuple[str, str, int]]  # name, type such as "f8" or "json", and number of values or of bytes
    text: str  # their bytes one after the other, packed


def packed(columns: Mapping[str, Values]) -> Payload:
    """Columns one after the other, wide types first so that each begins where its type may begin.

    Args:
        columns: Arrays of whole numbers from 0, or of real ones, shape (values,); or texts.
    """
    blocks: list[tuple[str, str, int, bytes]] = []
    for name, values in columns.items():
        if isinstance(values, np.ndarray):
            array = _smallest(values)
            blocks.append((name, f"{array.dtype.kind}{array.itemsize}", len(array), array.tobytes()))
        else:
            content = json.dumps(list(values), ensure_ascii=False).encode("utf-8", "backslashreplace")
            blocks.append((name, JSON, len(content), content))
    blocks.sort(key=lambda block: -int(block[1][1:]) if block[1] != JSON else 0)
    content = zlib.compress(b"".join(block[3] for block in blocks), COMPRESSION)
    return Payload([block[:3] for block in blocks], base64.b64encode(content).decode("ascii"))


def _smallest(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Little-endian values, whole ones in the least unsigned type that holds them all."""
    if values.dtype.kind == "f":
        return values.astype(values.dtype.newbyteorder("<"))
    largest = int(values.max(initial=0))
    kind = next(kind for kind in _UNSIGNED if largest <= np.iinfo(kind).max)
    return values.astype(np.dtype(kind).newbyteorder("<"))
