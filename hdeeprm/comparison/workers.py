"""Playing many episodes: in this process, or in several that are started for it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from hdeeprm.errors import SimulationError
from hdeeprm.simulator.kernel.compiling import is_compiled

from .episodes import Episode, Plan, Played, Player

Take = Callable[[list[Played]], None]
"""Told what came of some episodes."""

_player: Player


def play_all(
    plan: Plan, player: Player, chunks: Sequence[Sequence[Episode]], num_workers: int, take: Take
) -> None:
    """Play episodes, and hand on what came of them as it comes.

    What comes of an episode does not depend on who plays it. Ctrl-C and errors end all workers.

    Args:
        plan: What the episodes depend on.
        player: Plays where one worker is enough.
        chunks: Episodes that one worker plays in a row.
        num_workers: Number of processes; 1 is this one.
        take: Called with each chunk that is done.

    Raises:
        SimulationError: If a worker dies.
    """
    if num_workers == 1:
        for chunk in chunks:
            take([player.play(episode) for episode in chunk])
        return
    if not is_compiled():
        player.play(chunks[0][0])  # else every worker would compile
    with _pool(plan, num_workers) as pool:
        with _interrupts_ignored():  # which the workers, started here, inherit: this process ends them
            futures = [pool.submit(_play, chunk) for chunk in chunks]
        try:
            for future in as_completed(futures):
                take(future.result())
        except BrokenProcessPool:
            raise SimulationError(
                "a worker process died, perhaps for want of memory; take fewer with --workers"
            ) from None


@contextmanager
def _pool(plan: Plan, num_workers: int) -> Iterator[ProcessPoolExecutor]:
    """Workers, which are gone at the end, and at once where an error or Ctrl-C ends it."""
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(num_workers, context, _begin, (plan,))
    try:
        yield pool
    except BaseException:
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes that are started here take no notice of Ctrl-C; only the main thread can see to that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(plan: Plan) -> None:
    """A worker begins."""
    global _player
    _player = Player(plan)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker does not outlive the process that started it, even if that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _play(chunk: Sequence[Episode]) -> list[Played]:
    return [_player.play(episode) for episode in chunk]
