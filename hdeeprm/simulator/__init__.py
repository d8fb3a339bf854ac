"""The simulators: time advances here, behind one protocol."""

from .batch import SimulatorBatch
from .embedded import EmbeddedSimulator, Snapshot
from .protocol import JobStatus, Objective, Simulator
from .queue_rules import QueueRules
from .told import ToldSimulator
from .told_batch import ToldBatch

__all__ = [
    "EmbeddedSimulator",
    "JobStatus",
    "Objective",
    "QueueRules",
    "Simulator",
    "SimulatorBatch",
    "Snapshot",
    "ToldBatch",
    "ToldSimulator",
]
