"""Actions that start single jobs, and stretched arrivals: the kernel against its naive twin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.platforms import Platform
from hdeeprm.simulator import EmbeddedSimulator, JobStatus, Objective
from hdeeprm.simulator.layout import arrival_scales
from hdeeprm.workloads.workload import Workload
from invariants import check_tables
from kernel_runs import VOID, Twins, cases, pair_ids, play_through
from naive import CORE_SELECTIONS, NaiveSimulator
from strategies import PAIRS, Pair, make_workload, platforms, small_platform, workloads

NTH_JOB = 6
JOB_0, JOB_1, JOB_2 = ((NTH_JOB + place, 1) for place in range(3))


def job_choices(number: int, core_selection: str = "high_gflops") -> list[Pair]:
    """Actions that start one of the oldest jobs."""
    return [(f"job-{place}", core_selection) for place in range(number)]


def follow_allowed(
    actions: Sequence[Pair], numbers: Sequence[int], compare: Callable[[list[int]], None]
) -> Callable[[NaiveSimulator], Pair]:
    """Policy that takes an allowed action by number, over and over; masks are compared at each decision."""

    def policy(simulator: NaiveSimulator) -> Pair:
        mask = [int(simulator.is_allowed(job)) for job, _ in actions]
        compare(mask)
        allowed = [action for action, is_allowed in zip(actions, mask, strict=True) if is_allowed]
        return allowed[numbers[(len(simulator.decisions) - 1) % len(numbers)] % len(allowed)]

    return policy


class TestAgainstTheTwin:
    def play(self, data: st.DataObject, pairs: Sequence[Pair] = (), **options: Any) -> Twins:
        """Both play the same random actions to the end; masks agree at each decision."""
        platform = data.draw(platforms())
        workload = data.draw(workloads(platform))
        num_choices = data.draw(st.sampled_from([1, 2, 3, 7]))
        twins = Twins(platform, workload, num_choices=num_choices, **options)
        actions = [
            *job_choices(num_choices, data.draw(st.sampled_from(CORE_SELECTIONS))),
            *pairs,
            (None, None),
        ]
        codes = np.array([pair_ids(pair) for pair in actions])
        out = np.zeros(len(actions), np.int8)

        def compare(mask: list[int]) -> None:
            twins.kernel.write_mask(codes, out)
            assert out.tolist() == mask
            assert any(mask[:num_choices]), "none of the jobs fits: this is no decision point"
            check_tables(twins.kernel)

        numbers = data.draw(st.lists(st.integers(0, 10), min_size=1, max_size=20))
        return twins.play(follow_allowed(actions, numbers, compare))

    @cases(100, 10)
    @given(st.data())
    def test_single_jobs(self, data: st.DataObject) -> None:
        self.play(data)

    @cases(25, 5)
    @given(st.data())
    def test_single_jobs_and_pairs(self, data: st.DataObject) -> None:
        self.play(data, pairs=PAIRS[::3])

    @cases(25, 5)
    @given(st.data())
    def test_the_integrated_return_equals_the_objective(self, data: st.DataObject) -> None:
        objective = data.draw(st.sampled_from(list(Objective)))
        self.play(data, objective=objective, integrated=True).compare_return()

    @cases(40, 6)
    @given(st.data())
    def test_stretched_arrivals(self, data: st.DataObject) -> None:
        self.play(data, pairs=PAIRS[:1], load=data.draw(st.sampled_from([0.3, 0.9, 2.5])))


class TestDecisionPoints:
    def simulator(self, *jobs: dict[str, Any], num_choices: int, cores: int = 4) -> EmbeddedSimulator:
        """One processor; an episode of all the jobs has begun."""
        simulator = EmbeddedSimulator(
            small_platform((1.0, [cores])), make_workload(jobs), num_choices=num_choices
        )
        simulator.reset()
        return simulator

    def test_an_instant_goes_on_while_one_of_the_oldest_fits(self) -> None:
        jobs = [{"run_time": 9}, {"run_time": 8}, {"run_time": 7, "requested_cores": 4}, {"run_time": 6}]
        simulator = self.simulator(*jobs, num_choices=2)
        assert simulator.run(JOB_1)[0].num_started == 1  # job 1 of jobs 0 and 1
        assert (simulator.now, simulator.num_waiting) == (0, 3)
        simulator.run(JOB_0)  # job 0 of jobs 0 and 2; jobs 2 and 3 are left, of which job 3 fits
        assert (simulator.now, simulator.num_waiting) == (0, 2)
        assert [simulator.fits(NTH_JOB + place) for place in range(3)] == [False, True, False]
        simulator.run(JOB_1)  # only job 2 is left, which does not fit before 9 s
        assert (simulator.now, simulator.num_waiting) == (9, 1)

    def test_void_lets_time_pass(self) -> None:
        simulator = self.simulator({}, {"submit_time": 5.0}, num_choices=1)
        simulator.run(VOID)
        assert (simulator.now, simulator.num_waiting) == (5, 2)
        assert not simulator.may_wait()

    def test_an_action_without_a_job_starts_none(self) -> None:
        simulator = self.simulator({}, {"submit_time": 5.0}, num_choices=3)
        record = simulator.run(JOB_2)[0]
        assert (record.num_started, simulator.now) == (0, 5)

    def test_an_instant_at_which_none_fits_is_passed_over(self) -> None:
        blocked = {"submit_time": 3.0, "requested_cores": 4, "run_time": 1.0}
        late = {"submit_time": 4.0, "run_time": 1.0}
        simulator = self.simulator({"run_time": 10.0}, blocked, late, num_choices=1)
        simulator.run(JOB_0)
        assert (simulator.now, simulator.num_waiting) == (10, 2)  # job 2 would fit, but only job 1 counts
        two_count = self.simulator({"run_time": 10.0}, blocked, late, num_choices=2)
        two_count.run(JOB_0)
        assert (two_count.now, two_count.num_waiting) == (4, 2)

    def test_a_job_without_work_ends_at_once_but_after_the_instant(self) -> None:
        simulator = self.simulator({"run_time": 0.0}, {"run_time": 1.0}, num_choices=2, cores=1)
        simulator.run(JOB_0)
        assert (simulator.now, simulator.num_waiting, simulator.num_ended) == (0, 1, 1)


# Stretched arrivals --------------------------------------------------------------------------------------


def offered_load(platform: Platform, simulator: EmbeddedSimulator) -> float:
    """Core-seconds of an episode over what the cores give up to the last submission."""
    first, number = simulator.first_job, simulator.num_jobs
    workload = simulator.workload
    area = workload.run_time * workload.requested_cores
    last = simulator.submit_times()[-1]
    return float(area[first : first + number].sum() / (platform.num_cores * last))


def test_each_window_offers_the_load() -> None:
    rng = np.random.default_rng(1)
    platform = small_platform((1.0, [4, 2]), (1.0, [8]))
    times = np.cumsum(rng.exponential(3.0, 60))
    jobs = [
        {
            "submit_time": time,
            "run_time": float(rng.integers(1, 90)),
            "requested_cores": int(rng.integers(1, 9)),
        }
        for time in times
    ]
    simulator = EmbeddedSimulator(platform, make_workload(jobs), max_jobs=20, load=0.8)
    for start in range(0, 41, 5):
        simulator.reset(start, 20)
        assert offered_load(platform, simulator) == pytest.approx(0.8, rel=1e-12)
        arrivals = [simulator.now]
        while len(arrivals) < 5:
            simulator.run(VOID)
            arrivals.append(simulator.now)
        np.testing.assert_allclose(arrivals, simulator.submit_times()[:5], rtol=1e-12)


def test_arrivals_that_cannot_be_stretched_are_left() -> None:
    """All at once, of no work, or of no job that can run; and a window longer than the workload."""
    platform = small_platform((1.0, [4]))
    together = make_workload([{"run_time": 5.0}] * 3)
    idle = make_workload([{"submit_time": float(job), "run_time": 0.0} for job in range(3)])
    too_large = make_workload([{"submit_time": float(job), "requested_cores": 5} for job in range(3)])
    for workload in (together, idle, too_large):
        np.testing.assert_array_equal(arrival_scales(platform, workload, 3, 0.9), 1.0)
        np.testing.assert_array_equal(arrival_scales(platform, workload, 9, 0.9), 1.0)


def test_a_simulator_with_room_for_more_than_the_workload() -> None:
    workload = make_workload([{"submit_time": float(job), "run_time": 2.0} for job in range(5)])
    one, other = (
        EmbeddedSimulator(small_platform((1.0, [4])), workload, max_jobs=number, load=0.5)
        for number in (5, 9)
    )
    one.reset()
    other.reset()
    np.testing.assert_array_equal(one.submit_times(), other.submit_times())


# Random streams ------------------------------------------------------------------------------------------


class TestStreams:
    def workload(self) -> Workload:
        """Thirty jobs whose windows differ."""
        return make_workload([{"submit_time": float(job), "run_time": 1.0 + job} for job in range(30)])

    def simulator(self) -> EmbeddedSimulator:
        return EmbeddedSimulator(small_platform((1.0, [2, 3])), self.workload(), recording=True, max_jobs=5)

    def test_without_a_seed_the_stream_goes_on(self) -> None:
        """Episodes differ, and a simulator reset with the same seed brings all of them again."""
        series = []
        for _ in range(2):
            simulator = self.simulator()
            episodes = []
            for episode in range(8):
                simulator.reset((0, 25), 5, 7 if episode == 0 else None)
                episodes.append((simulator.first_job, play_through(simulator)))
            series.append(episodes)
        assert series[0] == series[1]
        assert len({first_job for first_job, _ in series[0]}) > 3

    def test_starts_are_equally_likely_and_within_their_range(self) -> None:
        simulator = self.simulator()
        starts = np.zeros(26, int)
        for seed in range(500):
            simulator.reset((10, 14), 5, seed)
            starts[simulator.first_job] += 1
        assert starts[:10].sum() == starts[15:].sum() == 0
        assert starts[10:15].min() > 60

    def test_windows_without_a_job_that_can_run_are_passed_over(self) -> None:
        jobs = [{"submit_time": float(job), "requested_cores": 9 if job != 7 else 1} for job in range(12)]
        simulator = EmbeddedSimulator(small_platform((1.0, [2])), make_workload(jobs), max_jobs=2)
        starts = set()
        for seed in range(40):
            simulator.reset((0, 10), 2, seed)
            assert not simulator.over
            starts.add(simulator.first_job)
        assert starts == {6, 7}

    def test_a_whole_number_of_any_kind_names_a_start(self) -> None:
        simulator = self.simulator()
        simulator.reset(np.int64(3), 5)  # type: ignore[arg-type]
        assert simulator.first_job == 3
        assert simulator.job_records()["status"][0] == JobStatus.WAITING
