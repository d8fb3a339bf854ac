"""Workloads: jobs from SWF traces, Batsim JSON files or a model, as flat immutable arrays.

The names are imported at first use, so that importing the package costs nothing. Two functions have the
name of their module and are imported from there: ``window.window`` and ``generate.generate``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hdeeprm.workloads.batsim_json import workload_from_json
    from hdeeprm.workloads.from_swf import workload_from_swf
    from hdeeprm.workloads.generators.lublin import LublinModel, generate_lublin
    from hdeeprm.workloads.loading import load_workload
    from hdeeprm.workloads.settings import TraceSettings
    from hdeeprm.workloads.swf import SwfTrace, read_swf
    from hdeeprm.workloads.swf_writer import write_swf
    from hdeeprm.workloads.workload import JobLimits, Workload

_MODULES = {
    "JobLimits": "workload",
    "LublinModel": "generators.lublin",
    "SwfTrace": "swf",
    "TraceSettings": "settings",
    "Workload": "workload",
    "generate_lublin": "generators.lublin",
    "load_workload": "loading",
    "read_swf": "swf",
    "workload_from_json": "batsim_json",
    "workload_from_swf": "from_swf",
    "write_swf": "swf_writer",
}

__all__ = [
    "JobLimits",
    "LublinModel",
    "SwfTrace",
    "TraceSettings",
    "Workload",
    "generate_lublin",
    "load_workload",
    "read_swf",
    "workload_from_json",
    "workload_from_swf",
    "write_swf",
]


def __getattr__(name: str) -> Any:
    """Imports a public name at first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
