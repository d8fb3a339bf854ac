"""A Batsim that is obviously right: exact times, plain lists, and no hint of what the scheduler believes.

Jobs run at the speed that the P-states of their cores allow, as these were ordered, and power is that of the
P-states, likewise.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from hdeeprm.platforms import Platform
from hdeeprm.simulator.batsim.peer import EpisodeJobs, JobResults, News, Orders

FLOP_PER_MFLOP = 1e6


class ToyBatsim:
    """Tells all that happens within a relative tolerance as one piece of news, and acknowledges P-states.

    Args:
        platform: Where jobs run.
        tolerance: Relative width of an instant.
    """

    name = "toy"

    def __init__(self, platform: Platform, tolerance: float = 1e-9) -> None:
        self.tolerance = tolerance
        cores = platform.processor_cores
        pad = np.zeros((len(cores), 2), np.int64)
        self.mflops = np.repeat(np.hstack([platform.processor_mflops[:, :2], pad]), cores, axis=0)
        self.milliwatts = np.repeat(platform.processor_milliwatts, cores, axis=0)
        self.closed = 0

    def begin(self, jobs: EpisodeJobs) -> None:
        """Start with all cores idle."""
        self.jobs = jobs
        self.now = 0.0
        self.pstate = np.full(len(self.mflops), 3)
        self.arrived = 0
        self.remaining: dict[int, float] = {}
        self.held: dict[int, np.ndarray] = {}
        self.core_joules = np.zeros(len(self.mflops))
        self.energy = np.full(jobs.num_jobs, np.nan)
        self.times = np.full((2, jobs.num_jobs), np.nan)
        self.acks = False
        self.done: set[int] = set()
        self.begun_joules: dict[int, float] = {}
        self.consumed_joules = 0.0

    def exchange(self, orders: Orders) -> News:
        """Carry out, then go to the next instant."""
        self._carry_out(orders)
        if self.acks:
            self.acks = False
            return News(self.now)
        if len(self.done) == self.jobs.num_jobs:
            return News(self.now, over=True)
        first = self._next_event()
        assert first < math.inf, "nothing runs, nothing arrives, and the scheduler waits"
        return self._instant(first)

    def _carry_out(self, orders: Orders) -> None:
        for job in orders.rejections:
            assert self._waits(job)
            self.done.add(job)
        taken = {int(core) for cores in self.held.values() for core in cores}
        for job, cores in orders.starts:
            assert self._waits(job)
            assert len(cores) == len(set(cores.tolist())) == self.jobs.requested_cores[job]
            assert not taken & set(cores.tolist())
            taken |= set(cores.tolist())
            self.held[job], self.remaining[job] = cores, float(self.jobs.work_flop[job])
            self.times[0, job] = self.now
            self.begun_joules[job] = self.core_joules[cores].sum()
        for pstate, cores in orders.pstates:
            self.pstate[cores] = pstate
            self.acks = True

    def _waits(self, job: int) -> bool:
        return 0 <= job < self.arrived and job not in self.held and job not in self.done

    def _speed(self, job: int) -> float:
        cores = self.held[job]
        return float(self.mflops[cores, self.pstate[cores]].min()) * FLOP_PER_MFLOP

    def _end_of(self, job: int) -> float:
        limit = self.times[0, job] + self.jobs.walltime[job]
        speed = self._speed(job)
        return min(limit, self.now + self.remaining[job] / speed) if speed else limit

    def _next_event(self) -> float:
        arrival = self.jobs.submit_time[self.arrived] if self.arrived < self.jobs.num_jobs else math.inf
        return min([arrival, *(self._end_of(job) for job in self.held)])

    def _instant(self, first: float) -> News:
        news = News(first)
        limit = first + self.tolerance * max(1.0, first)
        while self.arrived < self.jobs.num_jobs and self.jobs.submit_time[self.arrived] <= limit:
            news.submitted.append(self.arrived)
            self.arrived += 1
        ends = {job: self._end_of(job) for job in self.held}
        news.now = max(
            [first, *self.jobs.submit_time[news.submitted], *(end for end in ends.values() if end <= limit)]
        )
        self._pass(news.now)
        for job in [job for job, end in ends.items() if end <= limit]:
            news.completed.append((job, self._complete(job)))
        return news

    def _pass(self, now: float) -> None:
        elapsed = now - self.now
        self.core_joules += self.milliwatts[np.arange(len(self.pstate)), self.pstate] / 1000.0 * elapsed
        for job in self.held:
            self.remaining[job] -= self._speed(job) * elapsed
        self.now = now

    def _complete(self, job: int) -> bool:
        """Whether the job has done its work."""
        in_time = self.remaining[job] <= 1e-6 * self._speed(job)
        self.times[1, job] = self.now
        self.energy[job] = self.core_joules[self.held.pop(job)].sum() - self.begun_joules[job]
        self.done.add(job)
        self.consumed_joules = float(self.core_joules.sum())
        return bool(in_time)

    def results(self) -> JobResults:
        """What became of the jobs."""
        assert len(self.done) == self.jobs.num_jobs
        return JobResults(*self.times.round(6), self.energy.round(6), round(self.consumed_joules, 6))

    def snapshot(self) -> dict[str, Any]:
        """All that changes."""
        return {"state": np.array([copy.deepcopy(self.__dict__)], object)}

    def restore(self, state: dict[str, Any]) -> None:
        """Come back to a state."""
        self.__dict__.update(copy.deepcopy(state["state"][0]))

    def close(self) -> None:
        """Count how often it was closed."""
        self.closed += 1
