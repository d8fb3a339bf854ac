"""HDeepRM: evaluates deep-reinforcement-learning workload management on heterogeneous clusters.

Importing the package registers its Gymnasium environments; everything else is imported at first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gymnasium.envs.registration import register

if TYPE_CHECKING:
    from hdeeprm.env import WorkloadManagementEnv, WorkloadManagementVectorEnv
    from hdeeprm.errors import HDeepRMError
    from hdeeprm.experiment import run_experiment
    from hdeeprm.options import Options, load_options
    from hdeeprm.platforms import Platform, load_platform
    from hdeeprm.simulator import EmbeddedSimulator
    from hdeeprm.workloads import Workload, load_workload

__version__ = "0.4.0"

_MODULES = {
    "EmbeddedSimulator": "simulator",
    "HDeepRMError": "errors",
    "Options": "options",
    "Platform": "platforms",
    "Workload": "workloads",
    "WorkloadManagementEnv": "env",
    "WorkloadManagementVectorEnv": "env",
    "load_options": "options",
    "load_platform": "platforms",
    "load_workload": "workloads",
    "run_experiment": "experiment",
}

__all__ = [
    "EmbeddedSimulator",
    "HDeepRMError",
    "Options",
    "Platform",
    "Workload",
    "WorkloadManagementEnv",
    "WorkloadManagementVectorEnv",
    "__version__",
    "load_options",
    "load_platform",
    "load_workload",
    "run_experiment",
]

register(
    id="HDeepRM/WorkloadManagement-v0",
    entry_point="hdeeprm.env:WorkloadManagementEnv",
    vector_entry_point="hdeeprm.env:WorkloadManagementVectorEnv",
)
register(
    id="HDeepRM/Learning-v0",
    entry_point="hdeeprm.env:learning_environment",
    vector_entry_point="hdeeprm.env:learning_vector_environment",
)


def __getattr__(name: str) -> Any:
    """Import a public name at first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
