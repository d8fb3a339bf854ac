"""Ray starts the workers, each as one remote task."""

from .launcher import RayLauncher

__all__ = ["RayLauncher"]
