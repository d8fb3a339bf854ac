"""Coming back to a state: what follows is what followed before, to the last bit."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.errors import SimulationError
from hdeeprm.simulator import EmbeddedSimulator, Objective, Snapshot
from hdeeprm.simulator.kernel import tables
from hdeeprm.workloads.workload import Workload
from invariants import check_tables
from kernel_runs import RANDOM, VOID, cases, job_observation, observation, play_through
from naive import OBSERVATIONS
from strategies import make_workload, platforms, small_platform, workloads

SEEDS = st.integers(0, 2**32 - 1)


def actions_of(simulator: EmbeddedSimulator, rng: np.random.Generator) -> tuple[int, int]:
    """An allowed action: a pair, a single job or void."""
    allowed: list[tuple[int, int]] = [(int(rng.integers(6)), int(rng.integers(6)))] * 3
    if simulator.may_wait():
        allowed.append(VOID)
    for place in range(4):
        if simulator.fits(tables.NTH_JOB + place):
            allowed.append((tables.NTH_JOB + place, int(rng.integers(6))))
    return allowed[rng.integers(len(allowed))]


def go_on(simulator: EmbeddedSimulator, seed: int, limit: int = 10_000) -> list[Any]:
    """Take random actions; all that is seen on the way and at the end."""
    rng = np.random.default_rng(seed)
    seen: list[Any] = []
    while not simulator.over and limit > 0:
        seen += [observation(simulator, kind).tobytes() for kind in OBSERVATIONS]
        seen += [job_observation(simulator, None).tobytes(), job_observation(simulator, 3).tobytes()]
        seen += [simulator.run(actions_of(simulator, rng)).tolist(), simulator.summary(), simulator.watts]
        limit -= 1
    return [*seen, simulator.over, left_behind(simulator)]


def left_behind(simulator: EmbeddedSimulator) -> list[Any]:
    """What a run has left behind so far."""
    status = simulator.job_records()["status"]
    started = simulator.job_records()[status > tables.WAITING]
    return [
        *(status.tolist(), started.tolist(), simulator.num_pstate_changes, simulator.num_decisions),
        *(simulator.placements().tolist(), simulator.oversubscriptions().tolist()),
    ]


def drawn_simulators(data: st.DataObject, max_jobs: int = 25) -> tuple[EmbeddedSimulator, EmbeddedSimulator]:
    """Two simulators of a random platform and workload, not reset yet; only the first has random settings."""
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform, max_jobs=max_jobs))
    load = data.draw(st.sampled_from([None, 0.8]))
    drawn = EmbeddedSimulator(
        platform,
        workload,
        recording=True,
        integrated=data.draw(st.booleans()),
        objective=data.draw(st.sampled_from(list(Objective))),
        num_choices=data.draw(st.sampled_from([0, 2])),
        load=load,
    )
    return drawn, EmbeddedSimulator(platform, workload, recording=True, load=load)


@cases(120, 8)
@given(st.data())
def test_what_follows_is_what_followed(data: st.DataObject) -> None:
    """In the same simulator, there after another episode, in another simulator, and in a copy."""
    simulator, another = drawn_simulators(data)
    simulator.reset(seed=data.draw(SEEDS))
    go_on(simulator, 0, data.draw(st.integers(0, 12)))
    snapshot, copied = simulator.snapshot(), copy.deepcopy(simulator)
    before, seed = left_behind(simulator), data.draw(SEEDS)
    expected = go_on(simulator, seed)
    assert go_on(copied, seed) == expected

    simulator.restore(snapshot)
    check_tables(simulator)
    assert left_behind(simulator) == before
    assert go_on(simulator, seed) == expected

    start = data.draw(st.integers(0, simulator.workload.num_jobs - 1))
    simulator.reset(start, data.draw(st.integers(1, simulator.workload.num_jobs - start)), seed=1)
    go_on(simulator, 1, data.draw(st.integers(0, 9)))
    for other in (simulator, another):
        other.restore(snapshot)
        check_tables(other)
        assert go_on(other, seed) == expected


@cases(60, 6)
@given(st.data())
def test_many_states_of_one_run(data: st.DataObject) -> None:
    """Each of them may be come back to, in any order, and each is what the run was there."""
    simulator, _ = drawn_simulators(data, max_jobs=15)
    simulator.reset(seed=3)
    states = []
    while not simulator.over:
        states.append((simulator.snapshot(), simulator.now, left_behind(simulator)))
        go_on(simulator, len(states), 1)
    end = left_behind(simulator)
    order = data.draw(st.permutations(range(len(states))))
    for place in order[:6]:
        snapshot, now, behind = states[place]
        simulator.restore(snapshot)
        assert (simulator.now, left_behind(simulator), simulator.over) == (now, behind, False)
        for number in range(place + 1, len(states) + 1):
            go_on(simulator, number, 1)
        assert left_behind(simulator) == end


@cases(60, 6)
@given(st.data())
def test_the_next_episode_after_a_restored_one(data: st.DataObject) -> None:
    """A reset after coming back finds nothing of what was there before."""
    simulator, _ = drawn_simulators(data)
    simulator.reset(seed=2)
    go_on(simulator, 0, 5)
    snapshot = simulator.snapshot()
    start = data.draw(st.integers(0, simulator.workload.num_jobs - 1))
    length = data.draw(st.integers(1, simulator.workload.num_jobs - start))
    simulator.reset(start, length, seed=4)
    expected = go_on(simulator, 6)
    simulator.restore(snapshot)
    simulator.reset(start, length, seed=4)
    assert go_on(simulator, 6) == expected


def simulator_of_many_jobs(**options: Any) -> EmbeddedSimulator:
    """Twenty jobs for three cores."""
    jobs = [{"submit_time": float(job), "run_time": 2.0 + job % 5} for job in range(20)]
    return EmbeddedSimulator(small_platform((1.0, [2, 1])), make_workload(jobs), **options)


def bytes_of(snapshot: Snapshot) -> list[bytes]:
    """All that a snapshot holds."""
    used = {"segments": int(snapshot.tables.clock["num_segments"][0])}
    own = [getattr(snapshot.tables, name)[: used.get(name)].tobytes() for name in EmbeddedSimulator.STATE]
    queue = snapshot.tables.queue
    return [*own, queue.reservations.tobytes()] if queue else own


class TestSnapshot:
    def test_it_is_a_copy(self) -> None:
        simulator = simulator_of_many_jobs(recording=True)
        simulator.reset()
        simulator.run(RANDOM, 4)
        snapshot = simulator.snapshot()
        kept = bytes_of(snapshot)
        play_through(simulator)
        simulator.restore(snapshot)
        play_through(simulator)
        assert bytes_of(snapshot) == kept

    def test_of_an_episode_that_is_over(self) -> None:
        simulator = simulator_of_many_jobs(recording=True)
        simulator.reset()
        expected = play_through(simulator)
        snapshot = simulator.snapshot()
        simulator.reset(5)
        simulator.restore(snapshot)
        assert simulator.over
        assert play_through(simulator)["jobs"] == expected["jobs"]
        with pytest.raises(SimulationError, match="over"):
            simulator.step((1, 1))

    def test_with_jobs_placed_from_outside(self) -> None:
        """They count as started by the decision, before and after."""
        simulator = simulator_of_many_jobs()
        simulator.reset()
        simulator.place(0, np.array([2]))
        snapshot = simulator.snapshot()
        first = simulator.run(VOID).tolist()
        simulator.restore(snapshot)
        assert simulator.run(VOID).tolist() == first
        assert first[0][2] == 1

    def test_random_draws_come_again(self) -> None:
        simulator = simulator_of_many_jobs(recording=True, max_jobs=5)
        simulator.reset((0, 15), 5, seed=8)
        snapshot = simulator.snapshot()
        runs = []
        for _ in range(2):
            simulator.restore(snapshot)
            first = play_through(simulator)
            simulator.reset((0, 15), 5)
            runs.append((first, simulator.first_job, play_through(simulator)))
        assert runs[0] == runs[1]


class TestRefusals:
    def check(self, other: EmbeddedSimulator) -> None:
        """A state of the twenty jobs is refused, and nothing is changed by that."""
        simulator = simulator_of_many_jobs()
        simulator.reset()
        other.reset(0, 5)
        before = copy.deepcopy(other)
        with pytest.raises(SimulationError, match="another platform or workload"):
            other.restore(simulator.snapshot())
        assert other.run((1, 1), 99).tolist() == before.run((1, 1), 99).tolist()
        assert other.over
        assert other.summary() == before.summary()

    def test_another_size(self) -> None:
        workload = simulator_of_many_jobs().workload
        self.check(EmbeddedSimulator(small_platform((1.0, [2, 2])), workload))
        self.check(EmbeddedSimulator(small_platform((1.0, [2, 1])), workload, max_jobs=7))

    @pytest.mark.parametrize("column", ["processor_mflops", "processor_milliwatts", "node_memory_kb"])
    def test_a_platform_of_the_same_size(self, column: str) -> None:
        own = simulator_of_many_jobs()
        platform = replace(own.platform, **{column: getattr(own.platform, column) * 2})
        self.check(EmbeddedSimulator(platform, own.workload))

    @pytest.mark.parametrize("column", ["submit_time", "run_time", "memory_kb"])
    def test_other_jobs_of_the_same_number(self, column: str) -> None:
        own = simulator_of_many_jobs()
        values = getattr(own.workload, column).copy()
        values[-1] += 1
        self.check(EmbeddedSimulator(own.platform, other_workload(own.workload, column, values)))

    def test_the_same_platform_and_jobs_made_anew(self) -> None:
        simulator, other = simulator_of_many_jobs(), simulator_of_many_jobs()
        simulator.reset()
        simulator.run(RANDOM, 3)
        other.restore(copy.deepcopy(simulator.snapshot()))
        assert other.now == simulator.now


def other_workload(workload: Workload, column: str, values: np.ndarray) -> Workload:
    """A workload with another column."""
    return replace(workload, **{column: values})
