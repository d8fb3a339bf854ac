"""Arrays that grow: the compiled clock makes none, so that there must be room before it is asked."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Array = TypeVar("Array", bound=npt.NDArray[np.generic])


def with_room(array: Array, size: int) -> Array:
    """The array itself, or a copy at least twice as long where it has less than ``size`` entries."""
    if size <= len(array):
        return array
    longer = np.zeros(max(size, 2 * len(array)), array.dtype)
    longer[: len(array)] = array
    return longer  # type: ignore[return-value]
