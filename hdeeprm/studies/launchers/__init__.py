"""What starts workers: local processes, SLURM or Ray, all by the same few methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hdeeprm.errors import StudyError, did_you_mean

from .base import Launcher, WorkerPlan

if TYPE_CHECKING:
    from hdeeprm.studies.file.model import StudyFile

LAUNCHER_NAMES = ("local", "slurm", "ray")

__all__ = ["LAUNCHER_NAMES", "Launcher", "WorkerPlan", "new_launcher"]


def new_launcher(name: str, file: StudyFile) -> Launcher:
    """The launcher of a name, with its section of the study file.

    Args:
        name: One of ``LAUNCHER_NAMES``.
        file: The study, whose ``[slurm]`` or ``[ray]`` is handed on.

    Raises:
        StudyError: If the name is unknown.
        HDeepRMError: If what it needs is not installed.
    """
    if name == "local":
        from .local import LocalLauncher

        return LocalLauncher(file.folder)
    if name == "slurm":
        from .slurm import SlurmLauncher

        return SlurmLauncher(file.slurm, file.folder)
    if name == "ray":
        from .ray import RayLauncher

        return RayLauncher(file.ray, file.folder)
    raise StudyError(
        f"on: {name!r} is not known; one of {', '.join(LAUNCHER_NAMES)}.{did_you_mean(name, LAUNCHER_NAMES)}"
    )
