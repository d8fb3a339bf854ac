"""The compiled simulator beside its twin: one run of both, compared at every decision point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from hdeeprm.platforms import Platform
from hdeeprm.simulator import EmbeddedSimulator, JobStatus, Objective
from hdeeprm.simulator.kernel import observations, tables
from hdeeprm.simulator.protocol import BlockedBy
from hdeeprm.workloads.workload import Workload
from naive import CORE_SELECTIONS, JOB_CHOICE, JOB_SELECTIONS, OBSERVATIONS, NaiveSimulator, Status

Pair = tuple[str | None, str | None]

COMPILED = not numba.config.DISABLE_JIT
VOID = (-1, -1)
RANDOM = (0, 0)
STATUSES = {
    Status.PENDING: JobStatus.PENDING,
    Status.WAITING: JobStatus.WAITING,
    Status.RUNNING: JobStatus.RUNNING,
    Status.SUCCESS: JobStatus.SUCCESS,
    Status.WALLTIME: JobStatus.WALLTIME_REACHED,
    Status.REJECTED: JobStatus.REJECTED,
}


def cases(compiled: int, uncompiled: int = 30) -> settings:
    """So many examples; fewer where the kernel runs as plain Python."""
    return settings(
        max_examples=compiled if COMPILED else uncompiled,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def pair_ids(pair: Pair) -> tuple[int, int]:
    """The pair as the kernel counts it: *random* is 0, then the order of the twin."""
    if pair == (None, None):
        return VOID
    core = CORE_SELECTIONS.index(pair[1]) + 1
    if pair[0].startswith(JOB_CHOICE):
        return tables.NTH_JOB + int(pair[0].removeprefix(JOB_CHOICE)), core
    return JOB_SELECTIONS.index(pair[0]) + 1, core


def close(value: float, scale: float = 0.0) -> Any:
    """Equal but for rounding; ``scale`` is the size of what was added up."""
    return pytest.approx(value, rel=1e-9, abs=max(1e-9, 1e-12 * abs(scale)))


def cores_of_jobs(simulator: EmbeddedSimulator) -> dict[int, list[int]]:
    """Cores of every job that has started, from the log of placements."""
    cores: dict[int, list[int]] = {}
    for job, first, last in simulator.placements().tolist():
        cores.setdefault(job, []).extend(range(first, last + 1))
    return cores


def observation_size(platform: Platform, kind: str) -> int:
    """Length of an observation."""
    sizes = {"minimal": 0, "small": platform.num_nodes + platform.num_processors}
    sizes["normal"] = sizes["small"] + 3 * platform.num_cores
    return sizes[kind] + 21


def observation(simulator: EmbeddedSimulator, kind: str) -> np.ndarray:
    """An observation of the present state."""
    out = np.full(observation_size(simulator.platform, kind), np.nan, np.float32)
    simulator.observe(OBSERVATIONS.index(kind), out)
    return out


def job_observation(simulator: EmbeddedSimulator, num_jobs: int | None) -> np.ndarray:
    """The observation "queue" of some jobs, or "fit" where their number is None."""
    kind, size = observations.FIT, observations.FIT_SIZE
    if num_jobs is not None:
        kind, size = observations.QUEUE, num_jobs * observations.JOB_FEATURES + observations.SYSTEM_SIZE
    out = np.full(size, np.nan, np.float32)
    simulator.observe(kind, out)
    return out


def play_through(simulator: EmbeddedSimulator, pair: tuple[int, int] = RANDOM) -> dict[str, Any]:
    """Take one pair to the end; all that the run leaves behind, to the last bit."""
    records = [simulator.run(pair, limit=7) for _ in iter(lambda: simulator.over, True)]
    jobs = simulator.job_records()
    ended = np.isin(jobs["status"], [JobStatus.SUCCESS, JobStatus.WALLTIME_REACHED])
    return {
        "decisions": [decision for record in records for decision in record.tolist()],
        "jobs": jobs[["status", "energy_mj"]].tolist(),
        "times": jobs[["start_time", "end_time"]][ended].tolist(),
        "placements": simulator.placements().tolist(),
        "oversubscriptions": simulator.oversubscriptions().tolist(),
        "energy": simulator.energy_joules,
        "pstates": simulator.num_pstate_changes,
    }


class Twins:
    """The kernel and its twin over the same jobs, in step."""

    def __init__(self, platform: Platform, workload: Workload, seed: int = 0, **options: Any) -> None:
        self.objective: str = options.get("objective", Objective.avg_job_slowdown).name
        self.integrated: bool = options.get("integrated", False)
        shared = {name: options[name] for name in ("num_choices", "load") if name in options}
        self.naive = NaiveSimulator(platform, workload, **shared)
        self.kernel = EmbeddedSimulator(platform, workload, recording=True, **options)
        self.kernel.reset(seed=seed)
        self.rewards: list[float] = []
        self._placed: set[int] = set()

    def play(self, policy: Callable[[NaiveSimulator], Pair]) -> Twins:
        """Play to the end under a policy, then compare all that was recorded."""
        while self.advance():
            pair = policy(self.naive)
            self.naive.decide(*pair)
            self.decide(pair_ids(pair))
        self.compare_ends()
        return self

    def advance(self) -> bool:
        """Go to the next decision point and compare what is seen there."""
        goes_on = self.naive.advance()
        assert self.kernel.over == (not goes_on)
        if goes_on:
            self.compare_states()
            for kind in OBSERVATIONS:
                expected = np.array(self.naive.observation(kind))
                np.testing.assert_allclose(observation(self.kernel, kind), expected, atol=1e-6, rtol=0)
            for num_jobs in (None, 3):
                twin = (
                    self.naive.fit_observation()
                    if num_jobs is None
                    else self.naive.queue_observation(num_jobs)
                )
                np.testing.assert_allclose(job_observation(self.kernel, num_jobs), twin, atol=1e-6, rtol=0)
        return goes_on

    def decide(self, ids: tuple[int, int], same_pair: bool = True) -> None:
        """Take the kernel's decision, after that of the twin, and compare their records."""
        twin, num_waiting = self.naive.decisions[-1], len(self.naive.waiting)
        instant_reward = self.naive.instant_reward(self.objective)
        record = self.kernel.run(ids)[0]
        self.rewards.append(float(record.reward))
        assert record.time == close(self.naive.now)
        assert record.num_waiting == twin.num_waiting
        assert record.num_started == twin.num_started == twin.num_waiting - num_waiting
        if same_pair:
            assert record.blocked_by == BlockedBy[twin.blocked_by or "nothing"]
        if not self.integrated:
            assert record.reward == close(instant_reward)

    def decide_at_random(self) -> None:
        """The kernel decides at random; the twin places what the kernel has started."""
        before = self.kernel.num_waiting
        record = self.kernel.run(RANDOM)[0]
        for job, cores in self._new_placements().items():
            self.naive.place(job, cores)
        self.rewards.append(float(record.reward))
        assert record.num_waiting == before
        assert record.num_started == self.naive.decisions[-1].num_started
        if not self.integrated:
            assert record.reward == close(self.naive.instant_reward(self.objective))
        if record.blocked_by == BlockedBy.nothing:
            assert not self.naive.waiting
        else:
            reason = BlockedBy(record.blocked_by).name
            assert any(self.naive.blocked_by(job) == reason for job in self.naive.waiting)

    def _new_placements(self) -> dict[int, list[int]]:
        """Cores per job in the order of the starts since the last call."""
        cores: dict[int, list[int]] = {}
        for job, first, last in self.kernel.placements().tolist():
            if job not in self._placed:
                cores.setdefault(job, []).extend(range(first, last + 1))
        self._placed |= set(cores)
        sequence = self.kernel.job_records()["sequence"]
        return {job: cores[job] for job in sorted(cores, key=lambda job: int(sequence[job]))}

    def compare_states(self) -> None:
        """Compare what both say of the present."""
        kernel, naive = self.kernel, self.naive
        assert kernel.now == close(naive.now)
        assert kernel.num_waiting == len(naive.waiting)
        assert kernel.num_running == len(naive.running)
        assert kernel.num_ended == len(naive.finished)
        assert kernel.num_free_cores == sum(naive.free_cores)
        assert kernel.may_wait() == (not naive.void_would_stall)
        assert kernel.watts == close(naive.watts())
        assert kernel.energy_joules == close(naive.energy_joules)

    def compare_ends(self) -> None:
        """Compare all jobs, energies and over-subscriptions of a run that is over."""
        assert self.kernel.energy_joules == close(self.naive.energy_joules)
        self._compare_jobs()
        if self.naive.tolerance < 1e-6:  # a wide instant has times within it, where intervals touch or not
            self._compare_oversubscriptions()

    def _compare_jobs(self) -> None:
        cores = cores_of_jobs(self.kernel)
        records = self.kernel.job_records()
        assert [JobStatus(status) for status in records["status"]] == [
            STATUSES[record.status] for record in self.naive.jobs
        ]
        for twin, record in zip(self.naive.jobs, records, strict=True):
            if twin.status is not Status.REJECTED:
                assert record.start_time == close(twin.start_time)
                assert record.end_time == close(twin.finish_time)
            assert sorted(cores.get(twin.index, [])) == twin.cores
            assert record.energy_mj / 1000 == close(twin.energy_joules)

    def _compare_oversubscriptions(self) -> None:
        intervals: list[list[tuple[float, float]]] = [[] for _ in self.naive.bandwidth]
        for processor, start, end in self.kernel.oversubscriptions().tolist():
            intervals[processor].append((start, end))
        for processor, twin in enumerate(self.naive.oversubscriptions):
            expected = touching_joined(
                [(start, start + duration) for start, duration in twin], self.naive.tolerance
            )
            assert len(intervals[processor]) == len(expected)
            assert np.ravel(intervals[processor]).tolist() == close_list(np.ravel(expected).tolist())

    def compare_return(self) -> None:
        """The rewards of the episode add up to the objective."""
        expected = self.naive.integrated_return(self.objective)
        assert sum(self.rewards) == close(expected, scale=sum(map(abs, self.rewards)))


def touching_joined(intervals: Sequence[tuple[float, float]], tolerance: float) -> list[tuple[float, float]]:
    """Intervals in order of time, joined where one begins in the instant in which another ends."""
    joined: list[tuple[float, float]] = []
    for start, end in intervals:
        if joined and start <= joined[-1][1] + (tolerance + 1e-9) * max(1.0, joined[-1][1]):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def close_list(values: Sequence[float]) -> Any:
    """Equal but for rounding, one by one."""
    return pytest.approx(values, rel=1e-9, abs=1e-9)
