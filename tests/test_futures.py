"""Looking ahead: what actions are said to come to, against simulating them; and what must not be seen."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.simulator import EmbeddedSimulator, Objective, SimulatorBatch
from hdeeprm.simulator.futures import LEAST_WORK_LEFT, Futures, Outlook
from hdeeprm.simulator.kernel import tables
from hdeeprm.simulator.layout import row
from hdeeprm.workloads.workload import Workload
from kernel_runs import COMPILED, Twins, cases, close, cores_of_jobs, pair_ids
from naive import NaiveSimulator
from strategies import PAIRS, Pair, make_workload, platforms, small_platform, workloads

FCFS, SJF, VOID = (1, 1), (2, 1), (-1, -1)
RANDOM_PAIRS = [(0, 0), (0, 2), (1, 0)]
JOBS: list[Pair] = [("job-0", "high_gflops"), ("job-1", "high_gflops"), ("job-2", "low_power")]


def outlook(
    simulator: EmbeddedSimulator,
    codes: Sequence[tuple[int, int]],
    base: tuple[int, int] = FCFS,
    **options: Any,
) -> Outlook:
    """One look ahead; by default in one future without arrivals, nothing known of the past."""
    return futures(simulator, codes, base, **options).look()


def futures(
    simulator: EmbeddedSimulator,
    codes: Sequence[tuple[int, int]],
    base: tuple[int, int] = FCFS,
    **options: Any,
) -> Futures:
    options = {"num_futures": 1, "num_arrivals": 0, "num_past_jobs": 0, "seed": 0} | options
    rng = np.random.default_rng(options.pop("seed"))
    return Futures(simulator, np.array(codes, np.int64), base, rng=rng, **options)


# Futures that are certain --------------------------------------------------------------------------------


def exact_requests(workload: Workload) -> Workload:
    """The same jobs, each asking for just the time and work that it takes; of no time for 1 s."""
    run_time = np.where(workload.run_time > 0.0, workload.run_time, 1.0)
    return replace(
        workload,
        run_time=run_time,
        requested_time=run_time.copy(),
        requested_work_flop=workload.work_flop.copy(),
    )


def play_until_all_have_arrived(twins: Twins, numbers: Sequence[int], num_more: int) -> bool:
    """Random actions up to a decision point after the last arrival; whether there is one."""
    step = 0
    while twins.advance():
        clock = twins.kernel.tables.clock[0]
        if clock.next_arrival == clock.num_jobs:
            if num_more == 0:
                return True
            num_more -= 1
        actions = [*PAIRS[::4], *JOBS, (None, None)]
        allowed = [action for action in actions if twins.naive.is_allowed(action[0])]
        action = allowed[numbers[step % len(numbers)] % len(allowed)]
        twins.naive.decide(*action)
        twins.decide(pair_ids(action))
        step += 1
    return False


def started_now(naive: NaiveSimulator, before: NaiveSimulator) -> frozenset[tuple[int, tuple[int, ...]]]:
    """Jobs that an action has started, with their cores."""
    started = set(naive.running) - set(before.running)
    return frozenset((job, tuple(naive.jobs[job].cores)) for job in started)


def consequences(
    naive: NaiveSimulator, action: Pair, base: Pair, objective: str
) -> tuple[frozenset[tuple[int, tuple[int, ...]]], float]:
    """What an action starts, and what the objective comes to if the base pair goes on after it."""
    after = copy.deepcopy(naive)
    after.num_choices = 0
    after.decide(*action)
    if action in JOBS:
        after.decide(*base)
    started = started_now(after, naive)
    return started, after.run(lambda _: base).integrated_return(objective)


def check_outlook(twins: Twins, found: Outlook, actions: Sequence[Pair], base: Pair) -> None:
    """Scores are what simulating gives; actions share a group where they start the same jobs alike."""
    first: dict[frozenset[tuple[int, tuple[int, ...]]], int] = {}
    scored = len({group for group in found.groups.tolist() if group >= 0}) > 1
    for number, action in enumerate(actions):
        if not twins.naive.is_allowed(action[0]):
            assert (found.groups[number], found.scores[number]) == (-1, -math.inf)
            continue
        started, value = consequences(twins.naive, action, base, twins.objective)
        assert found.groups[number] == first.setdefault(started, number), "another group"
        if scored:
            assert found.scores[number] == close(value, scale=value)
        else:
            assert found.scores[number] == 0.0
    assert found.acceptable.tolist() == [int(group == found.groups[found.best]) for group in found.groups]
    assert found.scores[found.best] == found.scores.max()


@pytest.mark.parametrize("objective", list(Objective), ids=lambda objective: objective.name)
@pytest.mark.parametrize("num_choices", [0, 3])
@cases(40, 2)
@given(data=st.data())
def test_scores_are_what_simulating_gives(
    objective: Objective, num_choices: int, data: st.DataObject
) -> None:
    platform = data.draw(platforms())
    workload = exact_requests(data.draw(workloads(platform, max_jobs=12)))
    if data.draw(st.booleans()):
        workload = replace(workload, submit_time=np.zeros(workload.num_jobs))
    load = data.draw(st.sampled_from([None, 0.8]))
    twins = Twins(
        platform, workload, objective=objective, integrated=True, num_choices=num_choices, load=load
    )
    numbers = data.draw(st.lists(st.integers(0, 20), min_size=1, max_size=12))
    if play_until_all_have_arrived(twins, numbers, data.draw(st.integers(0, 3))):
        base = data.draw(st.sampled_from(PAIRS))
        pairs = data.draw(st.lists(st.sampled_from(PAIRS), min_size=3, max_size=8))
        actions = [*(JOBS if num_choices else pairs), (None, None)]
        codes = [pair_ids(action) for action in actions]
        found = outlook(twins.kernel, codes, pair_ids(base), num_futures=data.draw(st.integers(1, 2)))
        check_outlook(twins, found, actions, base)


@cases(100, 4)
@given(st.data())
def test_scores_are_means_over_futures(data: st.DataObject) -> None:
    """Each future simulated by itself, with what was drawn for it."""
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    objective = data.draw(st.sampled_from(list(Objective)))
    simulator = EmbeddedSimulator(platform, workload, objective=objective)
    simulator.reset(seed=2)
    for _ in simulated(simulator, data.draw(st.integers(0, 12))):
        pass
    if not simulator.over:
        pairs = data.draw(st.lists(st.sampled_from(PAIRS), min_size=3, max_size=8))
        codes, base = [*map(pair_ids, pairs), (0, 0), VOID], pair_ids(data.draw(st.sampled_from(PAIRS)))
        looking = futures(simulator, codes, base, num_futures=3, num_arrivals=5, num_past_jobs=3)
        found = looking.look()
        groups = np.unique(found.groups[found.groups >= 0])
        for number in groups if len(groups) > 1 else ():
            values = [value_of_future(simulator, looking, future, codes[number], base) for future in range(3)]
            assert found.scores[number] == close(float(np.mean(values)))


def value_of_future(
    simulator: EmbeddedSimulator, looking: Futures, future: int, code: tuple[int, int], base: tuple[int, int]
) -> float:
    """What the objective comes to in one of the futures if the base pair goes on after an action."""
    alone = copy.deepcopy(simulator.on_tables(row(looking._stack, future)))
    if code != VOID or alone.may_wait():
        alone.run(code)
    while not alone.over:
        alone.run(base, 100)
    return alone.summary()["objective"]


def test_the_swapped_jobs_are_another_group() -> None:
    """Each of two jobs on one of two cores, and the other way round."""
    simulator = ready(small_platform((1.0, [1, 1])), {"run_time": 10.0}, {"run_time": 5.0})
    found = outlook(simulator, [(1, 1), (2, 1)])
    assert found.groups.tolist() == [0, 1]


def test_the_order_of_starts_means_nothing() -> None:
    """Jobs alike in what they take, on cores that are taken in another order."""
    simulator = ready(small_platform((1.0, [33])), {"requested_cores": 3}, {"requested_cores": 30})
    found = outlook(simulator, [(6, 1), (7, 1), (1, 1), (2, 1)])
    assert found.groups.tolist() == [0, 1, 0, 0]
    wide = ready(small_platform((1.0, [2]), (1.0, [2])), {"requested_cores": 4})
    assert outlook(wide, [(1, core) for core in range(1, 6)]).groups.tolist() == [0] * 5


def test_many_jobs_and_actions() -> None:
    """More jobs than there is room for at first, and hundreds of actions that all differ."""
    number = 300 if COMPILED else 80
    jobs = [{"run_time": 1.0 + (7 * job) % number} for job in range(number)]
    simulator = ready(small_platform((1.0, [2])), *jobs, objective=Objective.avg_wait)
    codes = [(6 + place, 1) for place in range(number)]
    looking = futures(simulator, codes, SJF)
    first, second = looking.look(), looking.look()
    np.testing.assert_array_equal(first.scores, second.scores)
    assert first.groups.tolist() == list(range(number))
    shortest = int(np.argmin([job["run_time"] for job in jobs]))
    assert first.scores[shortest] == first.scores.max()
    for place in (0, shortest, number // 2, number - 1):
        other = copy.deepcopy(simulator)
        other.place(place, np.array([0]))
        other.run(SJF, 10_000)
        assert first.scores[place] == close(other.summary()["objective"])


def ready(platform: Any, *jobs: dict[str, Any], **options: Any) -> EmbeddedSimulator:
    """A simulator at the first decision point of an episode."""
    simulator = EmbeddedSimulator(platform, make_workload(jobs), integrated=True, **options)
    simulator.reset()
    return simulator


# What is not known ---------------------------------------------------------------------------------------


def other_truth(simulator: EmbeddedSimulator, seed: int) -> EmbeddedSimulator:
    """The same past and present; but jobs that have not ended take another time, and others will arrive."""
    rng = np.random.default_rng(seed)
    other = copy.deepcopy(simulator)
    state, first = other.tables, other.first_job
    num_arrived = int(state.clock["next_arrival"][0])
    for job in range(other.num_jobs):
        row, progress = state.jobs[first + job], state.progress[job]
        if progress.status == tables.RUNNING:
            progress.remaining_flop = rng.random() * 1e12
            progress.end_time = other.now + rng.random() * 100.0
            row.work_flop = progress.done_flop + progress.remaining_flop
        elif progress.status == tables.WAITING:
            row.work_flop = rng.random() * 1e12
        elif job >= num_arrived:
            row.submit_time += 1000.0 * rng.random()
            row.requested_cores, row.memory_kb, row.bandwidth = rng.integers(1, 9, 3)
            row.requested_time, row.walltime = 100.0 * rng.random(2)
            row.work_flop, row.requested_work_flop = 1e12 * rng.random(2)
    state.jobs[first + other.num_jobs :] = np.zeros((), tables.JOB)
    for place in range(1, 7):
        state.clock[f"random_{place}"] = rng.integers(1, 4_000_000_000)
    return other


@cases(120, 6)
@given(st.data())
def test_the_truth_is_not_seen(data: st.DataObject) -> None:
    """To the last bit: true run times, arrivals to come and random draws to come change nothing."""
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    start = data.draw(st.integers(0, workload.num_jobs - 1))
    length = data.draw(st.integers(1, workload.num_jobs - start))
    simulator = EmbeddedSimulator(
        platform,
        workload,
        max_jobs=length,
        objective=data.draw(st.sampled_from(list(Objective))),
        num_choices=data.draw(st.sampled_from([0, 2])),
    )
    simulator.reset(start, length, seed=1)
    for _ in simulated(simulator, data.draw(st.integers(0, 15))):
        pass
    if not simulator.over:
        options = {
            "num_futures": 2,
            "num_arrivals": 4,
            "num_past_jobs": data.draw(st.sampled_from([0, 5, 99])),
        }
        codes = [pair_ids(pair) for pair in (*PAIRS[::5], *JOBS, (None, None))] + RANDOM_PAIRS
        base = pair_ids(data.draw(st.sampled_from(PAIRS)))
        found = outlook(simulator, codes, base, **options)
        twin = outlook(other_truth(simulator, data.draw(st.integers(0, 99))), codes, base, **options)
        np.testing.assert_array_equal(found.scores, twin.scores)
        np.testing.assert_array_equal(found.groups, twin.groups)
        assert np.all(np.isfinite(found.scores) == (found.groups >= 0))


def simulated(simulator: EmbeddedSimulator, num_decisions: int) -> Iterator[None]:
    """Some decisions, at random."""
    rng = np.random.default_rng(num_decisions)
    while num_decisions > 0 and not simulator.over:
        allowed = [(0, 0), FCFS, SJF] + [VOID] * simulator.may_wait()
        simulator.run(allowed[rng.integers(len(allowed))])
        num_decisions -= 1
        yield


@cases(60, 4)
@given(st.data())
def test_looking_changes_nothing(data: st.DataObject) -> None:
    """The present is as it was, and the same look again finds the same."""
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform, max_jobs=20))
    simulator, alone = (EmbeddedSimulator(platform, workload, recording=True) for _ in range(2))
    codes = [(1, 1), (3, 2), (0, 0), VOID]
    options = {"num_futures": 2, "num_arrivals": 3, "num_past_jobs": 9}
    simulator.reset(seed=5)
    alone.reset(seed=5)
    looking = futures(simulator, codes, SJF, **options)
    for number, _ in enumerate(zip(simulated(simulator, 12), simulated(alone, 12), strict=True)):
        if not simulator.over:
            looking.look()
            first, second = (outlook(simulator, codes, SJF, seed=number, **options) for _ in range(2))
            np.testing.assert_array_equal(first.scores, second.scores)
    assert simulator.summary() == alone.summary()
    assert cores_of_jobs(simulator) == cores_of_jobs(alone)


# What futures are made of --------------------------------------------------------------------------------


def drawn(looking: Futures) -> tuple[np.ndarray, np.ndarray]:
    """Jobs of the futures of a look, and the work that each has left."""
    looking.look()
    stack = looking._stack
    number = int(stack.clock["num_jobs"][0, 0])
    return stack.jobs[:, :number], stack.progress["remaining_flop"][:, :number]


class TestDraws:
    def simulator(self) -> EmbeddedSimulator:
        """After ten jobs that have ended, two run and three wait."""
        past = [
            {"submit_time": 3.0 * job, "run_time": float(1 + job), "requested_time": 20.0, "memory_kb": job}
            for job in range(10)
        ]
        present = [
            {"submit_time": 100.0, "run_time": 50.0, "requested_time": 60.0, "requested_cores": 1},
            {"submit_time": 101.0, "run_time": 90.0, "requested_time": 60.0, "requested_cores": 1},
            *({"submit_time": 131.0, "run_time": 9.0, "requested_time": 60.0, "requested_cores": 2},) * 3,
        ]
        later = [{"submit_time": 1000.0, "run_time": 77.0, "requested_time": 77.0, "requested_cores": 3}]
        simulator = ready(small_platform((1.0, [2])), *past, *present, *later)
        while simulator.now < 131.0:
            simulator.run(FCFS)
        return simulator

    def test_work_left(self) -> None:
        """Shares of ended jobs are 0.05 to 0.5; running ones have done 31 / 60 and 30 / 60 of theirs."""
        simulator = self.simulator()
        jobs, remaining = drawn(futures(simulator, [FCFS, VOID], num_futures=300))
        shares = jobs["work_flop"] / jobs["requested_work_flop"]
        precedents = np.arange(1, 11) / 20
        assert shares.shape == (300, 5)
        np.testing.assert_allclose(shares[:, :2], np.tile([31 / 60, 0.5], (300, 1)) + LEAST_WORK_LEFT)
        np.testing.assert_allclose(remaining[:, :2], LEAST_WORK_LEFT * jobs["requested_work_flop"][:, :2])
        nearest = np.abs(shares[:, 2:, np.newaxis] - precedents).argmin(axis=2)
        np.testing.assert_allclose(shares[:, 2:], precedents[nearest])
        counts = np.bincount(nearest.ravel(), minlength=10)
        assert counts.min() > 50  # 90 each are expected

    def test_a_running_job_takes_longer_than_it_has_run(self) -> None:
        past = [
            {"submit_time": 0.0, "run_time": float(run_time), "requested_time": 20.0}
            for run_time in (4, 8, 12, 16)
        ]
        simulator = ready(
            small_platform((1.0, [5])),
            *past,
            {"submit_time": 100.0, "run_time": 19.0, "requested_time": 20.0},
            {"submit_time": 109.0},
        )
        while simulator.now < 109.0:
            simulator.run(FCFS)
        jobs, remaining = drawn(futures(simulator, [FCFS, VOID], num_futures=200))
        shares = jobs["work_flop"][:, 0] / jobs["requested_work_flop"][:, 0]
        assert set(np.round(shares, 9)) == {0.6, 0.8}
        np.testing.assert_allclose(remaining[:, 0], (shares - 9 / 20) * jobs["requested_work_flop"][:, 0])

    def test_arrivals_are_like_the_jobs_seen(self) -> None:
        simulator = self.simulator()
        jobs, _ = drawn(futures(simulator, [FCFS, VOID], num_futures=100, num_arrivals=6))
        arrivals = jobs[:, 5:]
        assert arrivals.shape == (100, 6)
        assert set(arrivals["memory_kb"].ravel()) == set(range(10))
        assert set(arrivals["requested_cores"].ravel()) == {1, 2}
        gaps = np.diff(arrivals["submit_time"], axis=1, prepend=simulator.now)
        assert set(np.round(gaps.ravel(), 6)) == {0.0, 1.0, 3.0, 30.0, 73.0}
        shares = np.round(arrivals["work_flop"] / arrivals["requested_work_flop"], 9)
        assert set(shares.ravel()) == set(np.round(np.arange(1, 11) / 20, 9))

    def test_arrivals_come_at_the_stretched_rate(self) -> None:
        jobs = [{"submit_time": 10.0 * job, "run_time": 30.0} for job in range(20)]
        simulator = EmbeddedSimulator(small_platform((1.0, [2])), make_workload(jobs), max_jobs=8, load=0.5)
        simulator.reset(5, 8)
        gap = float(simulator.submit_times()[1])
        arrivals, _ = drawn(futures(simulator, [FCFS, VOID], num_arrivals=4, num_past_jobs=3))
        assert gap != pytest.approx(10.0)
        np.testing.assert_allclose(arrivals["submit_time"][0, 1:], gap * np.arange(1, 5))

    def test_jobs_before_the_episode_count_as_far_as_wanted(self) -> None:
        jobs = [
            {"submit_time": 10.0 * job, "run_time": 1.0 + job, "requested_time": 10.0} for job in range(9)
        ]
        simulator = EmbeddedSimulator(small_platform((1.0, [2])), make_workload(jobs), max_jobs=3)
        simulator.reset(6, 3)
        for num_past_jobs, expected in ((0, {1.0}), (2, {0.5, 0.6}), (99, set(np.arange(1, 7) / 10))):
            looking = futures(simulator, [FCFS, VOID], num_futures=99, num_past_jobs=num_past_jobs)
            found, _ = drawn(looking)
            assert set(np.round(found["work_flop"] / found["requested_work_flop"], 9)[:, 0]) == expected


# Odd futures ---------------------------------------------------------------------------------------------


class TestOddFutures:
    def test_waiting_for_what_does_not_come(self) -> None:
        """A job will arrive in truth, in no future: void then means that the base pair goes on at once."""
        simulator = ready(small_platform((1.0, [2])), {"run_time": 10.0}, {"submit_time": 50.0})
        found = outlook(simulator, [FCFS, VOID])
        assert found.groups.tolist() == [0, 1]
        assert found.scores[0] == found.scores[1] == -1.0
        assert found.best == 0

    def test_a_base_that_starts_nothing_comes_to_no_end(self) -> None:
        simulator = ready(small_platform((1.0, [2])), {"run_time": 10.0}, {"run_time": 5.0})
        found = outlook(simulator, [FCFS, (6, 1), VOID], VOID)
        assert found.scores.tolist() == [found.scores[0], -math.inf, -math.inf]
        assert math.isfinite(found.scores[0])

    def test_one_group_needs_no_future(self) -> None:
        simulator = ready(small_platform((1.0, [2])), {"run_time": 10.0})
        found = outlook(simulator, [FCFS, SJF, (6, 1), VOID])
        assert found.scores.tolist() == [0.0, 0.0, 0.0, -math.inf]
        assert found.groups.tolist() == [0, 0, 0, -1]
        assert found.acceptable.tolist() == [1, 1, 1, 0]

    def test_random_actions_share_a_group_where_chance_has_no_say(self) -> None:
        full = ready(
            small_platform((1.0, [2])), {"requested_cores": 2}, {"submit_time": 0.5}, {"submit_time": 0.5}
        )
        full.run(FCFS)
        assert outlook(full, [FCFS, *RANDOM_PAIRS, VOID]).groups.tolist() == [0] * 5
        one = ready(small_platform((1.0, [2])), {"requested_cores": 2})
        assert outlook(one, [FCFS, *RANDOM_PAIRS]).groups.tolist() == [0] * 4
        many = ready(small_platform((1.0, [8])), *({"run_time": 1.0 + job} for job in range(20)))
        found = outlook(many, [FCFS, *RANDOM_PAIRS], num_futures=4)
        assert found.groups.tolist() == [0, 1, 2, 3]

    def test_jobs_that_asked_for_no_work(self) -> None:
        """Nothing is known of the time that they take; none, then."""
        jobs = [
            {"run_time": 10.0, "requested_work_flop": 0.0, "requested_cores": 2},
            {"submit_time": 1.0, "run_time": 3.0, "requested_work_flop": 0.0},
            {"submit_time": 2.0, "run_time": 3.0, "requested_cores": 2},
        ]
        simulator = ready(small_platform((1.0, [3])), *jobs)
        simulator.run(FCFS)
        for _ in range(3):
            found = outlook(simulator, [FCFS, SJF, VOID], num_futures=3, num_arrivals=5)
            assert np.all(np.isfinite(found.scores) == (found.groups >= 0))
            simulator.run(FCFS)

    @cases(100, 2)
    @given(st.data())
    def test_any_jobs(self, data: st.DataObject) -> None:
        """Without work, without requested work, beyond their request, out of walltime: every future ends."""
        platform = data.draw(platforms())
        workload = data.draw(workloads(platform))
        rng = np.random.default_rng(data.draw(st.integers(0, 99)))
        requested_work = np.where(rng.random(workload.num_jobs) < 0.3, 0.0, workload.requested_work_flop)
        work = np.where(rng.random(workload.num_jobs) < 0.3, 0.0, workload.work_flop)
        workload = replace(workload, requested_work_flop=requested_work, work_flop=work)
        simulator = EmbeddedSimulator(platform, workload, num_choices=data.draw(st.sampled_from([0, 3])))
        simulator.reset(seed=0)
        codes = [pair_ids(pair) for pair in (*PAIRS[::5], *JOBS, (None, None))] + RANDOM_PAIRS
        base = pair_ids(data.draw(st.sampled_from(PAIRS)))
        options = {"num_futures": 2, "num_arrivals": data.draw(st.integers(0, 6)), "num_past_jobs": 0}
        looking = futures(simulator, codes, base, **options)
        for _ in simulated(simulator, 10):
            if not simulator.over:
                found = looking.look()
                assert np.all(np.isfinite(found.scores) == (found.groups >= 0))

    def test_in_a_row_of_a_batch(self) -> None:
        jobs = [{"submit_time": float(job), "run_time": 5.0 + job % 3} for job in range(12)]
        platform, workload, codes = (
            small_platform((1.0, [2])),
            make_workload(jobs),
            np.array([FCFS, SJF, VOID]),
        )
        batch = SimulatorBatch(platform, workload, 3, codes, (-1, 0))
        batch.reset(np.zeros((3, 2), np.int64), 12, np.ones(3, np.bool_))
        alone = ready(platform, *jobs)
        for _ in range(5):
            batch.step(np.zeros(3, np.int64), 0)
            alone.step(FCFS)
            found = outlook(batch.simulators[1], codes.tolist(), num_arrivals=3, num_futures=2)
            np.testing.assert_array_equal(
                found.scores, outlook(alone, codes.tolist(), num_arrivals=3, num_futures=2).scores
            )
