"""The compiled simulator against its naive twin, and what must hold of its tables at any time."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.errors import SimulationError
from hdeeprm.platforms import Platform
from hdeeprm.simulator import EmbeddedSimulator, JobStatus, Objective, layout
from hdeeprm.workloads.window import window
from hdeeprm.workloads.workload import Workload
from invariants import check_tables
from kernel_runs import COMPILED, RANDOM, VOID, Twins, cases, cores_of_jobs, observation, play_through
from naive import NaiveSimulator, Status
from strategies import action_sequences, follow, make_workload, platforms, small_platform, workloads

SEEDS = st.integers(0, 2**32 - 1)
compiled_only = pytest.mark.skipif(not COMPILED, reason="takes too long without the compiler")


class TestAgainstTheTwin:
    @cases(500)
    @given(st.data())
    def test_any_actions(self, data: st.DataObject) -> None:
        """Decisions, observations, jobs, energies, over-subscriptions."""
        platform = data.draw(platforms())
        workload = data.draw(workloads(platform))
        Twins(platform, workload).play(follow(data.draw(action_sequences())))

    @cases(200)
    @given(st.data())
    def test_random_selections(self, data: st.DataObject) -> None:
        """The kernel draws, its twin places the same jobs on the same cores."""
        platform = data.draw(platforms())
        twins = Twins(platform, data.draw(workloads(platform)), seed=data.draw(SEEDS))
        while twins.advance():
            twins.decide_at_random()
        twins.compare_ends()

    @cases(250)
    @given(st.data())
    def test_placements_from_outside(self, data: st.DataObject) -> None:
        """Any waiting jobs on any free cores with the memory, at once or a little later."""
        platform = data.draw(platforms())
        twins = Twins(platform, data.draw(workloads(platform)))
        choose = random.Random(data.draw(SEEDS))
        while twins.advance():
            for job, cores in random_placements(twins.naive, choose):
                time = twins.naive.now
                if choose.random() < 0.2:
                    event = twins.naive._next_event()
                    time = time + 1.0 if event is None else (time + event[0]) / 2
                twins.kernel.place(job, np.array(cores), time)
                twins.naive._elapse(time)
                twins.naive.place(job, cores)
            twins.decide(VOID, same_pair=False)
        twins.compare_ends()

    @pytest.mark.parametrize("objective", list(Objective), ids=lambda objective: objective.name)
    @cases(40, 8)
    @given(data=st.data())
    def test_instant_rewards(self, objective: Objective, data: st.DataObject) -> None:
        """The reward of a decision is the objective's rate right after it."""
        platform = data.draw(platforms())
        workload = data.draw(workloads(platform, max_jobs=20))
        Twins(platform, workload, objective=objective).play(follow(data.draw(action_sequences())))

    @pytest.mark.parametrize("objective", list(Objective), ids=lambda objective: objective.name)
    @cases(40, 8)
    @given(data=st.data())
    def test_the_integrated_return_equals_the_objective(
        self, objective: Objective, data: st.DataObject
    ) -> None:
        """What an episode pays in all is the objective, by its definition over the ended jobs."""
        platform = data.draw(platforms())
        workload = data.draw(workloads(platform, max_jobs=20))
        twins = Twins(platform, workload, objective=objective, integrated=True)
        twins.play(follow(data.draw(action_sequences()))).compare_return()

    @cases(50, 10)
    @given(st.data())
    def test_a_wide_tolerance(self, data: st.DataObject) -> None:
        """Events that lie close together are one instant in both."""
        platform = data.draw(platforms())
        workload = data.draw(workloads(platform))
        # An end just after its walltime counts as in time: at the walltime in one, at the end in the other.
        workload = replace(workload, walltime=np.full(workload.num_jobs, math.inf))
        twins = Twins(platform, workload, tolerance=0.013)
        twins.naive.tolerance = 0.013
        twins.play(follow(data.draw(action_sequences())))


def random_placements(naive: NaiveSimulator, choose: random.Random) -> Iterator[tuple[int, list[int]]]:
    """Some waiting jobs with free cores for them; at least one where nothing else would happen."""
    jobs = list(naive.waiting)
    choose.shuffle(jobs)
    for job in jobs:
        if naive.blocked_by(job) is None and (naive.void_would_stall or choose.random() < 0.6):
            yield job, random_cores(naive, job, choose)


def random_cores(naive: NaiveSimulator, job: int, choose: random.Random) -> list[int]:
    """Free cores, taken in any order as long as their nodes have the memory."""
    memory = list(naive.free_memory_kb)
    free = [core for core, busy_with in enumerate(naive.core_job) if busy_with is None]
    choose.shuffle(free)
    cores: list[int] = []
    for core in free:
        node = naive.core_node[core]
        if len(cores) < naive.requested_cores[job] and memory[node] >= naive.job_memory_kb[job]:
            memory[node] -= naive.job_memory_kb[job]
            cores.append(core)
    return cores


# Invariants ----------------------------------------------------------------------------------------------


def ended_jobs(simulator: EmbeddedSimulator) -> set[int]:
    """Jobs that are done, out of walltime or rejected."""
    return set(np.flatnonzero(simulator.job_records()["status"] >= JobStatus.SUCCESS).tolist())


@cases(150, 15)
@given(st.data())
def test_the_tables_agree_with_each_other_after_every_step(data: st.DataObject) -> None:
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    simulator = EmbeddedSimulator(platform, workload, recording=True)
    simulator.reset(seed=data.draw(SEEDS))
    pairs = data.draw(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)) | st.just(VOID), min_size=1))
    check_tables(simulator)
    now, energy, ended, step = 0.0, 0.0, ended_jobs(simulator), 0
    while not simulator.over:
        pair = pairs[step % len(pairs)]
        simulator.run(RANDOM if pair == VOID and not simulator.may_wait() else pair)
        check_tables(simulator)
        assert simulator.now >= now
        assert simulator.energy_joules >= energy
        assert ended <= ended_jobs(simulator), "a job has ended and lives again"
        now, energy, ended, step = simulator.now, simulator.energy_joules, ended_jobs(simulator), step + 1
    assert ended == set(range(workload.num_jobs))
    assert simulator.num_free_cores == platform.num_cores
    rejected = np.flatnonzero(simulator.job_records()["status"] == JobStatus.REJECTED)
    assert sorted(cores_of_jobs(simulator)) == sorted(set(range(workload.num_jobs)) - set(rejected.tolist()))


@cases(100, 10)
@given(st.data())
def test_energy_adds_up(data: st.DataObject) -> None:
    """Where idle cores need no power, the energy of the platform is that of the jobs."""
    platform = data.draw(platforms())
    milliwatts = platform.processor_milliwatts.copy()
    milliwatts[:, 2:] = 0
    platform = replace(platform, processor_milliwatts=milliwatts)
    simulator = EmbeddedSimulator(platform, data.draw(workloads(platform)))
    simulator.reset(seed=data.draw(SEEDS))
    while not simulator.over:
        simulator.run(RANDOM, limit=5)
    jobs_joules = float(simulator.job_records()["energy_mj"].sum()) / 1000
    assert simulator.energy_joules == pytest.approx(jobs_joules, rel=1e-9, abs=1e-9)


class PstateCounter(NaiveSimulator):
    """The twin, noting for each time the cores whose P-state is set, and the P-state they are left in."""

    def _resources_changed(self) -> None:
        super()._resources_changed()
        before = getattr(self, "pstates", [3] * len(self.core_job))
        self.pstates = [self.core_pstate(core) for core in range(len(self.core_job))]
        commands = self.__dict__.setdefault("commands", {}).setdefault(self.now, {})
        for core, pstate in enumerate(self.pstates):
            if core in commands or pstate != before[core]:
                commands[core] = pstate


@cases(60, 10)
@given(st.data())
def test_pstate_commands_are_counted_once_per_instant(data: st.DataObject) -> None:
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    twins = Twins(platform, workload)
    twins.naive = PstateCounter(platform, workload)
    twins.play(follow(data.draw(action_sequences())))
    commands = twins.naive.__dict__.get("commands", {}).values()
    expected = sum(len(set(cores.values())) for cores in commands), sum(map(len, commands))
    assert twins.kernel.num_pstate_changes == expected


# Episodes ------------------------------------------------------------------------------------------------


@cases(100, 10)
@given(st.data())
def test_the_same_seed_gives_the_same_run(data: st.DataObject) -> None:
    """On one simulator reset again, whatever it has done meanwhile, and on another one."""
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    seed, other = data.draw(SEEDS), data.draw(SEEDS)
    simulator = EmbeddedSimulator(platform, workload, recording=True)
    simulator.reset(seed=seed)
    first = play_through(simulator)
    simulator.reset(seed=other)
    if not simulator.over:
        simulator.run(RANDOM)
    simulator.reset(seed=seed)
    assert play_through(simulator) == first
    another = EmbeddedSimulator(platform, workload, recording=True)
    another.reset(seed=seed)
    assert play_through(another) == first


def test_another_seed_gives_another_run() -> None:
    platform = small_platform((1.0, [4, 4]))
    simulator = EmbeddedSimulator(platform, make_workload([{"run_time": 5}] * 30), recording=True)
    runs = set()
    for seed in range(20):
        simulator.reset(seed=seed)
        runs.add(str(play_through(simulator)["placements"]))
    assert len(runs) == 20


@cases(60, 6)
@given(st.data())
def test_simulators_do_not_know_of_each_other(data: st.DataObject) -> None:
    """Several of them, one step each in turn, do what each does alone."""
    cast = []
    for seed in range(3):
        platform = data.draw(platforms())
        workload = data.draw(workloads(platform, max_jobs=20))
        alone, among_others = (EmbeddedSimulator(platform, workload, recording=True) for _ in range(2))
        alone.reset(seed=seed)
        among_others.reset(seed=seed)
        play_through(alone)
        cast.append((alone, among_others))
    while any(not simulator.over for _, simulator in cast):
        for _, simulator in cast:
            if not simulator.over:
                simulator.run(RANDOM)
    for alone, among_others in cast:
        assert play_through(alone) == play_through(among_others)


@cases(150, 15)
@given(st.data())
def test_an_episode_of_some_jobs_is_a_run_of_that_window(data: st.DataObject) -> None:
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    simulator = EmbeddedSimulator(platform, workload, recording=True, integrated=True)
    for _ in range(3):
        start = data.draw(st.integers(0, workload.num_jobs - 1))
        length = data.draw(st.integers(1, workload.num_jobs - start))
        seed, pair = data.draw(SEEDS), data.draw(st.tuples(st.integers(0, 5), st.integers(0, 5)))
        simulator.reset(start, length, seed)
        apart = EmbeddedSimulator(platform, window(workload, start, length), recording=True, integrated=True)
        apart.reset(seed=seed)
        assert len(simulator.job_records()) == length
        assert play_through(simulator, pair) == play_through(apart, pair)


def test_observations_of_an_episode_are_scaled_by_the_whole_workload() -> None:
    platform = small_platform((1.0, [2]))
    workload = make_workload([{"run_time": 100.0}] * 5 + [{"submit_time": 9.0, "run_time": 50.0}] * 2)
    simulator = EmbeddedSimulator(platform, workload)
    simulator.reset(5, 2)
    assert simulator.now == 0.0
    np.testing.assert_allclose(observation(simulator, "minimal")[:5], 0.5)


@pytest.mark.parametrize(("first_job", "num_jobs"), [(0, 4), (3, None), (2, 2), (0, 0), (-1, 1), (0, -1)])
def test_an_episode_beyond_the_workload_is_refused(first_job: int, num_jobs: int | None) -> None:
    simulator = EmbeddedSimulator(small_platform((1.0, [2])), make_workload([{}, {}, {}]))
    with pytest.raises(SimulationError, match="does not fit"):
        simulator.reset(first_job, num_jobs)


def test_an_episode_longer_than_the_simulator_was_built_for_is_refused() -> None:
    simulator = EmbeddedSimulator(small_platform((1.0, [2])), make_workload([{}, {}, {}]), max_jobs=2)
    simulator.reset(1, 2)
    with pytest.raises(SimulationError, match="built for episodes of 2"):
        simulator.reset(0, 3)


@cases(60, 6)
@given(data=st.data())
def test_a_short_log_keeps_everything(data: st.DataObject) -> None:
    """The log is emptied as often as it is full, in the midst of a call of many decisions."""
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    seed = data.draw(SEEDS)
    runs = []
    for log_size in (layout.LOG_SIZE, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(layout, "LOG_SIZE", log_size)
            simulator = EmbeddedSimulator(platform, workload, recording=True, integrated=True)
        simulator.reset(seed=seed)
        records = simulator.run(RANDOM, limit=10_000) if not simulator.over else None
        assert simulator.over
        runs.append((play_through(simulator), None if records is None else records.tolist()))
    assert runs[0] == runs[1]


@compiled_only
def test_a_long_run_keeps_all_placements() -> None:
    """More placements than the log holds at once."""
    platform = small_platform((1.0, [4]))
    workload = make_workload([{"submit_time": float(job), "run_time": 3.0} for job in range(100_000)])
    simulator = EmbeddedSimulator(platform, workload, recording=True)
    simulator.reset()
    simulator.run((1, 1), limit=300_000)
    assert simulator.over
    np.testing.assert_array_equal(simulator.placements()["job"], np.arange(100_000))


# Mistakes ------------------------------------------------------------------------------------------------


class TestPlace:
    def simulator(self) -> EmbeddedSimulator:
        """Two nodes of two cores; node 1 has memory for one core of job 1."""
        jobs: list[dict[str, Any]] = [
            {"requested_cores": 2, "run_time": 10},
            {"requested_cores": 2, "run_time": 10, "memory_kb": 1000},
            {"submit_time": 5, "run_time": 10},
        ]
        simulator = EmbeddedSimulator(
            small_platform((0.002, [2]), (0.001, [2])), make_workload(jobs), recording=True
        )
        simulator.reset()
        return simulator

    @pytest.mark.parametrize(
        ("job", "cores", "reason"),
        [
            (2, [0], "not waiting"),
            (0, [0], "another number"),
            (0, [0, 1, 2], "another number"),
            (0, [1, 1], "taken or named twice"),
            (0, [0, 4], "taken or named twice"),
            (0, [-1, 0], "taken or named twice"),
            (1, [2, 3], "memory"),
        ],
    )
    def test_refusals(self, job: int, cores: list[int], reason: str) -> None:
        simulator = self.simulator()
        with pytest.raises(SimulationError, match=reason):
            simulator.place(job, np.array(cores))
        check_tables(simulator)
        assert simulator.num_running == 0

    def test_a_taken_core_is_refused(self) -> None:
        simulator = self.simulator()
        simulator.place(0, np.array([0, 1]))
        with pytest.raises(SimulationError, match="taken"):
            simulator.place(1, np.array([1, 2]))
        with pytest.raises(SimulationError, match="not waiting"):
            simulator.place(0, np.array([2, 3]))

    def test_a_job_starts_later_where_nothing_happens_before(self) -> None:
        simulator = self.simulator()
        with pytest.raises(SimulationError, match="something else happens before"):
            simulator.place(0, np.array([0, 1]), 5.5)
        simulator.place(0, np.array([0, 1]), 4.5)
        assert simulator.now == 4.5
        record = simulator.run(VOID)[0]
        assert (record.time, record.num_waiting, record.num_started) == (4.5, 2, 1)
        records = simulator.job_records()
        assert (records[0].start_time, records[0].end_time) == (4.5, 14.5)

    def test_a_time_that_is_over_means_now(self) -> None:
        simulator = self.simulator()
        simulator.run(VOID)
        simulator.place(0, np.array([0, 1]), 1.0)
        assert simulator.job_records()[0].start_time == simulator.now == 5.0


def test_doing_nothing_where_nothing_will_happen_is_an_error() -> None:
    simulator = EmbeddedSimulator(small_platform((1.0, [2])), make_workload([{}]))
    simulator.reset()
    assert not simulator.may_wait()
    with pytest.raises(SimulationError, match="stalled at 0 s: 1 jobs wait"):
        simulator.run(VOID)
    with pytest.raises(SimulationError, match="over"):
        simulator.run(VOID)


def test_an_episode_without_a_job_that_can_run_is_over_at_once() -> None:
    simulator = EmbeddedSimulator(small_platform((1.0, [2])), make_workload([{"requested_cores": 3}] * 2))
    simulator.reset()
    assert simulator.over
    assert set(simulator.job_records()["status"]) == {JobStatus.REJECTED}
    with pytest.raises(SimulationError, match="over"):
        simulator.step((1, 1))


# Randomness ----------------------------------------------------------------------------------------------

DRAWS = 6000 if COMPILED else 600


def check_uniform(counts: Counter[Any], outcomes: int) -> None:
    """Pearson's chi-square at one in ten thousand, by the approximation of Wilson & Hilferty (1931)."""
    expected = counts.total() / outcomes
    assert expected >= 20, "too few draws to tell"
    statistic = sum((number - expected) ** 2 / expected for number in counts.values())
    statistic += (outcomes - len(counts)) * expected
    freedom = outcomes - 1
    limit = freedom * (1 - 2 / (9 * freedom) + 3.719 * math.sqrt(2 / (9 * freedom))) ** 3
    assert statistic < limit, f"{counts}: chi-square {statistic:.1f}, at most {limit:.1f}"


def draw_placements(
    platform: Platform, workload: Workload, pair: tuple[int, int]
) -> Iterator[dict[int, list[int]]]:
    """Cores per job after the first decision of many episodes."""
    simulator = EmbeddedSimulator(platform, workload, recording=True)
    for seed in range(DRAWS):
        simulator.reset(seed=seed)
        simulator.run(pair)
        yield cores_of_jobs(simulator)


@pytest.mark.parametrize("memory_kb", [0, 10])
def test_random_cores_are_equally_likely(memory_kb: int) -> None:
    """Over nodes and processors of different sizes, one of them with more cores than a word has bits."""
    platform = small_platform((1.0, [3, 5]), (1.0, [1]), (1.0, [11]) if not COMPILED else (1.0, [40, 2]))
    workload = make_workload([{"memory_kb": memory_kb}])
    counts = Counter(cores[0][0] for cores in draw_placements(platform, workload, (1, 0)))
    check_uniform(counts, platform.num_cores)


def test_every_set_of_random_cores_is_equally_likely() -> None:
    platform = small_platform((1.0, [2]), (1.0, [1, 2]))
    workload = make_workload([{"requested_cores": 2}])
    counts = Counter(tuple(sorted(cores[0])) for cores in draw_placements(platform, workload, (1, 0)))
    assert set(counts) <= set(combinations(range(5), 2))
    check_uniform(counts, 10)


def test_random_cores_have_enough_memory() -> None:
    """Three nodes of five have the memory."""
    platform = small_platform((0.001, [4]), (0.002, [3]), (0.001, [2]), (0.002, [1, 2]), (0.002, [4]))
    workload = make_workload([{"memory_kb": 1001}])
    counts = Counter(cores[0][0] for cores in draw_placements(platform, workload, (1, 0)))
    assert set(counts) == {4, 5, 6, 9, 10, 11, 12, 13, 14, 15}
    check_uniform(counts, 10)


def test_random_cores_where_memory_is_nearly_used_up() -> None:
    """So few cores have the memory that most draws give up trying and count: 5 of 1,205."""
    tight = (0.001, [40] * 30)
    platform = small_platform((0.002, [2]), tight, (0.002, [1, 2]))
    workload = make_workload([{"memory_kb": 1001}])
    counts = Counter(cores[0][0] for cores in draw_placements(platform, workload, (1, 0)))
    assert set(counts) == {0, 1, 1202, 1203, 1204}
    check_uniform(counts, 5)


def draw_starts(platform: Platform, workload: Workload) -> Iterator[tuple[int, ...]]:
    """Jobs that the first random decision starts, in the order of their starts, of many episodes."""
    simulator = EmbeddedSimulator(platform, workload)
    for seed in range(DRAWS):
        simulator.reset(seed=seed)
        num_started = simulator.run((0, 1))[0].num_started
        records = simulator.job_records()
        started = np.flatnonzero(~np.isin(records["status"], (JobStatus.PENDING, JobStatus.WAITING)))
        order = started[np.argsort(records["sequence"][started])]
        yield tuple(order[:num_started].tolist())


def test_random_jobs_are_equally_likely() -> None:
    """The first of five, and every order of them."""
    workload = make_workload([{"run_time": 1 + job} for job in range(5)])
    check_uniform(Counter(draw_starts(small_platform((1.0, [1])), workload)), 5)
    orders = Counter(draw_starts(small_platform((1.0, [3])), make_workload([{}] * 4)))
    check_uniform(orders, 4 * 3 * 2)


def test_a_random_job_that_does_not_fit_ends_the_decision() -> None:
    """Two jobs need more cores than are left: what blocks is drawn, not looked for."""
    workload = make_workload([{"requested_cores": 1}, {"requested_cores": 2}])
    simulator = EmbeddedSimulator(small_platform((1.0, [2])), workload, recording=True)
    started = Counter()
    for seed in range(DRAWS // 5):
        simulator.reset(seed=seed)
        started[tuple(cores_after(simulator))] += 1
    assert set(started) == {(0,), (1,)}
    check_uniform(started, 2)


def cores_after(simulator: EmbeddedSimulator) -> list[int]:
    """The jobs that one random decision starts."""
    record = simulator.run(RANDOM)[0]
    assert record.num_started == 1
    return [int(simulator.placements()["job"][0])]


def test_status_names_agree_with_the_twin() -> None:
    assert len(JobStatus) == len(Status)
