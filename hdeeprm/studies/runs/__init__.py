"""What a run does: a simulation or training of the project, a function, a program, a landscape."""

from .base import Objective, Report, Task, new_objective

__all__ = ["Objective", "Report", "Task", "new_objective"]
