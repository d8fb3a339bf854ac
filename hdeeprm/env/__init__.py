"""The decision problem as a Gymnasium environment, one aspect per file."""

from .environment import EnvironmentSnapshot, WorkloadManagementEnv
from .learning import learning_environment, learning_vector_environment
from .observations import register_observation
from .vector import WorkloadManagementVectorEnv

__all__ = [
    "EnvironmentSnapshot",
    "WorkloadManagementEnv",
    "WorkloadManagementVectorEnv",
    "learning_environment",
    "learning_vector_environment",
    "register_observation",
]
