"""PyBatsim turned inside out: who decides calls it, instead of being called by it.

PyBatsim receives a message, calls the scheduler back and answers, all in one function. Here its network holds
the answer back until the next message is wanted. In between the orders are given, which PyBatsim adds to the
very answer that is held back.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdeeprm.errors import BatsimError, not_installed

from .held_replies import HeldReplies, understood
from .peer import Cores, News, Orders

try:
    import zmq
    from batsim.batsim import Batsim, BatsimScheduler, Job
    from procset import ProcSet
except ModuleNotFoundError as error:
    raise not_installed("driving Batsim", str(error.name), "batsim") from error

WORKLOAD = "w0"
"""Batsim's name of its first workload."""

_quiet = logging.getLogger("hdeeprm.pybatsim")
_quiet.setLevel(logging.WARNING)  # PyBatsim reports every message


class Listener(BatsimScheduler):
    """A scheduler that only notes what PyBatsim calls it for."""

    def __init__(self, options: dict[str, Any] | None = None) -> None:
        super().__init__(options or {})
        self._places: dict[str, int] = {}
        self._look: Callable[[int, Job], None] = lambda place, job: None
        self.news = News(0.0)

    def expect(self, job_ids: Sequence[str], look: Callable[[int, Job], None] | None = None) -> None:
        """Name the jobs that will be told of.

        Args:
            job_ids: Their ids in Batsim's workload, in our order.
            look: Called with each job that is submitted and its place; may raise.
        """
        self._places = {f"{WORKLOAD}!{job_id}": place for place, job_id in enumerate(job_ids)}
        self._look = look or self._look

    def onJobSubmission(self, job: Job) -> None:
        """Note a submission."""
        place = self._place(job)
        self._look(place, job)
        self.news.submitted.append(place)

    def onJobCompletion(self, job: Job) -> None:
        """Note an end, and whether it was a good one."""
        self.news.completed.append((self._place(job), job.job_state is Job.State.COMPLETED_SUCCESSFULLY))

    def onMachinePStateChanged(self, nodeid: tuple[int, int], pstate: str) -> None:
        """Nothing: P-states change as ordered, at once."""

    def onSimulationEnds(self) -> None:
        """Note the end."""
        self.news.over = True

    def _place(self, job: Job) -> int:
        place = self._places.get(job.id)
        if place is None:
            raise BatsimError(
                f"Batsim tells of job {job.id!r}, which the workload of the options does not have; give both "
                "the same workload"
            )
        return place


class Dialogue:
    """A simulation under way, seen by who decides.

    Args:
        simulation: PyBatsim's object, whose scheduler ``listener`` is.
        listener: What it calls back.
        job_ids: Ids of the jobs in Batsim's workload, in our order.
    """

    def __init__(self, simulation: Batsim, listener: Listener, job_ids: Sequence[str]) -> None:
        self._simulation = simulation
        self._listener = listener
        self._names = [f"{WORKLOAD}!{job_id}" for job_id in job_ids]

    @property
    def now(self) -> float:
        """Time of the last message, in s."""
        return float(self._simulation.time())

    @property
    def next_time(self) -> float:
        """Time of the next message, in s; the reply to the one before is sent."""
        return float(self._simulation.network.peek()["now"])

    @property
    def machines(self) -> list[str]:
        """Names of Batsim's machines by their id."""
        with understood("SIMULATION_BEGINS"):
            named = {machine["id"]: machine["name"] for machine in self._simulation.machines["compute"]}
            return [named[core] for core in range(len(named))]

    def next_is_end(self, orders: Orders) -> bool:
        """Give orders, and say whether the next message, which stays the next, is the last one."""
        self._give(orders)
        message = self._simulation.network.peek()
        with understood(message):
            return any(event["type"] == "SIMULATION_ENDS" for event in message["events"])

    def listen(self) -> News:
        """What the next message tells; the reply to the one before is sent."""
        message = self._simulation.network.peek()
        news = self._listener.news = News(message["now"])
        with understood(message):
            self._simulation.do_next_event()
        return news

    def exchange(self, orders: Orders) -> News:
        """Give orders, and hear what happens next."""
        self._give(orders)
        return self.listen()

    def _give(self, orders: Orders) -> None:
        simulation, jobs = self._simulation, self._simulation.jobs
        if orders.rejections:
            simulation.reject_jobs([jobs[self._names[job]] for job in orders.rejections])
        started = []
        for job, cores in orders.starts:
            started.append(jobs[self._names[job]])
            started[-1].allocation = core_set(cores)
        simulation.execute_jobs(started)
        for pstate, cores in orders.pstates:
            simulation.set_resource_state(core_set(cores), pstate)


class Simulation(Batsim):
    """PyBatsim's object over a port that the operating system chooses, made before Batsim is started.

    Raises:
        BatsimError: If no port can be had.
    """

    ENDPOINT = "tcp://127.0.0.1:*"
    LINGER_MS = 1000
    """How long a last reply may take to be on its way."""
    network: Any
    _is_made = False

    def __init__(self, listener: Listener) -> None:
        limit = sys.getrecursionlimit()
        try:
            super().__init__(listener, self.ENDPOINT, timeout=0)
        except zmq.ZMQError as error:
            self.network.context.destroy(linger=0)
            raise BatsimError(
                f"{self.ENDPOINT}: no port can be had for Batsim: {error}; close other programs' connections"
            ) from error
        finally:
            sys.setrecursionlimit(limit)  # which PyBatsim raises
        self._is_made = True
        self.logger = self.network.logger = listener.logger = _quiet
        self.socket = self.network.connection
        self.context = self.network.context
        self.socket.LINGER = self.LINGER_MS

    def hold_replies(self, wait: Callable[[], None]) -> None:
        """Turn it inside out; ``wait`` is called before a message is received."""
        self.network = HeldReplies(self.network, wait)

    def _read_bat_msg(self) -> bool:
        # The constructor asks for the first message, which nobody sends yet.
        return bool(super()._read_bat_msg()) if self._is_made else True


def core_set(cores: Cores) -> ProcSet:
    """Cores, ascending, as PyBatsim takes them.

    ProcSet adds intervals one by one, each in linear time; uniting pairs, and pairs of
    pairs, saves most of it.
    """
    gaps = np.flatnonzero(np.diff(cores) != 1)
    firsts, lasts = cores[np.append(0, gaps + 1)].tolist(), cores[np.append(gaps, -1)].tolist()
    sets = [ProcSet(bounds) for bounds in zip(firsts, lasts, strict=True)]
    while len(sets) > 1:
        sets = [one | other for one, other in zip(sets[::2], sets[1::2], strict=False)] + sets[
            len(sets) & ~1 :
        ]
    return sets[0]
