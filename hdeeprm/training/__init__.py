"""Training runs: agents learn, are validated, saved, and go on where they were broken off.

What trains is :class:`hdeeprm.training.session.Training`, which is imported only when an agent learns, since
it needs PyTorch.
"""

from .choosing import learns
from .progress import Progress, TrainingFacts, TrainingWatch, unwatched
from .stopping import TrainingStopped

__all__ = ["Progress", "TrainingFacts", "TrainingStopped", "TrainingWatch", "learns", "unwatched"]
