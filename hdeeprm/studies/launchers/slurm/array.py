"""An array of SLURM tasks, each of which is one worker."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from pathlib import Path

from hdeeprm.errors import StudyError
from hdeeprm.studies.launchers.base import WorkerPlan
from hdeeprm.studies.launchers.tails import tail

from .client import call, queued

_OUTAGE = 300.0
"""Seconds without an answer of SLURM after which a study stops waiting; a restart of SLURM is shorter."""

_SHORTEST_INTERVAL, _LONGEST_INTERVAL = 0.2, 5.0
_SHARE = 0.05
"""Seconds between two questions to SLURM: this share of the time since the start, within these limits."""

_SCRIPT = """\
#!/bin/sh
export OMP_NUM_THREADS="${{OMP_NUM_THREADS:-${{SLURM_CPUS_PER_TASK:-1}}}}"
exec {command}
"""
"""The job script. No login shell, which would lose the virtual environment; and the worker takes the place of
the shell, so that SLURM's SIGTERM reaches it."""


class SlurmArray:
    """The tasks that one ``sbatch`` submitted."""

    def __init__(self, plan: WorkerPlan, options: Sequence[str], folder: Path) -> None:
        """Submit them.

        Args:
            plan: What one task runs, and how many there are.
            options: More arguments of ``sbatch``, which win over those set here.
            folder: Where the output of the tasks goes.

        Raises:
            StudyError: If ``sbatch`` is not there or refuses.
        """
        pattern = f"{folder.resolve()}/".replace("%", "%%") + "slurm-%A_%a.log"
        answer = call(
            "sbatch",
            "--parsable",
            f"--array=1-{plan.num_workers}",
            f"--job-name={plan.study.stem}",
            f"--output={pattern}",
            *options,
            text=_SCRIPT.format(command=shlex.join(plan.command())),
        )
        self.job = answer.strip().partition(";")[0]
        self._folder = folder
        self._num_alive = plan.num_workers
        self._submitted = self._asked = self._answered = time.monotonic()

    def num_alive(self) -> int:
        """Number of tasks that wait or run; the last known one while SLURM is restarted.

        SLURM is asked five times a second at first, and ever more rarely, down to every five seconds.

        Raises:
            StudyError: If SLURM has not answered for five minutes.
        """
        now = time.monotonic()
        interval = min(_LONGEST_INTERVAL, max(_SHORTEST_INTERVAL, _SHARE * (now - self._submitted)))
        if self._num_alive and now - self._asked >= interval:
            self._asked = now
            self._ask()
        return self._num_alive

    def _ask(self) -> None:
        try:
            self._num_alive = len(queued("--jobs", self.job))
            self._answered = time.monotonic()
        except StudyError as error:
            if time.monotonic() - self._answered > _OUTAGE:
                raise StudyError(
                    f"{error}; job {self.job} may still run: run the study again to go on watching it"
                ) from None

    def stop(self) -> None:
        """Cancel what waits, and send SIGTERM to what runs."""
        if self._num_alive:
            call("scancel", self.job)

    def log_text(self) -> str:
        """Why tasks wait, and what the others printed last."""
        reasons = {task.reason for task in queued("--jobs", self.job) if task.state == "PENDING"} - {"None"}
        waiting = [f"job {self.job} waits: {', '.join(sorted(reasons))}"] if reasons else []
        return "\n".join((*waiting, *tail(self._folder.glob(f"slurm-{self.job}_*.log"))))
