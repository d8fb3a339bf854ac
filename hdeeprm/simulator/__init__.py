"""The simulators: time advances here, behind one protocol."""

from .embedded import EmbeddedSimulator
from .protocol import JobStatus, Objective, Simulator

__all__ = ["EmbeddedSimulator", "JobStatus", "Objective", "Simulator"]
