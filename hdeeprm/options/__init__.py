"""options.json: typed, validated, with defaults; both historical forms are read too."""

from hdeeprm.options.agent import AgentOptions, PretrainOptions, TrainingOptions
from hdeeprm.options.agent_names import AGENT_NAMES, LEARNER_NAMES, RANDOM_AGENT
from hdeeprm.options.env import OBJECTIVES, ActionOptions, EnvOptions
from hdeeprm.options.fields import OBSERVATION_NAMES, observation_names, register_observation_name
from hdeeprm.options.loading import load_options
from hdeeprm.options.model import Options
from hdeeprm.options.queue import QueueOptions
from hdeeprm.options.schema import options_schema
from hdeeprm.options.simulator import SimulatorOptions
from hdeeprm.options.workload import WindowOptions, WorkloadOptions

__all__ = [
    "AGENT_NAMES",
    "LEARNER_NAMES",
    "OBJECTIVES",
    "OBSERVATION_NAMES",
    "RANDOM_AGENT",
    "ActionOptions",
    "AgentOptions",
    "EnvOptions",
    "Options",
    "PretrainOptions",
    "QueueOptions",
    "SimulatorOptions",
    "TrainingOptions",
    "WindowOptions",
    "WorkloadOptions",
    "load_options",
    "observation_names",
    "options_schema",
    "register_observation_name",
]
