"""The launcher of SLURM."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hdeeprm.studies.launchers.base import WorkerPlan
from hdeeprm.studies.launchers.identity import is_process_alive, parse_identity

from .array import SlurmArray
from .client import is_task_alive, not_found
from .step import SlurmStep
from .table import sbatch_arguments


class SlurmLauncher:
    """Starts workers by ``sbatch --array``, or inside an allocation by ``srun``."""

    name = "slurm"

    def __init__(self, table: Mapping[str, Any], folder: Path) -> None:
        """Check the table.

        Args:
            table: ``[slurm]`` of the study file: options of ``sbatch``. Inside an allocation it is not used:
                time, nodes and cores have been given already.
            folder: Of the study, where the output of the workers goes.

        Raises:
            StudyError: If the table has a key or value that cannot be passed on.
        """
        self._options = sbatch_arguments(table)
        self._folder = folder
        self._started: list[SlurmArray | SlurmStep] = []

    def check(self) -> None:
        """Look for SLURM's commands.

        Raises:
            StudyError: If one is not there.
        """
        start = "srun" if "SLURM_JOB_ID" in os.environ else "sbatch"
        for command in (start, "squeue", "scancel"):
            if shutil.which(command) is None:
                raise not_found(command)

    def start(self, plan: WorkerPlan) -> None:
        """Submit an array, or start a step, of one worker each."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if "SLURM_JOB_ID" in os.environ:
            self._started.append(SlurmStep(plan, self._folder))
        else:
            self._started.append(SlurmArray(plan, self._options, self._folder))

    def num_alive(self) -> int:
        """Number of workers that wait or run."""
        return sum(started.num_alive() for started in self._started)

    def is_alive(self, worker: str) -> bool | None:
        """By the process on this machine, by ``squeue`` elsewhere; None for others than SLURM's."""
        alive = is_process_alive(worker)
        identity = parse_identity(worker)
        if alive is not None or identity is None or identity.kind != "slurm":
            return alive
        return is_task_alive(identity.task)

    def stop(self) -> None:
        """Ask all workers to end."""
        for started in self._started:
            started.stop()

    def log_text(self) -> str:
        """What the workers printed last, and why they wait."""
        return "\n".join(filter(None, (started.log_text() for started in self._started)))
