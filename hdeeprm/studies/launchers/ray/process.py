"""What one remote task does: it runs the worker command, and ends it when it is cancelled."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from hdeeprm.studies.launchers.identity import RAY_TASK

_INTERVAL = 0.1
"""Seconds between looks at the process. Ray's cancellation cannot interrupt a wait, only come between two."""

_GRACE = 30.0
"""Seconds that a worker is given to queue its run again, as long as SLURM gives by default."""


@dataclass(frozen=True)
class WorkerProcess:
    """The worker of one task, as told to the machine where it will run."""

    command: tuple[str, ...]
    directory: str
    variables: Mapping[str, str]  # of the environment, besides those of the machine
    log: str

    def run(self, task: str) -> int:
        """Run the worker until it ends.

        Args:
            task: Ray's number of the task.

        Returns:
            Exit code of the worker.
        """
        with open(self.log, "ab") as log:
            process = self._start(task, log.fileno())
        try:
            while (exit_code := process.poll()) is None:
                time.sleep(_INTERVAL)
        except BaseException:  # KeyboardInterrupt, when the task is cancelled
            _end(process)
            raise
        return exit_code

    def _start(self, task: str, log: int) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **self.variables, RAY_TASK: task}
        blocked = signal.pthread_sigmask(signal.SIG_SETMASK, set())  # Ray blocks some, programs inherit that
        try:
            return subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=environment,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
    process.kill()
    process.wait()
