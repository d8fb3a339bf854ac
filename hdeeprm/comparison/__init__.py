"""Any set of agents and policies on the same windows: who schedules better, and is the difference real."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .comparing import compare
    from .standings import Comparison, Standing

# Worker processes import a part of the package only; the rest comes at first use.
_MODULES = {"Comparison": "standings", "Standing": "standings", "compare": "comparing"}

__all__ = ["Comparison", "Standing", "compare"]


def __getattr__(name: str) -> Any:
    """Import a public name at first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
