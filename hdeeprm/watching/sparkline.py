"""A course of numbers in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.-=+*%#"
"""For terminals that have no blocks."""
WIDTH = 40


def sparkline(values: Sequence[float], levels: str = BLOCKS, width: int = WIDTH) -> str:
    """A character per number, from the lowest to the highest level; blank where there is none.

    Where there are more numbers than characters, each character is the mean of several.

    Args:
        values: In order; NaN where there is none.
        levels: Characters from the least to the largest number.
        width: Most characters.

    >>> sparkline([0.0, 1.0, float("nan"), 7.0])
    '▁▂ █'
    """
    parts = np.array_split(np.array(values, float), min(width, max(1, len(values))))
    means = np.array(
        [part[np.isfinite(part)].mean() if np.isfinite(part).any() else np.nan for part in parts]
    )
    known = means[np.isfinite(means)]
    if not known.size:
        return ""
    least, span = known.min(), max(known.max() - known.min(), np.finfo(float).tiny)
    return "".join(
        " " if np.isnan(mean) else levels[round((mean - least) / span * (len(levels) - 1))] for mean in means
    )
