"""The slow twin with scores, queues that block, and backfilling, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from hdeeprm.platforms import Platform
from hdeeprm.workloads.workload import Workload
from naive import JOB_CHOICE, P0, NaiveSimulator

ScoreFunction = Callable[[float, float, float, float, float], float]
"""Of submission, wait, requested time, cores and memory in MB."""

SCORES: Mapping[str, ScoreFunction] = {
    "ljf": lambda submit, wait, time, cores, memory: -time,
    "largest": lambda submit, wait, time, cores, memory: -cores,
    "smallest_area": lambda submit, wait, time, cores, memory: time * cores,
    "F1": lambda submit, wait, time, cores, memory: (
        math.log10(time) * cores + 870 * math.log10(max(submit, 1))
    ),
    "F4": lambda submit, wait, time, cores, memory: (
        time * math.sqrt(cores) + 530000 * math.log10(max(submit, 1))
    ),
    # Slope times wait, as products in another order are rounded differently.
    "wfp3": lambda submit, wait, time, cores, memory: (-1 / time * cores ** (1 / 3)) * wait,
    "unicep": lambda submit, wait, time, cores, memory: (
        wait * (-1 / (math.log2(max(cores, 1.000000001)) * time))
    ),
    "slowdown": lambda submit, wait, time, cores, memory: (-1 / time) * wait,
    "score:3 * memory - 2 * wait + cores": lambda submit, wait, time, cores, memory: (
        3 * memory + cores - 2 * wait
    ),
    "score:abs(wait - requested_time)^2": lambda submit, wait, time, cores, memory: abs(wait - time) ** 2,
    "score:min(wait, 5) / requested_time": lambda submit, wait, time, cores, memory: min(wait, 5) / time,
}


class QueueingTwin(NaiveSimulator):
    """The twin that serves its queue as it is told.

    Args:
        platform: Where jobs run.
        workload: The jobs.
        discipline: "rerank" or "commit".
        backfilling: A variant of it.
        times: "requested" or "true".
        candidates: "selection" or "submission".
        settings: As of the twin.

    Attributes:
        promises: When each job that got a reservation was to start at the latest.
        late: Jobs that started later.
        violations_allowed: Nothing of it; what is late is told.
    """

    def __init__(
        self,
        platform: Platform,
        workload: Workload,
        *,
        discipline: str = "rerank",
        backfilling: str = "none",
        times: str = "requested",
        candidates: str = "selection",
        **settings: Any,
    ) -> None:
        super().__init__(platform, workload, **settings)
        self.discipline, self.backfilling = discipline, backfilling
        self.times, self.candidates = times, candidates
        self.origin = workload.origin
        self.picked: tuple[int, str] | None = None
        self.reserved: tuple[int, float, float] | None = None  # job, promise, time
        self.plans: dict[int, tuple[float, float]] = {}  # start and end reserved for each waiting job
        self.promises: dict[int, float] = {}
        self.late: list[int] = []
        self.num_backfilled = 0
        self._may_compress = False

    # Which job ------------------------------------------------------------------------------------------

    def rank(self, selection: str, job: int) -> tuple[float, int]:
        """What a selection ranks a job by, ties by age."""
        if selection in SCORES:
            wait, memory = self.now - self.submit_time[job], self.job_memory_kb[job] / 1000
            score = SCORES[selection](
                self.origin + self.submit_time[job],
                wait,
                self.requested_time[job],
                self.requested_cores[job],
                memory,
            )
            return score, job
        if selection.startswith(JOB_CHOICE) or selection == "first":
            return 0.0, job
        keys = {
            "shortest": self.requested_time,
            "smallest": self.requested_cores,
            "low_mem": self.job_memory_kb,
            "low_mem_bw": self.job_bandwidth,
        }
        return keys[selection][job], job

    def _select_job(self, selection: str) -> int:
        return min(self.waiting, key=lambda job: self.rank(selection, job))

    def is_allowed(self, job_selection: str | None) -> bool:
        """Whether actions with this job selection, None for void, are not masked."""
        if self.discipline == "commit" and job_selection and job_selection.startswith(JOB_CHOICE):
            return len(self._chosen(job_selection)) == 1
        return super().is_allowed(job_selection)

    def _any_choice_fits(self) -> bool:
        if self.discipline != "commit":
            return super()._any_choice_fits()
        if self.picked is not None:
            self._serve(JOB_CHOICE + "0", self.picked[1])
        return self.picked is None and bool(self.waiting)

    def _handle_instant(self) -> None:
        if self.backfilling != "rlscheduler":
            super()._handle_instant()
            return
        event = self._next_event()
        assert event is not None
        self._elapse(event[0])
        if event[1] == 0:
            self._submit(event[2])
        else:
            self._end(event[2])

    # What starts ----------------------------------------------------------------------------------------

    def decide(self, job_selection: str | None, core_selection: str | None) -> int:
        """Applies an action; number of jobs started."""
        if job_selection is None or core_selection is None or not self.waiting:
            return 0
        before = len(self.waiting)
        self._serve(job_selection, core_selection)
        return before - len(self.waiting)

    def _serve(self, job_selection: str, core_selection: str) -> None:
        if self.backfilling == "conservative":
            self._start_reserved(job_selection, core_selection)
            return
        head = self._start_selected(job_selection, core_selection)
        if head is not None and self.discipline == "commit":
            self.picked = head, core_selection
        if head is not None and self.backfilling != "none":
            self._backfill(head, job_selection, core_selection)

    def _start_selected(self, job_selection: str, core_selection: str) -> int | None:
        while self.waiting:
            if self.picked is not None:
                job = self.picked[0]
            elif job_selection.startswith(JOB_CHOICE):
                chosen = self._chosen(job_selection)
                if not chosen:
                    return None
                job = chosen[0]
            else:
                job = self._select_job(job_selection)
            if not self._start_if_it_fits(job, core_selection):
                return job
            self.decisions[-1].blocked_by = None
            self.reserved = None
            if job_selection.startswith(JOB_CHOICE):
                return None
        return None

    def _start(self, job: int, cores: list[int]) -> None:
        if self.picked is not None and self.picked[0] == job:
            self.picked = None
        promise = self.plans.pop(job, None) and self.promises.get(job, math.inf)
        if self.reserved is not None and self.reserved[0] == job:
            promise, self.reserved = self.reserved[1], None
        if promise is not None and self.now > promise + self._margin(promise):
            self.late.append(job)
        super()._start(job, cores)

    def _margin(self, time: float) -> float:
        return self.tolerance * max(1.0, time)

    def _planned_work(self, job: int) -> float:
        return self.work_flop[job] if self.times == "true" else self.requested_work_flop[job]

    def planned_end(self, job: int) -> float:
        """When a running job is expected to end."""
        record = self.jobs[job]
        left = max(0.0, self._planned_work(job) - record.done_flop)
        end = record.speed_since + left / record.speed_flops
        return max(self.now, min(end, record.start_time + self.walltime[job]))

    # EASY and its kin -----------------------------------------------------------------------------------

    def _backfill(self, head: int, job_selection: str, core_selection: str) -> None:
        time, cores, memory = self._reservation(head)
        if self.reserved is None or self.reserved[0] != head:
            self.reserved = head, time, time
            self.promises[head] = time
        elif self.backfilling != "rlscheduler":
            self.reserved = head, self.reserved[1], time
        by_age = self.candidates == "submission" or self.backfilling == "rlscheduler"
        order = sorted(self.waiting, key=lambda job: self.rank("first" if by_age else job_selection, job))
        for job in order:
            if job != head and self.blocked_by(job) is None:
                self._start_beside(head, self.reserved[2], job, core_selection, cores, memory)

    def _reservation(self, head: int) -> tuple[float, list[int], list[int]]:
        """When a job could start, and what will be free on each node then."""
        cores = [sum(self.free_cores[processor] for processor in members) for members in self.node_processors]
        memory = list(self.free_memory_kb)
        ends = sorted((self.planned_end(job), job) for job in self.running)
        time = self.now
        while ends and (
            self._usable(head, cores, memory) < self.requested_cores[head]
            or ends[0][0] <= time + self._margin(time)
        ):
            if self._usable(head, cores, memory) < self.requested_cores[head]:
                time = ends[0][0]
            job = ends.pop(0)[1]
            for core in self.jobs[job].cores:
                cores[self.core_node[core]] += 1
                memory[self.core_node[core]] += self.job_memory_kb[job]
        return time, cores, memory

    def _usable(self, job: int, cores: list[int], memory: list[int]) -> int:
        needed = self.job_memory_kb[job]
        return sum(
            min(free, kb // needed) if needed else free for free, kb in zip(cores, memory, strict=True)
        )

    def _start_beside(
        self, head: int, time: float, job: int, core_selection: str, cores: list[int], memory: list[int]
    ) -> None:
        """Starts a job if it does not delay the head; takes what it leaves out of what will be free."""
        taken: list[int] = []
        for _ in range(self.requested_cores[job]):
            core = self._select_core(core_selection, job)
            self._take(core, job)
            taken.append(core)
        end = self.now + self._run_time(job, taken)
        if self.backfilling == "rlscheduler":
            ends_in_time = end < time - self._margin(time)
        else:
            ends_in_time = end <= time + self._margin(time)
        starts = ends_in_time
        if not ends_in_time and self.backfilling == "easy":
            for core in taken:
                cores[self.core_node[core]] -= 1
                memory[self.core_node[core]] -= self.job_memory_kb[job]
            starts = self._usable(head, cores, memory) >= self.requested_cores[head]
            if not starts:
                for core in taken:
                    cores[self.core_node[core]] += 1
                    memory[self.core_node[core]] += self.job_memory_kb[job]
        if starts:
            self.num_backfilled += 1
            self._start(job, taken)
        else:
            for core in taken:
                self._give_back(core, job)

    def _run_time(self, job: int, cores: list[int]) -> float:
        speed = min(self.core_flops(core) for core in cores)
        return min(self._planned_work(job) / speed, self.walltime[job])

    # Conservative ---------------------------------------------------------------------------------------

    def _resources_changed(self) -> None:
        before = {job: self.jobs[job].speed_flops for job in self.running}
        super()._resources_changed()
        self._may_compress |= any(self.jobs[job].speed_flops != before[job] > 0.0 for job in self.running)

    def _end(self, job: int) -> None:
        expected, end = self.planned_end(job), self._end_of(job)[0]
        self._may_compress |= end < expected - self._margin(end)
        super()._end(job)

    def _start_reserved(self, job_selection: str, core_selection: str) -> None:
        self._may_compress |= not self.running
        while self.waiting:
            order = sorted(self.waiting, key=lambda job: self.rank(job_selection, job))
            self._reserve_all(order)
            started = self._start_due(order, core_selection)
            if not started or not self._may_compress:
                break
        if self.waiting:
            first = min(self.waiting, key=lambda job: self.rank(job_selection, job))
            self.decisions[-1].blocked_by = self.blocked_by(first)

    def _reserve_all(self, order: list[int]) -> None:
        for job, (start, _) in self.plans.items():
            if start < self.now:
                self.plans[job] = self.now, self.now + self._longest(job)
        if not all(self._allows(time, time, 0, 0) for time in self._times()):
            self.plans.clear()
        while self._move_ahead(order):
            pass
        for job in order:
            self.promises.setdefault(job, self.plans[job][0])
        self._may_compress = False

    def _move_ahead(self, order: list[int]) -> bool:
        """Plans what has no plan, and what can start earlier than planned; whether there was such a job."""
        has_moved = False
        for job in order:
            if job not in self.plans or self._may_compress:
                before = self.plans.pop(job, (-math.inf, 0.0))[0]
                start = self._earliest(job)
                self.plans[job] = start, start + self._longest(job)
                has_moved |= start < before
        return has_moved

    def _longest(self, job: int) -> float:
        slowest = min(speeds[P0] for speeds in self.mflops) * 1e6
        return min(self._planned_work(job) / slowest, self.walltime[job])

    def _times(self) -> list[float]:
        """All times at which something is expected to start or to end."""
        planned = [time for plan in self.plans.values() for time in plan]
        return sorted({self.now, *map(self.planned_end, self.running), *planned})

    def _earliest(self, job: int) -> float:
        cores, memory = self.requested_cores[job], self.requested_cores[job] * self.job_memory_kb[job]
        for time in self._times():
            if self._allows(time, time + self._longest(job), cores, memory):
                return time
        raise AssertionError("a job that fits the platform fits once all others have ended")

    def _allows(self, start: float, end: float, cores: int, memory: int) -> bool:
        """Whether so much is free from one time to another."""
        times = [time for time in self._times() if start < time < end - self._margin(time)]
        return all(self._is_free(time, cores, memory) for time in [start, *times])

    def _is_free(self, time: float, cores: int, memory: int) -> bool:
        moment = time + self._margin(time)  # times that only rounding tells apart are one
        held = [job for job in self.running if self.planned_end(job) > moment]
        held += [job for job, (start, end) in self.plans.items() if start <= moment < end]
        left = len(self.core_job) - sum(self.requested_cores[job] for job in held)
        left_kb = sum(self.memory_kb) - sum(
            self.requested_cores[job] * self.job_memory_kb[job] for job in held
        )
        return left >= cores and left_kb >= memory

    def _start_due(self, order: list[int], core_selection: str) -> int:
        started = 0
        for place, job in enumerate(order):
            start, end = self.plans[job]
            if start <= self.now + self._margin(self.now) and self.blocked_by(job) is None:
                assert self._start_if_it_fits(job, core_selection)
                self.num_backfilled += started < place
                started += 1
                self._may_compress |= self.planned_end(job) < end - self._margin(self.now)
        return started
