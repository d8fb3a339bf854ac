"""One ``srun`` inside an allocation, each process of which is one worker."""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path

from hdeeprm.studies.launchers.base import WorkerPlan
from hdeeprm.studies.launchers.tails import tail

from .client import call, not_found, queued_steps


class SlurmStep:
    """The processes that one ``srun`` started."""

    def __init__(self, plan: WorkerPlan, folder: Path) -> None:
        """Start them.

        Args:
            plan: What one process runs, and how many there are.
            folder: Where the output of ``srun`` and of the processes goes.

        Raises:
            StudyError: If ``srun`` is not there.
        """
        self._name = f"{plan.study.stem}-{secrets.token_hex(3)}"
        self._log = folder / f"slurm-{self._name}.log"
        self._num_workers = plan.num_workers
        with self._log.open("wb") as log:
            try:
                self._srun = subprocess.Popen(
                    (*self._options(), *plan.command()),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for the study, which then asks the workers to end
                    env=_environment(),
                )
            except FileNotFoundError:
                raise not_found("srun") from None

    def _options(self) -> tuple[str, ...]:
        """Of ``srun``.

        Workers share their cores (``--overlap``), so that a run may itself be an ``srun``. One that fails
        does not end the others. Cores per worker are named: ``srun`` does not take them over from ``sbatch``.
        """
        cores = os.environ.get("SLURM_CPUS_PER_TASK")
        return (
            "srun",
            f"--ntasks={self._num_workers}",
            *([f"--cpus-per-task={cores}"] if cores else []),
            f"--job-name={self._name}",
            "--overlap",
            "--kill-on-bad-exit=0",
            "--wait=0",
        )

    def num_alive(self) -> int:
        """All workers until the last one has ended, since SLURM knows no more of them."""
        return self._num_workers if self._srun.poll() is None else 0

    def stop(self) -> None:
        """Send SIGTERM to the workers, by ``scancel``: ``srun`` would answer a SIGTERM by killing them."""
        if not self.num_alive():
            return
        job = os.environ["SLURM_JOB_ID"]
        steps = queued_steps(job, f"--name={self._name}")
        for step in steps:
            call("scancel", "--signal=TERM", f"{job}.{step}")
        if not steps:  # it still waits for its cores
            self._srun.terminate()

    def log_text(self) -> str:
        """What ``srun`` and the workers printed last."""
        return "\n".join(tail([self._log]))


def _environment() -> dict[str, str]:
    """Of the workers: as many threads as a worker has cores, unless set."""
    threads = os.environ.get("OMP_NUM_THREADS") or os.environ.get("SLURM_CPUS_PER_TASK", "1")
    return {**os.environ, "OMP_NUM_THREADS": threads}
