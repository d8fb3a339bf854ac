"""SLURM starts the workers: as an array of tasks, or, inside an allocation, by one ``srun``."""

from .launcher import SlurmLauncher

__all__ = ["SlurmLauncher"]
