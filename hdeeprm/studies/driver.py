"""The driver of a study: puts the runs in, starts workers, and sees to it that none is lost."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import HDeepRMError, StudyError

from .launchers import Launcher, WorkerPlan
from .liveness import Recovery
from .progress import Observer, Progress
from .queue.planning import plan
from .queue.queue import Queue, open_queue
from .queue.records import Status
from .queue.recovery import retry
from .runs.program import check_program

if TYPE_CHECKING:
    from .file import StudyFile

POLL = 0.05  # s between two looks at the workers
LOOK = 0.5  # s between two looks at the journal, or more where that takes long
LOOK_SHARE = 0.02  # of the time that may be spent on these
LOOKS_TO_STOP = 2  # at which no run waits or runs; workers that do not end by themselves then are ended
RECOVERY = 10.0  # s between two searches for workers that are gone, if none was seen to end
TIME_TO_STOP = 60.0  # s that workers have to put their runs back

Watch = Callable[[Progress], None]


@dataclass(frozen=True)
class Orders:
    """What a driver is asked for besides the study itself.

    Attributes:
        workers: Number of workers; None as the file says.
        limit: Number of runs that the study is cut down to, the first ones; None: all.
        retry: Statuses of runs that are to be tried again.
        max_runs_per_worker: Number of runs after which a worker is replaced; None as the file says.
        takes_unknown: Whether runs are taken back from workers of which nobody can tell whether they live.
    """

    workers: int | None = None
    limit: int | None = None
    retry: Collection[Status] = ()
    max_runs_per_worker: int | None = None
    takes_unknown: bool = False


class Driver:
    """Runs a study to its end with the workers of a launcher.

    Args:
        file: The study.
        launcher: Starts the workers.
        orders: What is asked for.
    """

    def __init__(self, file: StudyFile, launcher: Launcher, orders: Orders) -> None:
        self._file, self._launcher, self._orders = file, launcher, orders
        if file.command is not None and launcher.name == "local":  # elsewhere the workers look themselves
            check_program(file.command, file.path.parent.absolute())
        self.queue = prepared(file)
        self._attempts_at_start, self._recovered = -1, time.monotonic()
        self._recovery = Recovery(file, self.queue, launcher)
        # Only now: whose runs begin later has not been given up by anybody.
        self._recovery.recover(orders.takes_unknown)
        retry(self.queue, orders.retry)
        self._observer = Observer(self.queue, orders.limit)

    def run(self, watch: Watch = lambda progress: None) -> Progress:
        """Start workers, and again where they have ended too early, until no run is left.

        Runs that workers of others have are waited for, unless nobody can tell whether these live.

        Args:
            watch: Told now and then how far the study is.

        Raises:
            StudyError: If the workers end without ending a run; the message holds what they printed.
            KeyboardInterrupt: After Ctrl-C; the workers have put their runs back.
        """
        try:
            return self._watched(watch)
        except KeyboardInterrupt:
            progress = self._stopped()
            complete = progress.counts.get(Status.COMPLETE, 0)
            raise KeyboardInterrupt(
                f"stopped; {complete} of {progress.num_runs} runs are complete, run the study again to go on"
            ) from None

    def _watched(self, watch: Watch) -> Progress:
        """Look around until no run is left, at others' workers neither, and all own ones have ended."""
        alive, looked_at, took = 0, -math.inf, 0.0
        num_idle = 0  # looks one after the other at which nothing was left to do
        while True:
            before, alive = alive, self._launcher.num_alive()
            now = time.monotonic()
            if alive < before or now - self._recovered > RECOVERY:
                self._recover()
            if alive < before or now - looked_at > max(LOOK, took / LOOK_SHARE):
                progress = self._observer.look(alive)
                watch(progress)
                if alive == 0 and self._recovery.is_all_that_can_be(progress):
                    return replace(progress, notices=self._recovery.notices(progress))
                alive += self._start_missing(progress, alive)
                num_idle = num_idle + 1 if progress.num_over == progress.num_runs else 0
                if num_idle == LOOKS_TO_STOP:  # such as workers that still wait for room on a cluster
                    with suppress(HDeepRMError):  # all runs are over; these workers end by themselves too
                        self._launcher.stop()
                looked_at = time.monotonic()
                took = looked_at - now
            time.sleep(POLL)

    def _start_missing(self, progress: Progress, alive: int) -> int:
        """Start as many workers as are missing, if any run has ended since some were started last.

        Returns:
            Number of workers started.

        Raises:
            StudyError: If none is alive, and starting more would come to nothing again.
        """
        waiting = progress.counts.get(Status.WAITING, 0)
        most = wanted_workers(self._file, self._orders, self._launcher.name)
        missing = min(most, waiting) - alive
        if missing <= 0:
            return 0
        if progress.num_attempts > self._attempts_at_start:
            self._attempts_at_start = progress.num_attempts
            self._start(missing)
            return missing
        if alive == 0:
            raise StudyError(self._why_nothing(waiting))
        return 0

    def _start(self, num_workers: int) -> None:
        arguments: list[str] = []
        most = self._orders.max_runs_per_worker or self._file.max_runs_per_worker
        for flag, value in (("--max-runs-per-worker", most), ("--limit", self._orders.limit)):
            if value is not None:
                arguments += [flag, str(value)]
        path = self._file.path.absolute()
        self._launcher.start(WorkerPlan(path, num_workers, tuple(arguments)))

    def _recover(self) -> None:
        self._recovery.recover()
        self._recovered = time.monotonic()

    def _why_nothing(self, waiting: int) -> str:
        printed = self._launcher.log_text().strip()
        what = f"; they printed:\n{printed}" if printed else ""
        return f"{self._file.path}: the workers have ended, and {waiting} runs still wait{what}"

    def _stopped(self) -> Progress:
        """End all workers and put back what they could not."""
        self._launcher.stop()
        ends = time.monotonic() + TIME_TO_STOP
        while self._launcher.num_alive() and time.monotonic() < ends:
            time.sleep(POLL)
        self._recover()
        return self._observer.look()


def prepared(file: StudyFile, function: Callable[..., Any] | None = None) -> Queue:
    """The queue of a study with all its runs put in.

    Args:
        file: The study.
        function: Takes the place of what ``run`` names.

    Raises:
        StudyError: If the file has changed in what may not change.
    """
    if function is None and not file.command and ":" in file.run:
        from .runs.function import load_function

        load_function(file.run, file.path.parent)  # what cannot be imported is told before anything is made
    queue = open_queue(file)
    plan(queue, file)
    return queue


def wanted_workers(file: StudyFile, orders: Orders, launcher: str) -> int:
    """Number of workers of a study.

    Args:
        file: The study.
        orders: What counts more than the file.
        launcher: Name of who starts them.

    Raises:
        StudyError: If nobody says how many, and the CPUs of this machine say nothing about those of others.
    """
    asked = orders.workers if orders.workers is not None else file.workers
    has_cluster = "address" in file.ray or "RAY_ADDRESS" in os.environ
    is_far = {"slurm": "SLURM_JOB_ID" not in os.environ, "ray": has_cluster}.get(launcher, False)
    if is_far and (asked is None or asked <= 0):
        given = "none was given" if asked is None else f"{asked} was given, which counts CPUs of this machine"
        raise StudyError(f"workers: {given}; on {launcher} say how many, such as --workers 8")
    return num_workers(asked, launcher)


def num_workers(asked: int | None, launcher: str) -> int:
    """Number of workers, where this machine's CPUs are theirs.

    Args:
        asked: Below 0, that many CPUs are left free; None: one for each CPU, or task of the allocation.
        launcher: Name of who starts them.
    """
    if asked is not None and asked > 0:
        return asked
    if launcher == "slurm" and asked is None and os.environ.get("SLURM_NTASKS"):
        return int(os.environ["SLURM_NTASKS"])
    return max(1, len(os.sched_getaffinity(0)) + (asked or 0))
