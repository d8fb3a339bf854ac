"""The slow and obviously right twin of the simulator: the oracle that the compiled kernel is tested against.

Plain Python throughout. Nothing is kept up to date cleverly: the next event is looked for among all jobs,
the next core among all cores, and every ledger is recounted from the running jobs after each step.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hdeeprm.errors import SimulationError

if TYPE_CHECKING:
    from hdeeprm.platforms import Platform
    from hdeeprm.workloads.workload import Workload

JOB_SELECTIONS = ("first", "shortest", "smallest", "low_mem", "low_mem_bw")
CORE_SELECTIONS = ("high_gflops", "high_cores", "high_mem", "high_mem_bw", "low_power")
OBJECTIVES = (
    "avg_job_slowdown",
    "avg_job_completion",
    "avg_utilization",
    "makespan",
    "energy_consumption",
    "edp",
    "avg_wait",
    "avg_bounded_slowdown",
)
OBSERVATIONS = ("normal", "small", "minimal")

QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
JOB_CHOICE = "job-"
"""What the names of single jobs begin with: "job-3" is the waiting job that has three older ones."""
LONGEST_WAIT = 30 * 24 * 3600
LARGEST_SLOWDOWN = 10_000
SHORTEST_RUN_TIME = 10.0
"""Seconds below which a job's run time does not count in its bounded slowdown [Feitelson 2001]."""

SUBMISSION, END = 0, 1  # at equal times a submission is handled before an end
P0, P1, P2, P3 = range(4)  # active, active and over-subscribed, idle beside an active core, idle processor

Pair = tuple[str | None, str | None]


class Status(enum.Enum):
    """Where a job is in its life."""

    PENDING = "not submitted yet"
    WAITING = "in the queue"
    RUNNING = "on its cores"
    SUCCESS = "over, its work done"
    WALLTIME = "over, its walltime reached"
    REJECTED = "never fits the platform"


@dataclass
class JobRecord:
    """What happened to one job, and how far it is."""

    index: int
    status: Status = Status.PENDING
    start_time: float = math.nan
    finish_time: float = math.nan
    cores: list[int] = field(default_factory=list)
    energy_joules: float = 0.0
    speed_flops: float = 0.0  # of its slowest core, since ``speed_since``
    speed_since: float = math.nan
    done_flop: float = 0.0  # per core, up to ``speed_since``


@dataclass
class DecisionRecord:
    """One decision point and what was done there."""

    time: float
    num_waiting: int  # before the action
    num_started: int = 0
    blocked_by: str | None = None  # "core" or "mem"; None for void and for a queue that emptied


class NaiveSimulator:
    """One run of a workload on a platform.

    ``while simulator.advance(): simulator.decide(job_selection, core_selection)`` plays it to its end.

    Args:
        platform: Where jobs run.
        workload: The jobs.
        tolerance: Events within ``tolerance`` x max(1, now) s are one instant.
        queue_sensitivity: The relative change of the queue that saturates its observation.
        num_choices: How many of the oldest waiting jobs are actions of their own.
        load: What the arrivals are stretched to offer; None leaves them.

    Attributes:
        now: Time of the last event, in seconds.
        waiting: Indices of the waiting jobs, oldest first.
        running: Indices of the running jobs in the order of their starts.
        finished: Indices of the jobs that ended, in that order.
        jobs: A record per job of the workload.
        decisions: A record per decision point so far.
        energy_joules: Energy of all cores since time 0.
        oversubscriptions: Per processor, the (start, duration) of each time below zero free bandwidth.
    """

    def __init__(
        self,
        platform: Platform,
        workload: Workload,
        tolerance: float = 1e-9,
        queue_sensitivity: float = 0.05,
        num_choices: int = 0,
        load: float | None = None,
    ) -> None:
        self.tolerance = tolerance
        self.queue_sensitivity = queue_sensitivity
        self.num_choices = num_choices
        self._read_platform(platform)
        self._read_workload(workload)
        if load is not None:
            self._stretch_arrivals(load)

        self.now = 0.0
        self.pending = list(range(self.num_jobs))
        self.waiting: list[int] = []
        self.running: list[int] = []
        self.finished: list[int] = []
        self.jobs = [JobRecord(job) for job in range(self.num_jobs)]
        self.decisions: list[DecisionRecord] = []
        self.energy_joules = 0.0
        self.oversubscriptions: list[list[tuple[float, float]]] = [[] for _ in self.bandwidth]
        self._below_zero_since: list[float | None] = [None for _ in self.bandwidth]

        self.core_job: list[int | None] = [None for _ in self.core_processor]
        self.free_memory_kb = list(self.memory_kb)
        self.free_bandwidth = list(self.bandwidth)
        self.free_cores = [len(cores) for cores in self.processor_cores]

    def _read_platform(self, platform: Platform) -> None:
        self.reference_speed_flops = float(platform.reference_speed_flops)
        self.memory_kb = [int(memory) for memory in platform.node_memory_kb]
        self.bandwidth = [int(bandwidth) for bandwidth in platform.processor_bandwidth_mb_per_s]
        self.processor_node = [int(node) for node in platform.processor_node]
        self.mflops = [[int(speed) for speed in row] for row in platform.processor_mflops]
        self.milliwatts = [[int(power) for power in row] for row in platform.processor_milliwatts]
        self.core_processor: list[int] = []
        self.processor_cores: list[list[int]] = []
        for processor, num_cores in enumerate(platform.processor_cores):
            first = len(self.core_processor)
            assert first == int(platform.processor_first_core[processor])
            self.core_processor += [processor] * int(num_cores)
            self.processor_cores.append(list(range(first, len(self.core_processor))))
        self.core_node = [self.processor_node[processor] for processor in self.core_processor]
        self.node_processors = [
            [processor for processor, of in enumerate(self.processor_node) if of == node]
            for node in range(len(self.memory_kb))
        ]

    def _read_workload(self, workload: Workload) -> None:
        self.num_jobs = len(workload.job_ids)
        self.submit_time = [float(time) for time in workload.submit_time]
        self.requested_cores = [int(cores) for cores in workload.requested_cores]
        self.requested_time = [float(time) for time in workload.requested_time]
        self.job_memory_kb = [int(memory) for memory in workload.memory_kb]
        self.job_bandwidth = [int(bandwidth) for bandwidth in workload.bandwidth_mb_per_s]
        self.walltime = [float(time) for time in workload.walltime]
        self.work_flop = self._work(workload.work_flop, workload.run_time)
        self.requested_work_flop = self._work(workload.requested_work_flop, workload.requested_time)
        limits = workload.job_limits
        self.requests_and_limits: list[tuple[Sequence[float], float]] = [
            (self.requested_time, limits.requested_time),
            (self.requested_cores, limits.requested_cores),
            (self.job_memory_kb, limits.memory_kb),
            (self.job_bandwidth, limits.bandwidth_mb_per_s),
        ]

    def _work(self, given_flop: Iterable[float], times: Iterable[float]) -> list[float]:
        """Flop per core: what is given, else time x reference speed."""
        return [
            float(time) * self.reference_speed_flops if math.isnan(given) else float(given)
            for given, time in zip(given_flop, times, strict=True)
        ]

    def _stretch_arrivals(self, load: float) -> None:
        """Lets the jobs that can run offer a load up to the last submission, where that can be."""
        first, last = self.submit_time[0], self.submit_time[-1]
        core_seconds = sum(
            self.requested_cores[job] * self.work_flop[job] / self.reference_speed_flops
            for job in range(self.num_jobs)
            if self.is_feasible(job)
        )
        wanted = core_seconds / (load * len(self.core_processor))
        if last > first and wanted > 0:
            self.submit_time = [first + (time - first) * wanted / (last - first) for time in self.submit_time]

    # Time ------------------------------------------------------------------------------------------------

    def advance(self) -> bool:
        """Goes on to the next decision point; False when the simulation is over."""
        goes_on_now = self.num_choices > 0 and self.decisions and self.decisions[-1].num_started > 0
        if goes_on_now and self._any_choice_fits():
            self.decisions.append(DecisionRecord(self.now, len(self.waiting)))
            return True
        while not self._is_over():
            self._handle_instant()
            self._check_invariants()
            if self.waiting and (self.num_choices == 0 or self._any_choice_fits()):
                self.decisions.append(DecisionRecord(self.now, len(self.waiting)))
                return True
        for job in self.pending:
            self.jobs[job].status = Status.REJECTED
        self.pending = []
        self._check_end()
        return False

    def run(self, policy: Callable[[NaiveSimulator], Pair]) -> NaiveSimulator:
        """Plays to the end; the policy says the pair of each decision."""
        while self.advance():
            self.decide(*policy(self))
        return self

    @property
    def void_would_stall(self) -> bool:
        """Whether nothing will ever happen again unless a job is started."""
        return not self.running and not self.pending

    def _any_choice_fits(self) -> bool:
        return any(self.blocked_by(job) is None for job in self.waiting[: self.num_choices])

    def is_allowed(self, job_selection: str | None) -> bool:
        """Whether actions with this job selection, None for void, are not masked."""
        if job_selection is None:
            return not self.void_would_stall
        if job_selection.startswith(JOB_CHOICE):
            chosen = self._chosen(job_selection)
            return len(chosen) == 1 and self.blocked_by(chosen[0]) is None
        return True

    def _chosen(self, job_choice: str) -> list[int]:
        """The waiting job that a choice names, if there is one."""
        place = int(job_choice.removeprefix(JOB_CHOICE))
        return self.waiting[place : place + 1]

    def _is_over(self) -> bool:
        return not self.waiting and not self.running and not any(map(self.is_feasible, self.pending))

    def _handle_instant(self) -> None:
        """Handles the next event and all that follow within the tolerance."""
        event = self._next_event()
        if event is None:
            raise SimulationError(
                f"stalled at {self.now} s: {len(self.waiting)} jobs wait, nothing will happen"
            )
        last = event[0] + self.tolerance * max(1.0, event[0])
        while event is not None and event[0] <= last:
            time, kind, job = event
            self._elapse(time)
            if kind == SUBMISSION:
                self._submit(job)
            else:
                self._end(job)
            event = self._next_event()

    def _next_event(self) -> tuple[float, int, int] | None:
        """Time, kind and job of the earliest event; None where nothing will happen."""
        events = [(self._end_of(job)[0], END, order, job) for order, job in enumerate(self.running)]
        if self.pending:
            events.append((self.submit_time[self.pending[0]], SUBMISSION, 0, self.pending[0]))
        if not events:
            return None
        time, kind, _, job = min(events)
        return time, kind, job

    def _end_of(self, job: int) -> tuple[float, Status]:
        """When and how a running job will end if nothing changes before."""
        record = self.jobs[job]
        left_flop = max(0.0, self.work_flop[job] - record.done_flop)
        finish = record.speed_since + (left_flop / record.speed_flops if left_flop else 0.0)
        limit = record.start_time + self.walltime[job]
        if finish > limit + self.tolerance * max(1.0, limit):
            return max(limit, self.now), Status.WALLTIME
        return max(finish, self.now), Status.SUCCESS

    def _elapse(self, time: float) -> None:
        """Lets the time pass, and with it the energy."""
        assert time >= self.now, f"time runs backwards from {self.now} to {time}"
        seconds = time - self.now
        self.energy_joules += self.watts() * seconds
        for job in self.running:
            record = self.jobs[job]
            record.energy_joules += sum(map(self.core_watts, record.cores)) * seconds
        self.now = time

    def _submit(self, job: int) -> None:
        assert job == self.pending[0]
        self.pending.remove(job)
        if self.is_feasible(job):
            self.jobs[job].status = Status.WAITING
            self.waiting.append(job)
        else:
            self.jobs[job].status = Status.REJECTED

    def _end(self, job: int) -> None:
        record = self.jobs[job]
        assert record.status is Status.RUNNING
        record.finish_time, record.status = self._end_of(job)
        assert record.finish_time == self.now
        for core in record.cores:
            self._give_back(core, job)
        self.running.remove(job)
        self.finished.append(job)
        self._resources_changed()

    def _resources_changed(self) -> None:
        """Brings the speeds of the running jobs and the over-subscriptions up to date."""
        for job in self.running:
            record = self.jobs[job]
            speed = min(self.core_flops(core) for core in record.cores)
            if speed != record.speed_flops:
                record.done_flop = self.work_done_flop(job)
                record.speed_flops, record.speed_since = speed, self.now
        for processor, free in enumerate(self.free_bandwidth):
            since = self._below_zero_since[processor]
            if free < 0 and since is None:
                self._below_zero_since[processor] = self.now
            if free >= 0 and since is not None:
                self._below_zero_since[processor] = None
                if self.now > since:
                    self.oversubscriptions[processor].append((since, self.now - since))

    # Actions ---------------------------------------------------------------------------------------------

    def decide(self, job_selection: str | None, core_selection: str | None) -> int:
        """Applies a pair until the selected job does not fit, or starts a single job; None, None is void.

        Returns:
            Number of jobs started.
        """
        if job_selection is None and core_selection is None:
            return 0
        assert job_selection is not None
        if core_selection in CORE_SELECTIONS and job_selection.startswith(JOB_CHOICE):
            return sum(self._start_if_it_fits(job, core_selection) for job in self._chosen(job_selection))
        if job_selection not in JOB_SELECTIONS or core_selection not in CORE_SELECTIONS:
            raise ValueError(f"the twin does not know the pair {job_selection}, {core_selection}")
        num_started = 0
        while self.waiting and self._start_if_it_fits(self._select_job(job_selection), core_selection):
            num_started += 1
        return num_started

    def _start_if_it_fits(self, job: int, core_selection: str) -> bool:
        """Starts a waiting job, or notes what it lacks."""
        blocked_by = self.blocked_by(job)
        if blocked_by is not None:
            self.decisions[-1].blocked_by = blocked_by
            return False
        cores: list[int] = []
        for _ in range(self.requested_cores[job]):
            core = self._select_core(core_selection, job)
            self._take(core, job)
            cores.append(core)
        self._start(job, cores)
        return True

    def place(self, job: int, core_ids: Sequence[int]) -> None:
        """Starts a waiting job on the cores that somebody else chose."""
        assert len(core_ids) == self.requested_cores[job]
        for core in core_ids:
            self._take(int(core), job)
        self._start(job, [int(core) for core in core_ids])

    def blocked_by(self, job: int) -> str | None:
        """What a job lacks: "core", "mem" or, where it fits whole, None."""
        if sum(self.free_cores) < self.requested_cores[job]:
            return "core"
        if self._num_usable_cores(job, self.free_cores, self.free_memory_kb) < self.requested_cores[job]:
            return "mem"
        return None

    def is_feasible(self, job: int) -> bool:
        """Whether the job fits the empty platform."""
        all_cores = [len(cores) for cores in self.processor_cores]
        return self._num_usable_cores(job, all_cores, self.memory_kb) >= self.requested_cores[job]

    def _num_usable_cores(self, job: int, free_cores: list[int], free_memory_kb: list[int]) -> int:
        """Number of cores that a job could take, each with its memory."""
        usable = 0
        for node, memory in enumerate(free_memory_kb):
            num_cores = sum(free_cores[processor] for processor in self.node_processors[node])
            if self.job_memory_kb[job] > 0:
                num_cores = min(num_cores, memory // self.job_memory_kb[job])
            usable += num_cores
        return usable

    def _select_job(self, selection: str) -> int:
        """The waiting job of least key; ties go to the older one, which comes first."""
        keys: dict[str, Sequence[float]] = {
            "first": range(self.num_jobs),
            "shortest": self.requested_time,
            "smallest": self.requested_cores,
            "low_mem": self.job_memory_kb,
            "low_mem_bw": self.job_bandwidth,
        }
        return min(self.waiting, key=lambda job: keys[selection][job])

    def _select_core(self, selection: str, job: int) -> int:
        """The usable core of best key; ties go to the lowest id, which comes first."""

        def badness(core: int) -> int:
            processor, node = self.core_processor[core], self.core_node[core]
            if selection == "high_gflops":
                return -self.mflops[processor][P0]
            if selection == "low_power":
                return self.milliwatts[processor][P0]
            if selection == "high_cores":
                return -self.free_cores[processor]
            if selection == "high_mem":
                return -self.free_memory_kb[node]
            return -self.free_bandwidth[processor]

        usable = [
            core
            for core, busy_with in enumerate(self.core_job)
            if busy_with is None and self.free_memory_kb[self.core_node[core]] >= self.job_memory_kb[job]
        ]
        return min(usable, key=badness)

    def _take(self, core: int, job: int) -> None:
        assert self.core_job[core] is None, f"core {core} is taken twice"
        processor, node = self.core_processor[core], self.core_node[core]
        self.core_job[core] = job
        self.free_cores[processor] -= 1
        self.free_memory_kb[node] -= self.job_memory_kb[job]
        self.free_bandwidth[processor] -= self.job_bandwidth[job]
        assert self.free_memory_kb[node] >= 0, f"node {node} is out of memory"

    def _give_back(self, core: int, job: int) -> None:
        assert self.core_job[core] == job
        processor, node = self.core_processor[core], self.core_node[core]
        self.core_job[core] = None
        self.free_cores[processor] += 1
        self.free_memory_kb[node] += self.job_memory_kb[job]
        self.free_bandwidth[processor] += self.job_bandwidth[job]

    def _start(self, job: int, cores: list[int]) -> None:
        """Starts a waiting job on cores that were taken for it."""
        record = self.jobs[job]
        assert record.status is Status.WAITING
        record.status = Status.RUNNING
        record.start_time = record.speed_since = self.now
        record.cores = sorted(cores)
        self.waiting.remove(job)
        self.running.append(job)
        self.decisions[-1].num_started += 1
        self._resources_changed()
        self._check_invariants()

    # State -----------------------------------------------------------------------------------------------

    def core_pstate(self, core: int) -> int:
        """P-state of a core: 0, 1 active; 2, 3 idle."""
        processor = self.core_processor[core]
        if self.core_job[core] is not None:
            return P1 if self.free_bandwidth[processor] < 0 else P0
        return P2 if self.free_cores[processor] < len(self.processor_cores[processor]) else P3

    def core_flops(self, core: int) -> float:
        """Speed of a core in its P-state, in flop/s."""
        return self.mflops[self.core_processor[core]][self.core_pstate(core)] * 1e6

    def core_watts(self, core: int) -> float:
        """Power of a core in its P-state."""
        return self.milliwatts[self.core_processor[core]][self.core_pstate(core)] / 1000

    def watts(self) -> float:
        """Power of all cores."""
        return sum(self.core_watts(core) for core in range(len(self.core_job)))

    def gflops(self) -> float:
        """Speed of the active cores together."""
        active = [core for core, job in enumerate(self.core_job) if job is not None]
        return sum(self.core_flops(core) for core in active) / 1e9

    def work_done_flop(self, job: int) -> float:
        """What each core of a running job has computed so far."""
        record = self.jobs[job]
        return record.done_flop + record.speed_flops * (self.now - record.speed_since)

    def blocked_times(self, resource: str) -> list[float]:
        """Times at which the selected job did not fit for lack of "core" or "mem"."""
        return [decision.time for decision in self.decisions if decision.blocked_by == resource]

    # Rewards ---------------------------------------------------------------------------------------------

    def instant_reward(self, objective: str) -> float:
        """The reward of the state as it is now, meant to be asked right after an action."""
        in_system = self.waiting + self.running
        if objective == "avg_job_slowdown":
            return -sum(1 / self.requested_time[job] for job in in_system)
        if objective == "avg_job_completion":
            return -float(len(in_system))
        if objective == "avg_utilization":
            return float(sum(job is not None for job in self.core_job))
        if objective == "makespan":
            return self.gflops()
        if objective == "energy_consumption":
            return -self.watts()
        if objective == "edp":
            return -self.watts() * len(in_system)
        if objective == "avg_wait":
            return -float(len(self.waiting))
        if objective == "avg_bounded_slowdown":
            return -sum(1 / max(self.requested_time[job], SHORTEST_RUN_TIME) for job in in_system)
        raise ValueError(f"no objective {objective}")

    def integrated_return(self, objective: str) -> float:
        """Return of the whole episode, by the definition of the objective; asked when the run is over."""
        assert self._is_over() and not self.pending, "the run is not over"
        if objective == "avg_job_slowdown":
            return -sum(self.turnaround_time(job) / self.requested_time[job] for job in self.finished)
        if objective == "avg_job_completion":
            return -sum(self.turnaround_time(job) for job in self.finished)
        if objective == "avg_utilization":
            return sum(self.requested_cores[job] * self.execution_time(job) for job in self.finished)
        if objective == "makespan":
            return -self.makespan()
        if objective == "energy_consumption":
            return -self.energy_joules
        if objective == "edp":
            return -self.energy_joules * self.makespan()
        if objective == "avg_wait":
            return -sum(self.wait_time(job) for job in self.finished)
        if objective == "avg_bounded_slowdown":
            return -sum(self.bounded_slowdown(job) for job in self.finished)
        raise ValueError(f"no objective {objective}")

    def wait_time(self, job: int) -> float:
        """Seconds in the queue."""
        return self.jobs[job].start_time - self.submit_time[job]

    def execution_time(self, job: int) -> float:
        """Seconds on its cores."""
        return self.jobs[job].finish_time - self.jobs[job].start_time

    def turnaround_time(self, job: int) -> float:
        """Seconds from submission to end."""
        return self.jobs[job].finish_time - self.submit_time[job]

    def bounded_slowdown(self, job: int) -> float:
        """max(1, turnaround / max(execution, 10 s))   [Feitelson 2001]."""
        return max(1.0, self.turnaround_time(job) / max(self.execution_time(job), SHORTEST_RUN_TIME))

    def makespan(self) -> float:
        """Seconds from the first submission, a rejected job's included, to the last end."""
        if not self.finished:
            return 0.0
        return max(self.jobs[job].finish_time for job in self.finished) - self.submit_time[0]

    # Observations ----------------------------------------------------------------------------------------

    def observation(self, kind: str) -> list[float]:
        """What an agent sees at a decision point before its action: "normal", "small" or "minimal"."""
        if kind not in OBSERVATIONS:
            raise ValueError(f"no observation {kind}")
        values: list[float] = []
        if kind != "minimal":
            for node, processors in enumerate(self.node_processors):
                values.append(fraction(self.free_memory_kb[node], self.memory_kb[node]))
                for processor in processors:
                    values.append(fraction(max(0, self.free_bandwidth[processor]), self.bandwidth[processor]))
                    if kind == "normal":
                        for core in self.processor_cores[processor]:
                            values += self._observe_core(core)
        return values + self._observe_queue()

    def _observe_core(self, core: int) -> list[float]:
        """Speed and power relative to P0, and what is left of its job by the user's estimate."""
        processor, state, job = self.core_processor[core], self.core_pstate(core), self.core_job[core]
        # Idle cores compute nothing, whatever speed the platform gives to their P-states.
        mflops = 0 if job is None else self.mflops[processor][state]
        left = 0.0
        if job is not None and self.requested_work_flop[job] > 0:
            left = 1 - self.work_done_flop(job) / self.requested_work_flop[job]
        return [
            fraction(mflops, self.mflops[processor][P0]),
            fraction(self.milliwatts[processor][state], self.milliwatts[processor][P0]),
            min(1.0, max(0.0, left)),
        ]

    def _observe_queue(self) -> list[float]:
        if not self.waiting:
            return [0.0] * (len(self.requests_and_limits) * len(QUARTILES) + 1)
        values = []
        for requests, limit in self.requests_and_limits:
            waiting = sorted(requests[job] for job in self.waiting)
            values += [min(1.0, fraction(quantile(waiting, point), limit)) for point in QUARTILES]
        return [*values, self._observe_queue_variation()]

    def _observe_queue_variation(self) -> float:
        """Relative change of the queue's length since the last decision point, mapped to [0, 1]."""
        if len(self.decisions) == 1:
            return 1.0
        last, this = (decision.num_waiting for decision in self.decisions[-2:])
        variation = (this - last) / min(this, last)
        return min(1.0, max(0.0, (variation + self.queue_sensitivity) / (2 * self.queue_sensitivity)))

    def fit_observation(self) -> list[float]:
        """For the job that each selection picks whether it fits, its requested time and cores; the system."""
        values = []
        for selection in JOB_SELECTIONS:
            if self.waiting:
                job = self._select_job(selection)
                values += [float(self.blocked_by(job) is None), *self._sizes(job)]
            else:
                values += [0.0, 0.0, 0.0]
        return values + self._observe_system()

    def queue_observation(self, num_jobs: int) -> list[float]:
        """The oldest waiting jobs, zeros where there are fewer; the system."""
        values = []
        for job in self.waiting[:num_jobs]:
            values += self._observe_job(job)
        return values + [0.0] * (10 * num_jobs - len(values)) + self._observe_system()

    def _sizes(self, job: int) -> list[float]:
        (_, time_limit), (_, cores_limit) = self.requests_and_limits[:2]
        return [
            logarithmic(self.requested_time[job], time_limit),
            logarithmic(self.requested_cores[job], cores_limit),
        ]

    def _observe_job(self, job: int) -> list[float]:
        (_, time_limit), (_, cores_limit), (_, memory_limit), (_, bandwidth_limit) = self.requests_and_limits
        age = self.now - self.submit_time[job]
        return [
            1.0,
            float(self.blocked_by(job) is None),
            *self._sizes(job),
            self.requested_cores[job] / len(self.core_job),
            min(1.0, fraction(self.job_memory_kb[job], memory_limit)),
            min(1.0, fraction(self.job_bandwidth[job], bandwidth_limit)),
            logarithmic(age, LONGEST_WAIT),
            logarithmic(age / max(self.requested_time[job], SHORTEST_RUN_TIME), LARGEST_SLOWDOWN),
            logarithmic(self.requested_time[job] * self.requested_cores[job], time_limit * cores_limit),
        ]

    def _observe_system(self) -> list[float]:
        (_, time_limit), (_, cores_limit) = self.requests_and_limits[:2]
        number = max(1, len(self.running))
        oldest = self.now - self.submit_time[self.waiting[0]] if self.waiting else 0.0
        return [
            sum(self.free_cores) / len(self.core_job),
            logarithmic(len(self.waiting), self.num_jobs),
            logarithmic(oldest, LONGEST_WAIT),
            sum(free < 0 for free in self.free_bandwidth) / len(self.free_bandwidth),
            logarithmic(sum(self.requested_time[job] for job in self.running) / number, time_limit),
            logarithmic(sum(self.requested_cores[job] for job in self.running) / number, cores_limit),
            logarithmic(len(self.running), self.num_jobs),
        ]

    # Invariants ------------------------------------------------------------------------------------------

    def _check_invariants(self) -> None:
        """Recounts every ledger from the running jobs."""
        taken: dict[int, int] = {}
        memory, bandwidth = list(self.memory_kb), list(self.bandwidth)
        free_cores = [len(cores) for cores in self.processor_cores]
        for job in self.running:
            assert self.jobs[job].status is Status.RUNNING
            assert len(self.jobs[job].cores) == self.requested_cores[job]
            for core in self.jobs[job].cores:
                assert core not in taken, f"core {core} has jobs {taken[core]} and {job}"
                taken[core] = job
                memory[self.core_node[core]] -= self.job_memory_kb[job]
                bandwidth[self.core_processor[core]] -= self.job_bandwidth[job]
                free_cores[self.core_processor[core]] -= 1
        assert self.core_job == [taken.get(core) for core in range(len(self.core_job))]
        assert self.free_memory_kb == memory and min(memory) >= 0
        assert self.free_bandwidth == bandwidth
        assert self.free_cores == free_cores
        assert self.waiting == sorted(self.waiting)
        whereabouts = self.pending + self.waiting + self.running + self.finished
        rejected = [record.index for record in self.jobs if record.status is Status.REJECTED]
        assert sorted(whereabouts + rejected) == list(range(self.num_jobs)), "a job is lost or there twice"

    def _check_end(self) -> None:
        """At the end everything is given back and every job is over exactly once."""
        self._check_invariants()
        assert self.free_memory_kb == self.memory_kb
        assert self.free_bandwidth == self.bandwidth
        assert all(since is None for since in self._below_zero_since)
        for job in self.finished:
            record = self.jobs[job]
            assert record.status in (Status.SUCCESS, Status.WALLTIME)
            # A submission within the tolerance of an earlier event may be handled at that event's instant,
            # never before its own time.
            assert self.submit_time[job] <= record.start_time <= record.finish_time <= self.now


def fraction(value: float, whole: float) -> float:
    """Quotient of two quantities, 0 of nothing."""
    return value / whole if whole > 0 else 0.0


def logarithmic(value: float, limit: float) -> float:
    """0 at 0, 1 at a limit and beyond, in between by the logarithm of 1 + value."""
    return min(1.0, math.log(1 + value) / math.log(1 + limit)) if limit > 0 else 0.0


def quantile(values: Sequence[float], point: float) -> float:
    """Linear interpolation between the two nearest of the sorted values."""
    position = point * (len(values) - 1)
    below = math.floor(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (position - below)
