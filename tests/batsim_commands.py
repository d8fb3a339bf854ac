"""Commands that play a Batsim, for tests."""

import sys
from pathlib import Path

import numpy as np

from hdeeprm.simulator.batsim.peer import EpisodeJobs, News, Orders, Peer

PEERS = Path(__file__).parent / "peers"


def toy_batsim(folder: Path, mode: str = "serve") -> str:
    """Path of a command that plays a Batsim, or one that misbehaves; see peers/toy_batsim.py."""
    return command(folder, f"exec {sys.executable} {PEERS / 'toy_batsim.py'} '{mode}'")


def recorded_batsim(folder: Path, run: Path) -> str:
    """Path of a command that plays a recorded run; the replies go to ``folder``/replies.jsonl."""
    script = PEERS / "recorded_batsim.py"
    return command(folder, f"exec {sys.executable} {script} {run} {folder / 'replies.jsonl'}")


def command(folder: Path, line: str) -> str:
    """Path of a command that does what a line of shell does, given its own arguments."""
    path = folder / "batsim"
    path.write_text(f'#!/bin/sh\n{line} "$@"\n')
    path.chmod(0o755)
    return str(path)


def jobs(*rows: tuple[float, int, float]) -> EpisodeJobs:
    """Jobs by submission time in s, cores and work in flop per core, without walltime."""
    submit, cores, work = (np.array(column) for column in zip(*rows, strict=True))
    return EpisodeJobs(submit.astype(float), cores, work.astype(float), np.full(len(rows), np.inf))


THREE_JOBS = jobs((0, 1, 4.4e9), (1, 2, 8.8e9), (1, 3, 8e9))
"""One after another on the last cores of the platform *learning* they end at 1, 3 and 5 s."""


def run_in_turn(peer: Peer, num_jobs: int) -> list[News]:
    """Run jobs one after another, each on the highest cores, all in P0 before; what was told."""
    told, waiting, is_free, orders = [], [], True, Orders()
    wanted = THREE_JOBS.requested_cores
    while not (told and told[-1].over):
        news = peer.exchange(orders)
        told.append(news)
        waiting += news.submitted
        is_free = is_free or bool(news.completed)
        orders = Orders()
        if is_free and waiting:
            job, is_free = waiting.pop(0), False
            cores = np.arange(4 - wanted[job % len(wanted)], 4)
            orders = Orders(starts=[(job, cores)], pstates=[(0, cores)])
    assert sum(len(news.completed) for news in told) == num_jobs
    return told
