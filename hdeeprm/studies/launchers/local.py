"""Workers that are processes of this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .base import WorkerPlan
from .identity import is_process_alive
from .tails import tail

OUTPUT = "workers.out"
"""What all local workers print, in the study's folder."""
THREADS = "OMP_NUM_THREADS"


class LocalLauncher:
    """Starts workers as processes, each with one thread for linear algebra unless the user says otherwise.

    They do not belong to the terminal: Ctrl-C reaches them by :meth:`stop` only, and they outlive a driver
    that is killed.

    Args:
        folder: Of the study, where what they print goes.
    """

    name = "local"

    def __init__(self, folder: Path) -> None:
        self._output = folder / OUTPUT
        self._workers: list[subprocess.Popen[bytes]] = []

    def check(self) -> None:
        """Nothing is needed."""

    def start(self, plan: WorkerPlan) -> None:
        """Start the processes."""
        environment = {THREADS: "1", **os.environ}
        self._output.parent.mkdir(parents=True, exist_ok=True)
        with open(self._output, "ab") as output:
            for _ in range(plan.num_workers):
                self._workers.append(
                    subprocess.Popen(
                        plan.command(),
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        env=environment,
                        start_new_session=True,
                    )
                )

    def num_alive(self) -> int:
        """Number of the processes that still run."""
        return sum(worker.poll() is None for worker in self._workers)

    def is_alive(self, worker: str) -> bool | None:
        """By the process table; None for workers of other machines."""
        self.num_alive()  # which lets the system forget those that have ended
        return is_process_alive(worker)

    def stop(self) -> None:
        """Send SIGTERM to all."""
        for worker in self._workers:
            if worker.poll() is None:
                worker.terminate()

    def log_text(self) -> str:
        """The last lines that they printed."""
        return "\n".join(tail([self._output]))
