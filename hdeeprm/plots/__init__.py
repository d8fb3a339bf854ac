"""Figures of runs, drawn by name and written to files; each is a function that takes Axes and returns them.

The names are imported at first use, so that a figure of something else costs no more than it needs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hdeeprm.plots.drawing import draw
    from hdeeprm.plots.kinds import FIGURE_NAMES
    from hdeeprm.plots.saving import save

__all__ = ["FIGURE_NAMES", "draw", "save"]

_MODULES = {"FIGURE_NAMES": "kinds", "draw": "drawing", "save": "saving"}


def __getattr__(name: str) -> Any:
    """Import a public name at first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
