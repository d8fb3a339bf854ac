"""What starts workers: the plan of a start, and what every launcher can do."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class WorkerPlan:
    """What is to be started.

    Attributes:
        study: The study file.
        num_workers: Number of workers, at least 1.
        arguments: More of the worker command, such as ``("--max-runs-per-worker", "10")``.
    """

    study: Path
    num_workers: int
    arguments: tuple[str, ...] = ()

    def command(self) -> tuple[str, ...]:
        """The command that is one worker, by this very Python."""
        return (sys.executable, "-m", "hdeeprm", "study", "worker", str(self.study), *self.arguments)


class Launcher(Protocol):
    """A way to start workers; launchers differ in nothing else."""

    name: str

    def check(self) -> None:
        """See that what it needs is here, before anything is written.

        Raises:
            HDeepRMError: If something is missing; the message says what would cure it.
        """

    def start(self, plan: WorkerPlan) -> None:
        """Start the workers of a plan, and return at once.

        Raises:
            HDeepRMError: If they cannot be started here; the message says what would cure it.
        """

    def num_alive(self) -> int:
        """Number of the workers started here that have not ended; 0 once all have."""

    def is_alive(self, worker: str) -> bool | None:
        """Whether a worker still runs, by its id in the journal; None where it cannot be known.

        Args:
            worker: What :func:`~hdeeprm.studies.launchers.identity.worker_id` gave it, wherever it runs.
        """

    def stop(self) -> None:
        """Ask all workers started here to end; they queue their runs again."""

    def log_text(self) -> str:
        """What the processes of the workers printed last, for error messages; empty where nothing."""
