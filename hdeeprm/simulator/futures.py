"""Imagined futures of a simulation, and what each action would come to in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .embedded import EmbeddedSimulator
from .kernel import episode, planning, tables
from .kernel.processors import FLOP_PER_MFLOP
from .kernel.randomness import MODULUS_2
from .kernel.tables import Floats, Integers, Simulation, Table
from .layout import build_simulation, side_by_side

LEAST_WORK_LEFT = 1e-3
"""Share of its requested work that a job which outlasts all precedents is taken to have left."""


@dataclass(frozen=True)
class Outlook:
    """What a look ahead has found.

    Args:
        scores: Mean over the futures of what the objective comes to if the base pair takes over after each
            action, float64, shape (actions,); -inf where an action is masked. Where all actions come to the
            same thing now, nothing was simulated and all are 0.
        groups: Number of the first action that does the same as each now, -1 where it is masked, shape
            (actions,).
    """

    scores: Floats
    groups: Integers

    @property
    def best(self) -> int:
        """The best action; the first of several."""
        return int(np.argmax(self.scores))

    @property
    def regrets(self) -> Floats:
        """What each action loses against the best one, float64, shape (actions,); 0 where it is masked."""
        return np.where(self.groups >= 0, self.scores[self.best] - self.scores, 0.0)

    @property
    def acceptable(self) -> npt.NDArray[np.int8]:
        """The actions that do what the best one does, 1 or 0, int8, shape (actions,)."""
        alike: npt.NDArray[np.bool_] = self.groups == self.groups[self.best]
        return alike.astype(np.int8)


class Futures:
    """Simulates what may come after each action, without looking at what will come.

    Run times are drawn from the share of their request that ended jobs have needed, for a running job from
    the shares above what it has done; arrivals with their requests from the jobs seen: those of the episode
    so far and, since a system has a past, those before it in the workload.

    Args:
        simulator: The present.
        codes: Job selection and core selection of each action, int64, shape (actions, 2).
        base: The pair that goes on after the action.
        num_futures: Futures that every action is tried in.
        num_arrivals: Jobs that arrive in each of them.
        num_past_jobs: Jobs before the episode that count as seen.
        rng: Source of all draws.
    """

    def __init__(
        self,
        simulator: EmbeddedSimulator,
        codes: Integers,
        base: tuple[int, int],
        *,
        num_futures: int,
        num_arrivals: int,
        num_past_jobs: int,
        rng: np.random.Generator,
    ) -> None:
        self._simulator = simulator
        self._codes = codes
        self._base = np.array(base, np.int64)
        self._num_futures = num_futures
        self._num_arrivals = num_arrivals
        self._num_past_jobs = num_past_jobs
        self._rng = rng
        self._room(num_arrivals + 64)

    def _room(self, num_jobs: int) -> None:
        """Make room for futures of so many jobs."""
        platform = self._simulator.platform
        jobs = np.zeros(num_jobs, tables.JOB)
        one = build_simulation(platform, jobs, num_jobs, recording=False, queue=self._simulator.queue)
        one.clock["episode_jobs"] = num_jobs
        episode.reset(one, np.zeros(0, np.int64))
        many = side_by_side(one, self._num_futures)
        self._stack: Simulation = many._replace(jobs=np.zeros((self._num_futures, num_jobs), tables.JOB))
        self._scratch = one

    def look(self) -> Outlook:
        """Try every action in futures drawn anew."""
        seen = _Seen.of(self._simulator, self._num_past_jobs)
        num_arrivals = self._num_arrivals if len(seen.gaps) else 0
        num_jobs = len(seen.active) + num_arrivals
        if num_jobs > self._stack.jobs.shape[1]:
            self._room(2 * num_jobs)
        remaining = self._draw_running(seen)
        self._draw_arrivals(seen, num_arrivals)
        present = self._simulator.tables
        planning.imagine(self._stack, present, seen.active, num_jobs, remaining)
        self._draw_streams()
        num_actions = len(self._codes)
        groups = np.zeros(2 * num_actions, np.int64)
        scores = np.zeros((self._num_futures, num_actions))
        planning.evaluate(self._stack, self._scratch, present, self._codes, self._base, groups, scores)
        return _outlook(scores, groups[:num_actions])

    def _draw_running(self, seen: _Seen) -> Floats:
        """Fill in the jobs in the system; the work that running ones have left, (futures, active jobs)."""
        count = len(seen.active)
        jobs = self._stack.jobs[:, :count]
        jobs[...] = seen.jobs[seen.active_rows]
        jobs["submit_time"] = seen.submit_time
        requested = seen.jobs["requested_work_flop"][seen.active_rows]
        least = np.divide(seen.done_flop, requested, out=np.zeros(count), where=requested > 0.0)
        below = np.where(seen.done_flop > 0.0, np.searchsorted(seen.shares, least, side="right"), 0)
        spread = len(seen.shares) - below
        drawn = below + (self._rng.random((self._num_futures, count)) * np.maximum(spread, 1)).astype(int)
        share = np.where(
            spread > 0, seen.shares[np.minimum(drawn, len(seen.shares) - 1)], least + LEAST_WORK_LEFT
        )
        jobs["work_flop"] = share * requested
        return np.asarray(np.maximum(0.0, share * requested - seen.done_flop))

    def _draw_streams(self) -> None:
        """Give each future its own random stream: what the system will draw is not known either."""
        streams = self._rng.integers(1, MODULUS_2, size=(6, self._num_futures))
        for place, numbers in enumerate(streams, start=1):
            self._stack.clock[f"random_{place}"][:, 0] = numbers

    def _draw_arrivals(self, seen: _Seen, num_arrivals: int) -> None:
        """Fill in the jobs to come."""
        if num_arrivals == 0:
            return
        count, shape = len(seen.active), (self._num_futures, num_arrivals)
        jobs = self._stack.jobs[:, count : count + num_arrivals]
        jobs[...] = seen.jobs[self._rng.integers(len(seen.jobs), size=shape)]
        gaps = seen.gaps[self._rng.integers(len(seen.gaps), size=shape)]
        jobs["submit_time"] = self._simulator.now + np.cumsum(gaps, axis=1)
        shares = seen.shares[self._rng.integers(len(seen.shares), size=shape)]
        jobs["work_flop"] = shares * jobs["requested_work_flop"]


@dataclass(frozen=True)
class _Seen:
    """What may be known at a decision point."""

    jobs: Table  # (seen jobs,) JOB; true run times are in work_flop, which is drawn anew
    active: Integers  # (active jobs,) waiting and running jobs of the episode, by age
    active_rows: Integers  # (active jobs,) their rows in jobs
    submit_time: Floats  # (active jobs,) s
    done_flop: Floats  # (active jobs,) per core; 0 while a job waits
    shares: Floats  # sorted shares of their requested work that ended jobs have needed
    gaps: Floats  # s between arrivals

    @classmethod
    def of(cls, simulator: EmbeddedSimulator, num_past_jobs: int) -> _Seen:
        """What a simulator shows of the present and the past."""
        state = simulator.tables
        clock, first = state.clock[0], simulator.first_job
        num_arrived, begin = int(clock["next_arrival"]), max(0, first - num_past_jobs)
        progress = state.progress[:num_arrived]
        active = np.flatnonzero(
            (progress["status"] == tables.WAITING) | (progress["status"] == tables.RUNNING)
        )
        jobs = state.jobs[begin : first + num_arrived]
        times = (jobs["submit_time"] - clock["origin"]) * clock["arrival_scale"]
        return cls(
            jobs=jobs,
            active=active,
            active_rows=active + first - begin,
            submit_time=times[active + first - begin],
            done_flop=_done_flop(simulator.now, progress[active]),
            shares=_shares(state.jobs[begin:first], state.jobs[first : first + num_arrived], progress),
            gaps=np.diff(times),
        )


def _done_flop(now: float, progress: Table) -> Floats:
    """Work per core that active jobs have done."""
    since = progress["mflops"] * FLOP_PER_MFLOP * (now - progress["updated_time"])
    done = progress["done_flop"] + since
    return np.where(progress["status"] == tables.RUNNING, done, 0.0)


def _shares(past: Table, arrived: Table, progress: Table) -> Floats:
    """Sorted shares of their requested work that jobs which have ended needed; 1 where none has."""
    ended = arrived[progress["status"] == tables.SUCCESS]
    jobs = np.concatenate([past, ended])
    jobs = jobs[jobs["requested_work_flop"] > 0.0]
    shares = jobs["work_flop"] / jobs["requested_work_flop"]
    return np.sort(shares) if len(shares) else np.ones(1)


def _outlook(scores: Floats, groups: Integers) -> Outlook:
    """Give every action the mean of the group that it belongs to."""
    means = scores.mean(axis=0)[np.maximum(groups, 0)]
    return Outlook(np.where(groups >= 0, means, -np.inf), groups)
