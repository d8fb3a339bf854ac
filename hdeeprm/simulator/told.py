"""A simulator whose time is told by a Batsim: the layer of heterogeneity and decisions above it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from hdeeprm.errors import BatsimError, SimulationError
from hdeeprm.platforms import Platform
from hdeeprm.workloads.workload import Workload

from .batsim.peer import EpisodeJobs, JobResults, News, Orders, Peer
from .embedded import EmbeddedSimulator, Snapshot
from .kernel import tables, told
from .kernel.tables import Integers, Simulation
from .protocol import JobStatus, Records


@dataclass(frozen=True)
class ToldSnapshot(Snapshot):
    """The state of the layer and that of its Batsim, as of :mod:`hdeeprm.simulator.batsim.retracing`."""

    peer: Any
    ended: bool


class ToldSimulator(EmbeddedSimulator):
    """Decides as a scheduler of a Batsim: is told what happens, and orders starts and P-states.

    Where jobs are, what they compete for, what is observed and what is rewarded is kept in the same tables as
    of the exact simulator, at the times that are told. Once an episode is over, the times and the energy of
    jobs, and the energy of the platform, are those that the Batsim writes.

    Snapshots need a peer that has, besides the methods of :class:`~hdeeprm.simulator.batsim.peer.Peer`,
    ``snapshot()``, which gives its state, and ``restore(state)``.

    Args:
        peer: The Batsim.
        platform: Where jobs run.
        workload: The jobs; an episode takes all of them or a sequence.
        settings: As of :class:`EmbeddedSimulator`; what is one instant is up to the Batsim, though.

    Attributes:
        peer: The Batsim.
        ended: Whether it has told that the episode is over.
    """

    snapshot_kind = ToldSnapshot
    decisions_at_once = 20

    def __init__(self, peer: Peer, platform: Platform, workload: Workload, **settings: Any) -> None:
        super().__init__(platform, workload, **settings)
        self.peer = peer
        self._settings = settings
        # The Batsim is told of P-states, and ties are broken as by HDeepRM 0.3, whose schedules these are.
        self._clock["noting_pstates"][0] = self._clock["summing_bandwidth"][0] = 1
        self._room = _Room.of(self.tables)
        self._busy = False  # whether the peer has an episode
        self.ended = False
        self._results: JobResults | None = None

    def on_tables(self, simulation: Simulation) -> ToldSimulator:
        """A simulator like this one on other tables, which has the same peer until it is given its own."""
        other = super().on_tables(simulation)
        assert isinstance(other, ToldSimulator)
        other._room = _Room.of(simulation)
        other._busy = other.ended = False
        other._results = None
        return other

    def beside(self) -> EmbeddedSimulator:
        """An exact simulator over the same platform, jobs and objective: of pairs, without logs."""
        settings = self._settings | {"recording": False, "integrated": False, "num_choices": 0}
        return EmbeddedSimulator(self.platform, self.workload, **settings)

    # Time --------------------------------------------------------------------------------------------------

    def _run(self, pair: tuple[int, int], records: Records) -> tuple[int, int]:
        """Fill records with decisions, after going to the first decision point of a new episode."""
        taken, outcome = 0, tables.DECISION
        try:
            if self._clock["opening"][0]:
                self._begin()
                outcome = self._advance()
                self._clock["opening"][0] = 0
            while taken < len(records) and outcome == tables.DECISION:
                outcome = told.act(self.tables, *pair)
                if outcome == told.NOTHING:
                    outcome = self._advance()
                told.conclude(self.tables, records[taken : taken + 1])
                taken += 1
        except BaseException:  # a Batsim that failed or was interrupted cannot go on
            self._clock["over"][0] = 1
            raise
        return taken, outcome

    def _begin(self) -> None:
        """Have the episode's jobs simulated."""
        self.ended, self._results, self._busy = False, None, True
        first = self.first_job
        jobs = self.tables.jobs[first : first + self.num_jobs]
        columns = {name: jobs[name].copy() for name in ("requested_cores", "work_flop", "walltime")}
        self.peer.begin(EpisodeJobs(self.submit_times(), **columns))

    def _advance(self) -> int:
        """Let time pass up to the next decision point or to the end."""
        while True:
            news = self.peer.exchange(self._orders())
            outcome = self._take_in(news)
            if news.over:
                self._end()
                return tables.OVER
            if outcome == tables.DECISION:
                return outcome

    def _orders(self) -> Orders:
        """What was decided since the last orders."""
        room = self._room
        num_rejections, num_starts, num_pstates = told.write_orders(self.tables, *room)
        starts = _divided(room.starts[:num_starts], self.platform.num_cores)
        return Orders(
            starts=[(int(room.jobs[place]), cores) for place, cores in starts],
            pstates=_divided(room.pstates[:num_pstates], self.platform.num_cores),
            rejections=room.rejections[:num_rejections].tolist(),
        )

    def _take_in(self, news: News) -> int:
        """Bring the tables up to date; what that brought."""
        submitted = np.array(news.submitted, np.int64)
        completed = np.array(news.completed, np.int64).reshape(-1, 2)
        columns = completed[:, 0].copy(), completed[:, 1].copy()
        verdict, job = told.tell(self.tables, float(news.now), submitted, *columns)
        if verdict == tables.LOG_FULL:
            self._empty_logs()
            verdict, job = told.tell(self.tables, float(news.now), submitted, *columns)
        if verdict not in (tables.DECISION, told.NOTHING):
            raise BatsimError(self._contradiction(verdict, job, news.now))
        return int(verdict)

    def _contradiction(self, verdict: int, job: int, now: float) -> str:
        """What is wrong with news."""
        if verdict == told.BACKWARDS:
            return f"Batsim tells of {now:g} s after {self.now:g} s; time must not go back"
        if verdict == told.OUT_OF_TURN:
            turn = self._integer("next_arrival")
            due = self._named(turn) if turn < self.num_jobs else "there is none"
            return f"at {now:g} s Batsim submits {self._named(job)}; next in the order of submission: {due}"
        return f"at {now:g} s Batsim completes {self._named(job)}, which does not run"

    def _named(self, job: int) -> str:
        """A job of the episode and where it is."""
        if not 0 <= job < self.num_jobs:
            return f"job {job}, but there are jobs 0 to {self.num_jobs - 1}"
        status = JobStatus(int(self.tables.progress["status"][job]))
        return f"job {job} (id {self.workload.job_ids[self.first_job + job]}, {status.name.lower()})"

    def _end(self) -> None:
        """Take in that the episode is over."""
        to_come = self.num_jobs - self._integer("next_arrival")
        if self.num_waiting or self.num_running or to_come:
            raise BatsimError(
                f"Batsim ends at {self.now:g} s, but {self.num_waiting} jobs wait, {self.num_running} run "
                f"and {to_come} are not submitted yet"
            )
        told.end(self.tables)
        self.ended = True

    def place(self, job: int, cores: Integers, time: float | None = None) -> None:
        """Start a waiting job of the episode on given cores, as a part of the next decision.

        Args:
            job: Index of the job in the episode.
            cores: Its cores, as many as it asks for.
            time: The present, which is the default.

        Raises:
            SimulationError: If the job does not wait, the cores cannot be had, or another time is given.
        """
        if time is not None and time != self.now:
            raise SimulationError(
                f"job {job} cannot start at {time:g} s: Batsim starts jobs now, at {self.now:g} s; leave out "
                "the time, or use the exact clock"
            )
        super().place(job, cores)

    @property
    def name(self) -> str:
        """What makes time pass, for those who read the results."""
        return self.peer.name

    # Results -----------------------------------------------------------------------------------------------

    def _written(self) -> JobResults:
        """What the Batsim has written of an episode that is over."""
        if self._results is None:
            self._results = self.peer.results()
        return self._results

    def job_records(self) -> Records:
        """What has become of each job, as of :meth:`EmbeddedSimulator.job_records`."""
        records = super().job_records()
        if self.ended:
            results = self._written()
            ran = np.isin(records["status"], (JobStatus.SUCCESS, JobStatus.WALLTIME_REACHED))
            records["start_time"][ran] = results.start_time[ran]
            records["end_time"][ran] = results.finish_time[ran]
            tells_energy = ran & np.isfinite(results.energy_joules)
            records["energy_mj"][tells_energy] = results.energy_joules[tells_energy] * 1000.0
        return records

    @property
    def energy_joules(self) -> float:
        """Energy of the platform since the first submission, in J."""
        if self.ended and math.isfinite(self._written().consumed_joules):
            return self._written().consumed_joules
        return super().energy_joules

    def write_summary(self, out: Records) -> None:
        """Write the summary into a record, shape (1,)."""
        super().write_summary(out)
        out["energy_joules"] = self.energy_joules

    # States ------------------------------------------------------------------------------------------------

    def snapshot(self) -> ToldSnapshot:
        """The present state, to come back to with :meth:`restore`.

        Raises:
            BatsimError: If the Batsim cannot go back.
        """
        peer = rewindable(self.peer).snapshot()
        state = super().snapshot()
        return ToldSnapshot(
            state.tables, state.over, state.placements, state.oversubscriptions, peer, self.ended
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Come back to a state of this simulator, or of one over the same platform and jobs.

        Raises:
            SimulationError: If the snapshot is of another platform, workload or kind of simulator.
            BatsimError: If the Batsim cannot go back.
        """
        if not isinstance(snapshot, ToldSnapshot):
            raise SimulationError("the snapshot is of a simulator on another clock; restore one of this one")
        rewindable(self.peer)
        super().restore(snapshot)
        self.go_back(snapshot.peer, snapshot.ended)

    def go_back(self, state: Any, ended: bool) -> None:
        """Bring the Batsim to a state, the tables being there already.

        Args:
            state: A state of the peer.
            ended: Whether it had told that the episode is over.

        Raises:
            BatsimError: If the Batsim cannot go back.
        """
        rewindable(self.peer).restore(state)
        self._busy, self.ended, self._results = True, ended, None

    def close(self) -> None:
        """Give up the Batsim and an unfinished episode; the next reset starts anew."""
        if self._busy:
            self._busy = False
            self._clock["over"][0] = 1
            self.peer.close()


def rewindable(peer: Peer) -> Any:
    """The peer, where it can go back to a state.

    Raises:
        BatsimError: If it cannot.
    """
    if not hasattr(peer, "snapshot"):
        raise BatsimError(
            "a Batsim started by hand cannot go back to a state; for that let one be started: "
            "hdeeprm-launch --simulator batsim"
        )
    return peer


class _Room(NamedTuple):
    """Where the kernel writes orders."""

    rejections: Integers
    jobs: Integers
    starts: Integers
    pstates: Integers

    @classmethod
    def of(cls, simulation: Simulation) -> _Room:
        """Room for the orders of one instant."""
        num_cores = len(simulation.segments)
        return cls(
            np.empty(len(simulation.progress), np.int64),
            *(np.empty(num_cores, np.int64) for _ in range(3)),
        )


def _divided(numbers: Integers, num_cores: int) -> list[tuple[int, Integers]]:
    """Cores by what they are for, from core + ``num_cores`` x number of that; which are sorted hereby."""
    if not len(numbers):
        return []
    numbers.sort()
    parts = range(int(numbers[0]) // num_cores, int(numbers[-1]) // num_cores + 1)
    ends = np.searchsorted(numbers, [num_cores * (part + 1) for part in parts]).tolist()
    bounds = zip(parts, [0, *ends], ends, strict=False)
    return [(part, numbers[first:end] - part * num_cores) for part, first, end in bounds if first < end]
