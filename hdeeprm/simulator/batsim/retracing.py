"""A Batsim that comes back to an earlier state: by doing all of it again, which takes the same course."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hdeeprm.simulator.kernel.tables import Integers

from .peer import Cores, EpisodeJobs, JobResults, News, Orders, Peer

START, PSTATE, REJECTION = range(3)
_JOB_COLUMNS = ("submit_time", "requested_cores", "work_flop", "walltime")
_NO_JOBS = EpisodeJobs(np.zeros(0), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


class RetracingPeer:
    """Passes everything on to a Batsim, and remembers the orders of the simulation under way.

    Args:
        peer: The Batsim.
    """

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.name = peer.name
        self._jobs = _NO_JOBS
        self._orders: list[Orders] = []

    def begin(self, jobs: EpisodeJobs) -> None:
        """Start a simulation; an unfinished one is given up."""
        self._jobs, self._orders = jobs, []
        self.peer.begin(jobs)

    def exchange(self, orders: Orders) -> News:
        """Have orders carried out and let time pass until something is told."""
        news = self.peer.exchange(orders)
        self._orders.append(orders)
        return news

    def results(self) -> JobResults:
        """What became of the jobs, once the news said that it is over."""
        return self.peer.results()

    def close(self) -> None:
        """Give up an unfinished simulation and everything it holds."""
        self.peer.close()

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """What leads to the present state: the jobs, and all orders so far."""
        rows, cores = _as_arrays(self._orders)
        state = {column: np.asarray(getattr(self._jobs, column)) for column in _JOB_COLUMNS}
        return state | {"orders": rows, "cores": cores, "exchanges": np.array([len(self._orders)])}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Begin anew, and give the same orders again."""
        jobs = EpisodeJobs(**{column: state[column] for column in _JOB_COLUMNS})
        if jobs.num_jobs == 0:
            self.close()
            return
        self.begin(jobs)
        for orders in _from_arrays(int(state["exchanges"][0]), state["orders"], state["cores"]):
            self.exchange(orders)


def _as_arrays(exchanges: Iterable[Orders]) -> tuple[Integers, Cores]:
    """Orders as rows of exchange, kind, subject and number of cores; and all cores, one after the other."""
    rows: list[tuple[int, int, int, int]] = []
    cores: list[Cores] = [np.zeros(0, np.int64)]
    for place, orders in enumerate(exchanges):
        rows += [(place, REJECTION, job, 0) for job in orders.rejections]
        for kind, pairs in ((START, orders.starts), (PSTATE, orders.pstates)):
            rows += [(place, kind, subject, len(members)) for subject, members in pairs]
            cores += [members for _, members in pairs]
    return np.array(rows, np.int64).reshape(-1, 4), np.concatenate(cores)


def _from_arrays(num_exchanges: int, rows: Integers, cores: Cores) -> list[Orders]:
    exchanges = [Orders() for _ in range(num_exchanges)]
    end = 0
    for place, kind, subject, count in rows.tolist():
        members, end = cores[end : end + count], end + count
        if kind == REJECTION:
            exchanges[place].rejections.append(subject)
        else:
            pairs = exchanges[place].starts if kind == START else exchanges[place].pstates
            pairs.append((subject, members))
    return exchanges
