"""The decision problem as a Gymnasium environment, one aspect per file."""

from .environment import WorkloadManagementEnv
from .learning import learning_environment

__all__ = ["WorkloadManagementEnv", "learning_environment"]
