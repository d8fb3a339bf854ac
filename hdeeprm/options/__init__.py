"""options.json: typed, validated, with defaults; both historical forms are read too."""

from hdeeprm.options.fields import AGENT_NAMES, OBSERVATION_NAMES, RANDOM_AGENT
from hdeeprm.options.loading import load_options
from hdeeprm.options.model import (
    OBJECTIVES,
    ActionOptions,
    AgentOptions,
    EnvOptions,
    Options,
    SimulatorOptions,
    WindowOptions,
    WorkloadOptions,
)
from hdeeprm.options.schema import options_schema

__all__ = [
    "AGENT_NAMES",
    "OBJECTIVES",
    "OBSERVATION_NAMES",
    "RANDOM_AGENT",
    "ActionOptions",
    "AgentOptions",
    "EnvOptions",
    "Options",
    "SimulatorOptions",
    "WindowOptions",
    "WorkloadOptions",
    "load_options",
    "options_schema",
]
