"""The embedded simulator: the kernel's tables with a Python face."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hdeeprm.errors import SimulationError
from hdeeprm.platforms import Platform
from hdeeprm.workloads.workload import Workload

from .gauges import Gauges, clock_views
from .kernel import episode, snapshots, tables
from .kernel.tables import Simulation
from .layout import (
    NO_STREAM,
    arrival_scales,
    build_simulation,
    job_table,
    random_stream,
    same_platform_and_jobs,
)
from .logs import JOB_RECORD, OVERSUBSCRIPTION, joined, joined_placements, packed_as
from .protocol import Objective, Records
from .queue_rules import QueueRules

_STREAM = tuple(f"random_{place}" for place in range(1, 7))
_REFUSALS = {
    episode.NOT_WAITING: "it is not waiting",
    episode.WRONG_NUMBER: "it asks for another number of cores",
    episode.CORE_TAKEN: "a core is taken or named twice",
    episode.NO_MEMORY: "a node has not enough free memory",
    episode.TOO_LATE: "something else happens before",
}


@dataclass(frozen=True)
class Snapshot:
    """The state of a simulation at a decision point."""

    tables: Simulation
    over: bool
    placements: tuple[Records, ...]
    oversubscriptions: tuple[Records, ...]


class EmbeddedSimulator(Gauges):
    """Simulates a workload on a platform in this process; by itself on the clock *exact*.

    Args:
        platform: Where jobs run.
        workload: The jobs; an episode takes all of them or a sequence.
        objective: What rewards are about.
        integrated: Whether rewards add up to the objective of the episode instead of telling its rate now.
        recording: Whether placements and over-subscriptions are kept.
        max_jobs: The longest episode, all jobs by default.
        tolerance: Events within ``tolerance`` x max(1, now) s are one instant.
        queue_sensitivity: The relative change of the queue that saturates its observation.
        num_choices: How many of the oldest waiting jobs are actions of their own, 0 where actions are pairs.
            A decision point is then an instant at which one of them fits.
        load: What each episode of ``max_jobs`` jobs is to offer, by stretching its arrivals; None leaves
            them.
        queue: How the queue is served, and the scores that job selections rank by.
    """

    STATE = ("clock", "progress", "segments", "nodes", "processors", "words", "waiting", "ranks")
    """The tables that a state consists of, with those of reservations; others are fixed, derived, scratch."""
    snapshot_kind: type[Snapshot] = Snapshot
    decisions_at_once = 2000
    """Decisions between two looks at the progress and at the keyboard."""

    def __init__(
        self,
        platform: Platform,
        workload: Workload,
        *,
        objective: Objective = Objective.avg_job_slowdown,
        integrated: bool = False,
        recording: bool = False,
        max_jobs: int | None = None,
        tolerance: float = 1e-9,
        queue_sensitivity: float = 0.05,
        num_choices: int = 0,
        load: float | None = None,
        queue: QueueRules | None = None,
    ) -> None:
        self.platform = platform
        self.workload = workload
        self._max_jobs = max_jobs or workload.num_jobs
        jobs = job_table(platform, workload)
        if load is not None:
            jobs["arrival_scale"] = arrival_scales(platform, workload, self._max_jobs, load)
        self.queue = queue or QueueRules()
        self._take_tables(build_simulation(platform, jobs, self._max_jobs, recording, self.queue))
        self.queue.write(self.tables.clock, platform, workload)
        self.job_limits = np.array(astuple(workload.job_limits))
        self._clock["objective"][0] = objective
        self._clock["integrated"][0] = integrated
        self._clock["tolerance"][0] = tolerance
        self._clock["queue_sensitivity"][0] = queue_sensitivity
        self._clock["num_choices"][0] = num_choices
        self._no_records = np.zeros(0, tables.DECISION_RECORD)
        self._one_record = np.zeros(1, tables.DECISION_RECORD)
        self._summary = np.zeros(1, tables.SUMMARY)
        self._placements: list[Records] = []
        self._oversubscriptions: list[Records] = []

    def _take_tables(self, simulation: Simulation) -> None:
        self.tables = simulation
        self._clock = clock_views(simulation.clock)

    def on_tables(self, simulation: Simulation) -> EmbeddedSimulator:
        """A simulator like this one on other tables, which it does not copy."""
        other = copy(self)
        other._take_tables(simulation)
        other._one_record = self._one_record.copy()
        other._placements, other._oversubscriptions = [], []
        return other

    def beside(self) -> EmbeddedSimulator:
        """Another simulator over the same platform, jobs and objective: of pairs, without logs."""
        simulation = build_simulation(
            self.platform, self.tables.jobs, self._max_jobs, recording=False, queue=self.queue
        )
        self.queue.write(simulation.clock, self.platform, self.workload)
        for name in ("objective", "tolerance", "queue_sensitivity"):
            simulation.clock[name] = self._clock[name]
        return self.on_tables(simulation)

    def __getstate__(self) -> dict[str, Any]:
        """All but the views, which a copy makes of its own tables."""
        return {name: value for name, value in self.__dict__.items() if name != "_clock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._clock = clock_views(self.tables.clock)

    @property
    def name(self) -> str:
        """What makes time pass, for those who read the results."""
        return "embedded"

    def reset(
        self,
        first_job: int | tuple[int, int] = 0,
        num_jobs: int | None = None,
        seed: int | None = None,
    ) -> None:
        """Empty the platform and go to the first decision point of an episode.

        Args:
            first_job: Index of the episode's first job, whose submission is time 0; or the first and the last
                index to draw it from, all equally likely.
            num_jobs: How many jobs the episode has; all from ``first_job`` by default.
            seed: Seed of random draws, of the first job or by selections; None lets them go on.

        Raises:
            SimulationError: If the episode has more jobs than the simulator was built for.
        """
        first, last = first_job if isinstance(first_job, tuple) else (first_job, first_job)
        num_jobs = self.workload.num_jobs - last if num_jobs is None else num_jobs
        self.check_range(first, last, num_jobs)
        for name, value in (("first_start", first), ("last_start", last), ("episode_jobs", num_jobs)):
            self._clock[name][0] = value
        self.next_episode(NO_STREAM if seed is None else random_stream(seed))

    def next_episode(self, stream: tables.Integers = NO_STREAM) -> None:
        """Start an episode of as many jobs as the last one, from a start drawn from the same range.

        Args:
            stream: What the random stream starts anew with, int64, shape (6,); empty: it goes on.
        """
        self._placements.clear()
        self._oversubscriptions.clear()
        episode.reset(self.tables, stream)
        self._check_scores()
        self._see(self._run((tables.VOID, tables.VOID), self._no_records)[1])

    def close(self) -> None:
        """Give up what is held outside of this object: here nothing."""

    def check_range(self, first: int, last: int, num_jobs: int) -> None:
        """Refuse episodes that do not fit.

        Args:
            first: The first job that they may start at.
            last: The last one.
            num_jobs: Number of jobs of each.

        Raises:
            SimulationError: If one has no jobs, goes beyond the workload, or is too long for this simulator.
        """
        if not 0 <= first <= last or not 0 < num_jobs <= min(self._max_jobs, self.workload.num_jobs - last):
            raise SimulationError(
                f"an episode of {num_jobs} jobs from job {last} does not fit: the workload has "
                f"{self.workload.num_jobs} jobs and the simulator was built for episodes of {self._max_jobs}"
            )

    def run(self, pair: tuple[int, int], limit: int = 1) -> Records:
        """Take one action at up to ``limit`` decision points.

        Args:
            pair: Job selection and core selection, or (-1, -1) for the void action.
            limit: Number of decisions after which to return.

        Returns:
            A record per decision, shape (decisions,): ``time`` s, ``num_waiting`` before it, ``num_started``,
            ``blocked_by``, ``reward``.

        Raises:
            SimulationError: If nothing was started where nothing else can happen, or the episode is over.
        """
        self._check_open()
        records = np.zeros(limit, tables.DECISION_RECORD)
        taken, outcome = self._run(pair, records)
        self._see(outcome)
        return records[:taken]

    def step(self, pair: tuple[int, int]) -> float:
        """Take one action at this decision point, go to the next one, and return the reward.

        Raises:
            SimulationError: As of :meth:`run`.
        """
        self._check_open()
        self._see(self._run(pair, self._one_record)[1])
        return self._float("decision_reward")

    def last_decision(self) -> Records:
        """A copy of the record of the last :meth:`step`, shape (1,), as of :meth:`run`."""
        return self._one_record.copy()

    def _check_open(self) -> None:
        if self.over:
            raise SimulationError("the episode is over; reset to start another one")

    def _run(self, pair: tuple[int, int], records: Records) -> tuple[int, int]:
        """Fill records with decisions, emptying the logs as often as they are full."""
        taken, outcome = episode.run(self.tables, pair[0], pair[1], records)
        while outcome == tables.LOG_FULL:
            self._empty_logs()
            more, outcome = episode.run(self.tables, pair[0], pair[1], records[taken:])
            taken += more
        return taken, outcome

    def _see(self, outcome: int) -> None:
        """Take in what time brought."""
        self._check_scores()
        self._clock["over"][0] = outcome != tables.DECISION
        if outcome == tables.STALLED:
            raise SimulationError(
                f"stalled at {self.now:g} s: {self.num_waiting} jobs wait, none runs and none will arrive, "
                "and the action started none; the void action is masked here"
            )

    def _check_scores(self) -> None:
        """Refuse a score that is not a finite number.

        Raises:
            OptionsError: If a job has such a score.
        """
        if self.queue.scores and self._clock["undefined_job"][0] != tables.NONE:
            self._clock["over"][0] = 1
            own = self.tables
            raise self.queue.undefined(own.clock, own.jobs, own.progress, self.workload)

    def place(self, job: int, cores: npt.NDArray[np.int64], time: float | None = None) -> None:
        """Start a waiting job of the episode on given cores, as a part of the next decision.

        Args:
            job: Index of the job in the episode.
            cores: Its cores, as many as it asks for.
            time: When it starts, in s: now by default, or a later time before anything else happens.

        Raises:
            SimulationError: If the job does not wait, the cores cannot be had, or an event comes before.
        """
        time = self.now if time is None else time
        if not 0 <= job < self.num_jobs:
            raise SimulationError(f"job {job} is not from 0 to {self.num_jobs - 1}")
        if len(np.unique(cores)) != len(cores) or not np.all(
            (cores >= 0) & (cores < self.platform.num_cores)
        ):
            verdict = episode.CORE_TAKEN
        else:
            wanted = np.zeros(self.platform.num_nodes, np.int64)
            verdict = episode.place(self.tables, job, np.asarray(cores, np.int64), float(time), wanted)
        if verdict != episode.PLACED:
            raise SimulationError(f"job {job} cannot start at {time:g} s: {_REFUSALS[verdict]}")

    def observe(self, kind: int, out: npt.NDArray[np.float32]) -> None:
        """Write an observation of the present state into ``out``, float32 in [0, 1].

        Raises:
            SimulationError: If no episode was started.
        """
        if self.num_jobs == 0:
            raise SimulationError("there is nothing to observe before the first reset")
        episode.observe(self.tables, kind, self.job_limits, out)

    def write_mask(self, codes: tables.Integers, out: npt.NDArray[np.int8]) -> None:
        """Write 1 into ``out`` for each action that is allowed now, else 0.

        Args:
            codes: Job selection and core selection of each action, int64, shape (actions, 2).
            out: int8, shape (actions,).
        """
        episode.mask(self.tables, codes, out)

    def fits(self, job_selection: int) -> bool:
        """Whether the waiting job that a selection picks, other than *random*, fits whole now."""
        return bool(episode.fits(self.tables, job_selection))

    def allows(self, job_selection: int) -> bool:
        """Whether an action with this job selection is not masked."""
        return bool(episode.allows(self.tables, job_selection))

    def submit_times(self) -> tables.Floats:
        """When each job of the episode is submitted, in s since the first, float64, shape (jobs,)."""
        first = self.first_job
        times = self.workload.submit_time[first : first + self.num_jobs]
        return np.asarray((times - times[:1]) * self._float("arrival_scale"))

    def summary(self) -> dict[str, float]:
        """What the episode has come to so far, means over the jobs that have ended.

        ``objective`` as an integrated reward adds it up, ``avg_wait`` s, ``avg_turnaround`` s,
        ``avg_bounded_slowdown``, ``utilization``, ``makespan`` s, ``energy_joules``.
        """
        self.write_summary(self._summary)
        return {name: float(self._summary[name][0]) for name in tables.SUMMARY.names or ()}

    def write_summary(self, out: Records) -> None:
        """Write the :meth:`summary` into a record, shape (1,)."""
        episode.summary(self.tables, out)

    def snapshot(self) -> Snapshot:
        """The present state, to come back to with :meth:`restore`; copies a few arrays."""
        if self._clock["recording"][0]:
            self._empty_logs()
        empty: dict[str, Any] = {name: np.empty_like(getattr(self.tables, name)) for name in self.STATE}
        if self.tables.queue:
            reservations = np.empty_like(self.tables.queue.reservations)
            empty["queue"] = self.tables.queue._replace(reservations=reservations)
        saved = self.tables._replace(**empty)
        saved.clock["num_segments"] = 0
        snapshots.save(saved, self.tables)
        return Snapshot(saved, self.over, tuple(self._placements), tuple(self._oversubscriptions))

    def restore(self, snapshot: Snapshot) -> None:
        """Come back to a state of this simulator, or of one over the same platform and jobs.

        Settings such as the objective are part of it.

        Raises:
            SimulationError: If the snapshot is of another platform or workload.
        """
        if not same_platform_and_jobs(self.tables, snapshot.tables):
            raise SimulationError(
                "the snapshot is of another platform or workload; restore one of this simulator"
            )
        snapshots.restore(self.tables, snapshot.tables)
        self._clock["over"][0] = snapshot.over
        self._placements = list(snapshot.placements)
        self._oversubscriptions = list(snapshot.oversubscriptions)

    @property
    def random_stream(self) -> dict[str, int]:
        """State of the random draws, numbers by name; what is set goes on from there."""
        return {name: self._integer(name) for name in _STREAM}

    @random_stream.setter
    def random_stream(self, numbers: Mapping[str, int]) -> None:
        for name in _STREAM:
            self._clock[name][0] = numbers[name]

    def count_invalid_action(self) -> None:
        """Note that a masked action was replaced."""
        self._clock["invalid_actions"][0] += 1

    def may_wait(self) -> bool:
        """Whether time brings something even if nothing is started; if not, the void action is masked."""
        return bool(
            self._integer("num_running") > 0 or self._integer("next_arrival") < self._integer("num_jobs")
        )

    def job_records(self) -> Records:
        """What has become of each job, shape (jobs of the episode,).

        Fields: ``status``, ``start_time`` and ``end_time`` in s, ``energy_mj`` in mJ, ``sequence`` of starts;
        times mean something only once the job has started.
        """
        return packed_as(JOB_RECORD, self.tables.progress[: self._integer("num_jobs")])

    def node_records(self) -> Records:
        """A copy of each node's state, shape (nodes,).

        Fields: ``num_cores``, ``free_cores``, ``memory_kb``, ``free_memory`` in KB.
        """
        return self.tables.nodes.copy()

    def _empty_logs(self) -> None:
        """Take over what the kernel has logged, packed."""
        log, clock = self.tables.log, self._clock
        self._placements.append(joined_placements(log[: self._integer("num_placements")]))
        oversubscriptions = log[: self._integer("num_oversubscriptions")]
        self._oversubscriptions.append(packed_as(OVERSUBSCRIPTION, oversubscriptions))
        clock["num_placements"][0] = clock["num_oversubscriptions"][0] = 0

    def placements(self) -> Records:
        """Intervals of cores that jobs got, if recording, by job: ``job``, ``first_core``, ``last_core``."""
        self._empty_logs()
        self._placements = [joined_placements(joined(self._placements))]
        return self._placements[0]

    def oversubscriptions(self) -> Records:
        """When processors were over-subscribed, if recording: ``processor``, ``start`` and ``end`` in s.

        What ended at this very instant is not there yet, since it may go on.
        """
        self._empty_logs()
        self._oversubscriptions = [joined(self._oversubscriptions)]
        return self._oversubscriptions[0]
