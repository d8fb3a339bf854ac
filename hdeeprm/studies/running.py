"""Running a study: anew or where it was, by workers or in this very process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import StudyError, did_you_mean

from .anew import lay_aside, refuse_live
from .launchers import LAUNCHER_NAMES, new_launcher
from .launchers.identity import find_launcher
from .queue.records import Status

if TYPE_CHECKING:
    from .driver import Orders, Watch
    from .file import StudyFile
    from .progress import Progress

UNKNOWN = "unknown"
RETRIED = ("failed", "pruned", UNKNOWN)


def run_study(
    file: StudyFile,
    *,
    on: str | None,
    workers: int | None,
    limit: int | None,
    retry: Iterable[str],
    max_runs_per_worker: int | None,
    anew: bool,
    watch: Watch,
    function: Callable[..., Any] | None = None,
) -> Progress:
    """Run what is missing of a study; arguments as of :meth:`hdeeprm.studies.Study.run`.

    Raises:
        HDeepRMError: If it cannot be run.
    """
    from .driver import Driver, wanted_workers

    orders = _orders(workers, limit, retry, max_runs_per_worker)
    _check_here(workers, on, function)
    is_here = workers == 0 or function is not None
    launcher = new_launcher(on or ("local" if is_here else find_launcher()), file)
    launcher.check()  # before anything is written
    if not is_here:
        wanted_workers(file, orders, launcher.name)
    if anew:
        refuse_live(file, orders.takes_unknown)
        lay_aside(file.folder)
    if is_here:
        return _run_here(file, orders, watch, function)
    return Driver(file, launcher, orders).run(watch)


def _check_here(workers: int | None, on: str | None, function: Callable[..., Any] | None) -> None:
    """Refuse workers elsewhere where this process alone is to run everything."""
    if function is not None and (workers not in (None, 0, 1) or on not in (None, "local")):
        raise StudyError(
            "run: the function cannot be imported by other processes, so that this process alone runs it; "
            "define it at the top of a file, or leave workers and on out"
        )
    if workers == 0 and on in LAUNCHER_NAMES and on != "local":
        raise StudyError(
            f"workers: 0 means this very process, and on {on} would mean others; leave one of the two "
            "out, or give 1 worker or more"
        )


def _orders(
    workers: int | None, limit: int | None, retry: Iterable[str], max_runs_per_worker: int | None
) -> Orders:
    from .driver import Orders

    words = list(retry)
    for word in words:
        if word not in RETRIED:
            listed = ", ".join(RETRIED)
            raise StudyError(f"retry: {word!r} is not known; one of {listed}.{did_you_mean(word, RETRIED)}")
    for name, value in (("limit", limit), ("max_runs_per_worker", max_runs_per_worker)):
        if value is not None and value < 1:
            raise StudyError(f"{name}: {value} would run nothing; give 1 or more, or leave it out")
    statuses = [Status(word) for word in words if word != UNKNOWN]
    return Orders(workers, limit, statuses, max_runs_per_worker, UNKNOWN in words)


def _run_here(file: StudyFile, orders: Orders, watch: Watch, function: Callable[..., Any] | None) -> Progress:
    """Run everything in this process, and wait for what others have taken of it."""
    from .driver import LOOK, prepared
    from .liveness import Recovery
    from .progress import Observer
    from .queue.recovery import retry
    from .worker import Worker

    queue = prepared(file, function)
    recovery = Recovery(file, queue, new_launcher("local", file))
    recovery.recover(orders.takes_unknown)
    retry(queue, orders.retry)
    observer = Observer(queue, orders.limit)
    worker = Worker(file, queue, orders.limit, function)
    while True:
        worker.work(orders.max_runs_per_worker)
        recovery.recover()
        progress = observer.look()
        watch(progress)
        if worker.was_stopped:
            raise KeyboardInterrupt(
                f"stopped after {progress.num_over} of {progress.num_runs} runs; run it again to go on"
            )
        if orders.max_runs_per_worker or recovery.is_all_that_can_be(progress):
            return replace(progress, notices=recovery.notices(progress))
        time.sleep(LOOK)
