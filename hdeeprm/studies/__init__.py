"""Studies: many runs from one file, searched and compared, on this machine or on a cluster."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hdeeprm.studies.pruned import Pruned
    from hdeeprm.studies.study import Study

__all__ = ["Pruned", "Study"]

_MODULES = {"Pruned": "pruned", "Study": "study"}


def __getattr__(name: str) -> Any:
    """Import a public name at first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
