"""Many simulations side by side against as many single ones, moved one after the other."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hdeeprm.errors import SimulationError
from hdeeprm.platforms import Platform
from hdeeprm.simulator import EmbeddedSimulator, Objective, SimulatorBatch
from hdeeprm.simulator.batch import DISABLED, NEXT_STEP, SAME_STEP
from hdeeprm.simulator.kernel import observations, tables
from hdeeprm.simulator.layout import random_stream
from hdeeprm.simulator.queue_rules import QueueRules
from hdeeprm.workloads.workload import Workload
from invariants import check_tables
from kernel_runs import cases, observation_size
from strategies import make_workload, platforms, small_platform, workloads

NTH_JOB = tables.NTH_JOB
VOID = (-1, -1)
MODES = (NEXT_STEP, SAME_STEP, DISABLED)
LEFT_ALONE = -1
RULES = (
    *(None, None, QueueRules(discipline="commit", backfilling="easy")),
    *(QueueRules(backfilling="conservative"), QueueRules(backfilling="rlscheduler")),
)
SHOWN = ("observations", "masks", "outcomes")
FINAL = ("final_observations", "final_masks", "final_outcomes", "summaries")


class OneByOne:
    """Single simulators, moved as a batch moves its rows."""

    def __init__(
        self, batch: SimulatorBatch, platform: Platform, workload: Workload, **settings: Any
    ) -> None:
        self.codes, self.kind = batch.view.codes, batch.view.kind
        self.rows = [EmbeddedSimulator(platform, workload, **settings) for _ in range(len(batch))]
        self.ended = [True] * len(batch)
        self.range: list[tuple[tuple[int, int], int]] = [((0, 0), 1)] * len(batch)
        self.shown = {name: getattr(batch.view, name).copy() for name in (*SHOWN, *FINAL)}

    def reset(self, row: int, start: tuple[int, int], num_jobs: int, seed: int | None) -> None:
        """Start an episode in a row."""
        self.range[row] = start, num_jobs
        simulator = self.rows[row]
        simulator.reset(start, num_jobs, seed)
        if simulator.over:
            raise SimulationError("no job can run")
        self.show(row, reward=0.0)

    def step(self, row: int, action: int, mode: int) -> None:
        """Take an action in a row."""
        simulator = self.rows[row]
        if action < 0:
            return
        if self.ended[row]:
            if mode == DISABLED:
                raise SimulationError("the episode is over")
            self.reset(row, *self.range[row], None)
            return
        allowed = self.mask(row)
        if not allowed[action]:
            simulator.count_invalid_action()
            action = int(np.argmax(allowed))
        reward = simulator.step(tuple(self.codes[action].tolist()))
        self.show(row, reward)
        if simulator.over:
            self.keep_final(row)
            if mode == SAME_STEP:
                self.reset(row, *self.range[row], None)
                self.shown["outcomes"][row]["reward"] = reward

    def mask(self, row: int) -> np.ndarray:
        out = np.zeros(len(self.codes), np.int8)
        self.rows[row].write_mask(self.codes, out)
        return out

    def show(self, row: int, reward: float) -> None:
        simulator = self.rows[row]
        self.ended[row] = simulator.over
        if self.kind >= 0:
            simulator.observe(self.kind, self.shown["observations"][row])
        self.shown["masks"][row] = self.mask(row)
        self.shown["outcomes"][row] = (
            *(reward, simulator.over, simulator.now, simulator.num_waiting, simulator.num_running),
            *(simulator.num_ended, simulator.invalid_actions),
        )

    def keep_final(self, row: int) -> None:
        for name in SHOWN:
            self.shown[f"final_{name}"][row] = self.shown[name][row]
        self.shown["summaries"][row] = tuple(self.rows[row].summary().values())


def check_same(batch: SimulatorBatch, one_by_one: OneByOne) -> None:
    """All that is seen of the rows is what is seen of single simulators, to the last bit."""
    for name in (*SHOWN, *FINAL):
        np.testing.assert_array_equal(getattr(batch.view, name), one_by_one.shown[name], err_msg=name)
    for row, (mine, alone) in enumerate(zip(batch.simulators, one_by_one.rows, strict=True)):
        assert mine.over == alone.over == one_by_one.ended[row]
        assert mine.first_job == alone.first_job
        assert mine.summary() == alone.summary()
        for name in (*EmbeddedSimulator.STATE, "trees", "fit_tree"):
            left, right = getattr(mine.tables, name), getattr(alone.tables, name)
            if name == "clock":  # where an episode is opened, not all of the last decision is forgotten
                fields = [
                    field for field in tables.CLOCK.names if field not in ("decision_reward", "opening")
                ]
                left, right = left[fields], right[fields]
            np.testing.assert_array_equal(left, right, err_msg=name)
        if mine.tables.queue:
            left, right = mine.tables.queue.reservations, alone.tables.queue.reservations
            np.testing.assert_array_equal(left, right, err_msg="reservations")


class Case:
    """A platform, jobs, actions and settings, drawn at random, and a batch beside single simulators."""

    def __init__(self, data: st.DataObject, num_rows: int, mode: int, max_jobs: int = 12) -> None:
        self.platform = data.draw(platforms())
        self.workload = data.draw(workloads(self.platform, max_jobs=max_jobs))
        self.mode = mode
        self.draw_actions(data)
        objective = st.sampled_from(list(Objective))
        self.settings |= {"objective": data.draw(objective), "integrated": data.draw(st.booleans())}
        kind, size = data.draw(st.sampled_from(self.observations()))
        args = self.platform, self.workload, num_rows, self.codes, (kind, size)
        self.length = data.draw(st.integers(1, self.workload.num_jobs))
        self.settings["max_jobs"] = self.length
        self.batch = SimulatorBatch(*args, **self.settings)
        self.one_by_one = OneByOne(self.batch, self.platform, self.workload, **self.settings)

    def draw_actions(self, data: st.DataObject) -> None:
        """Pairs, random ones among them, or the oldest jobs; with or without void."""
        num_choices = data.draw(st.sampled_from([0, 0, 1, 4]))
        pairs = st.tuples(st.integers(0, 5), st.integers(0, 5))
        codes = data.draw(st.lists(pairs, min_size=1, max_size=6))
        if num_choices:
            core_selection = data.draw(st.integers(0, 5))
            codes = [(NTH_JOB + place, core_selection) for place in range(num_choices)]
        codes += data.draw(st.sampled_from([[], [VOID]]))
        self.codes = np.array(codes, np.int64)
        self.settings: dict[str, Any] = {
            "num_choices": num_choices,
            "load": data.draw(st.sampled_from([None, 0.7])),
            "queue": data.draw(st.sampled_from(RULES)),
        }

    def observations(self) -> list[tuple[int, int]]:
        """Kinds of observation and their sizes; none, too."""
        flat = [
            (kind, observation_size(self.platform, name)) for kind, name in enumerate(["normal", "small"])
        ]
        queue = 3 * observations.JOB_FEATURES + observations.SYSTEM_SIZE
        return [*flat, (observations.FIT, observations.FIT_SIZE), (observations.QUEUE, queue), (-1, 0)]

    def starts(self, data: st.DataObject) -> np.ndarray:
        """A range of starts per row, each with a window that has a job that can run."""
        feasible = self.platform.feasible(self.workload.requested_cores, self.workload.memory_kb)
        last = self.workload.num_jobs - self.length
        usable = [start for start in range(last + 1) if feasible[start : start + self.length].any()]
        assume(usable)
        starts = []
        for _ in range(len(self.batch)):
            inside = data.draw(st.sampled_from(usable))
            wide = data.draw(st.booleans())
            starts.append(
                (data.draw(st.integers(0, inside)), data.draw(st.integers(inside, last)))
                if wide
                else (inside, inside)
            )
        return np.array(starts, np.int64)

    def reset(self, data: st.DataObject, chosen: np.ndarray, seeds: list[int | None] | None) -> None:
        starts = self.starts(data)
        self.batch.reset(starts, self.length, chosen, seeds)
        for row in np.flatnonzero(chosen):
            first, last = starts[row].tolist()
            self.one_by_one.reset(row, (first, last), self.length, seeds[row] if seeds else None)
        check_same(self.batch, self.one_by_one)

    def step(self, actions: np.ndarray) -> None:
        if self.mode == DISABLED:
            actions = np.where(self.one_by_one.ended, LEFT_ALONE, actions)
        self.batch.step(actions, self.mode)
        for row, action in enumerate(actions.tolist()):
            self.one_by_one.step(row, action, self.mode)
        check_same(self.batch, self.one_by_one)


@pytest.mark.parametrize("mode", MODES, ids=["next step", "same step", "disabled"])
@cases(50, 5)
@given(data=st.data())
def test_rows_are_single_simulators(mode: int, data: st.DataObject) -> None:
    """Over episodes that follow each other, with masked actions, rows left alone and rows reset by hand."""
    case = Case(data, data.draw(st.integers(1, 5)), mode)
    case.batch.num_threads = data.draw(st.integers(1, 3))
    number, num_actions = len(case.batch), len(case.codes)
    seeds: list[int | None] = [data.draw(st.integers(0, 2**63 - 1)) for _ in range(number)]
    case.reset(data, np.ones(number, np.bool_), seeds)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    for _ in range(25):
        case.step(rng.integers(LEFT_ALONE if rng.random() < 0.3 else 0, num_actions, number))
        if rng.random() < 0.05:
            some = rng.random(number) < 0.5
            mixed = [int(rng.integers(99)) if rng.random() < 0.5 else None for _ in range(number)]
            case.reset(data, some, mixed if rng.random() < 0.7 else None)
    for simulator in case.batch.simulators:
        check_tables(simulator)
    case.batch.close()


def learning_batch(num_rows: int, num_jobs: int = 30, **settings: Any) -> SimulatorBatch:
    """Rows of random windows of jobs that contend for six cores."""
    rng = np.random.default_rng(5)
    jobs = [
        {"submit_time": float(2 * job), "run_time": float(rng.integers(1, 20)), "requested_cores": cores}
        for job, cores in enumerate(rng.integers(1, 5, num_jobs))
    ]
    codes = np.array([(1, 1), (2, 2), (3, 3), (0, 0), VOID], np.int64)
    platform = small_platform((1.0, [4, 2]))
    size = observations.FIT_SIZE
    batch = SimulatorBatch(
        platform, make_workload(jobs), num_rows, codes, (observations.FIT, size), max_jobs=8, **settings
    )
    starts = np.tile(np.array([0, num_jobs - 8], np.int64), (num_rows, 1))
    batch.reset(starts, 8, np.ones(num_rows, np.bool_), list(range(num_rows)))
    return batch


def play(batch: SimulatorBatch, num_steps: int, mode: int = SAME_STEP, seed: int = 3) -> list[bytes]:
    """All that is shown in some steps of random actions."""
    rng = np.random.default_rng(seed)
    shown = []
    for _ in range(num_steps):
        batch.step(rng.integers(0, 5, len(batch)), mode)
        shown += [getattr(batch.view, name).tobytes() for name in (*SHOWN, *FINAL)]
    return shown


@pytest.mark.parametrize("num_threads", [2, 3, 7])
def test_threads_change_nothing(num_threads: int) -> None:
    alone, threaded = learning_batch(20), learning_batch(20)
    threaded.num_threads = num_threads
    assert threaded.num_threads == num_threads
    assert play(alone, 60) == play(threaded, 60)
    threaded.num_threads = 1
    assert play(alone, 10) == play(threaded, 10)
    threaded.close()


def test_more_threads_than_rows() -> None:
    batch = learning_batch(2)
    batch.num_threads = 5
    assert play(batch, 20) == play(learning_batch(2), 20)
    batch.close()


def test_the_number_of_rows_changes_nothing() -> None:
    few, many = learning_batch(3), learning_batch(9)
    rng = np.random.default_rng(1)
    for _ in range(50):
        actions = rng.integers(0, 5, 9)
        few.step(actions[:3], SAME_STEP)
        many.step(actions, SAME_STEP)
        for name in SHOWN:
            np.testing.assert_array_equal(getattr(few.view, name), getattr(many.view, name)[:3])


class TestStates:
    @pytest.mark.parametrize("mode", [NEXT_STEP, SAME_STEP])
    def test_a_restored_batch_does_what_it_did(self, mode: int) -> None:
        batch = learning_batch(6)
        play(batch, 15, mode)
        state = batch.snapshot()
        shown = [batch.view.observations.copy(), batch.view.masks.copy(), batch.view.outcomes.copy()]
        first = play(batch, 40, mode, seed=8)
        batch.restore(state)
        for name, array in zip(SHOWN, shown, strict=True):
            np.testing.assert_array_equal(getattr(batch.view, name), array)
        assert without_final(play(batch, 40, mode, seed=8)) == without_final(first)

    def test_another_batch_takes_over_a_state(self) -> None:
        batch, other = learning_batch(6), learning_batch(6)
        play(batch, 15)
        play(other, 4, seed=11)
        other.restore(batch.snapshot())
        assert without_final(play(batch, 30)) == without_final(play(other, 30))

    def test_a_state_is_a_copy(self) -> None:
        batch = learning_batch(4)
        state = batch.snapshot()
        before = {name: array.tobytes() for name, array in state.items()}
        play(batch, 10)
        assert {name: array.tobytes() for name, array in state.items()} == before

    @pytest.mark.parametrize("num_rows", [1, 4])
    def test_a_state_of_another_number_of_rows_is_refused(self, num_rows: int) -> None:
        with pytest.raises(SimulationError, match="another batch"):
            learning_batch(3).restore(learning_batch(num_rows).snapshot())

    def test_a_copy_goes_its_own_way(self) -> None:
        batch = learning_batch(5)
        play(batch, 10)
        copied = copy.deepcopy(batch)
        before = batch.view.outcomes.copy()
        first = play(copied, 20)
        np.testing.assert_array_equal(batch.view.outcomes, before)
        assert play(batch, 20) == first
        assert copied.simulators[2].now == batch.simulators[2].now
        assert not np.may_share_memory(copied.simulators[2].tables.clock, batch.tables.clock)
        assert np.may_share_memory(copied.simulators[2].tables.clock, copied.tables.clock)


def without_final(shown: list[bytes]) -> list[bytes]:
    """What is shown of the present decision points only: a state leaves out what ended before."""
    width = len(SHOWN) + len(FINAL)
    return [content for place, content in enumerate(shown) if place % width < len(SHOWN)]


class TestRows:
    def test_a_row_is_a_simulator(self) -> None:
        """It may be asked, saved, and moved by itself."""
        batch = learning_batch(3)
        play(batch, 5)
        row = batch.simulators[1]
        assert not row.over
        assert row.now == batch.view.outcomes["now"][1]
        saved = row.snapshot()
        alone = EmbeddedSimulator(row.platform, row.workload, max_jobs=8)
        alone.restore(saved)
        row.step((1, 1))
        alone.step((1, 1))
        assert row.summary() == alone.summary()

    def test_an_ended_row_is_over(self) -> None:
        batch = learning_batch(3)
        actions = np.array([0, LEFT_ALONE, LEFT_ALONE])
        while not batch.view.outcomes["over"][0]:
            batch.step(actions, DISABLED)
        assert [simulator.over for simulator in batch.simulators] == [True, False, False]
        with pytest.raises(SimulationError, match="is over"):
            batch.simulators[0].step((1, 1))

    def test_summaries_of_all_rows(self) -> None:
        batch = learning_batch(3)
        play(batch, 7)
        expected = [tuple(simulator.summary().values()) for simulator in batch.simulators]
        assert batch.summaries().tolist() == expected

    def test_streams_go_on_or_start_anew(self) -> None:
        batch = learning_batch(3)
        before = batch.tables.clock["random_1"][:, 0].copy()
        starts = np.zeros((3, 2), np.int64)
        batch.reset(starts, 8, np.ones(3, np.bool_), [None, 41, None])
        after = batch.tables.clock["random_1"][:, 0]
        assert after.tolist() == [before[0], random_stream(41)[0], before[2]]


class TestErrors:
    def test_a_step_of_an_ended_row(self) -> None:
        batch = learning_batch(4)
        actions = np.array([LEFT_ALONE, LEFT_ALONE, 0, LEFT_ALONE])
        while not batch.view.outcomes["over"][2]:
            batch.step(actions, DISABLED)
        with pytest.raises(SimulationError, match="simulation 2 cannot go on"):
            batch.step(np.zeros(4, np.int64), DISABLED)

    @pytest.mark.parametrize("num_threads", [1, 3])
    def test_the_first_row_that_cannot_go_on_is_named(self, num_threads: int) -> None:
        batch = learning_batch(6)
        batch.num_threads = num_threads
        for row in (4, 1):
            actions = np.full(6, LEFT_ALONE)
            actions[row] = 0
            while not batch.view.outcomes["over"][row]:
                batch.step(actions, DISABLED)
        with pytest.raises(SimulationError, match="simulation 1 cannot go on"):
            batch.step(np.zeros(6, np.int64), DISABLED)
        batch.close()

    def test_doing_nothing_where_nothing_will_happen(self) -> None:
        """Where void is the only action, there is no allowed one to take its place."""
        void = np.array([VOID], np.int64)
        batch = SimulatorBatch(small_platform((1.0, [2])), make_workload([{}]), 2, void, (-1, 0))
        batch.reset(np.zeros((2, 2), np.int64), 1, np.ones(2, np.bool_))
        assert batch.view.masks.tolist() == [[0], [0]]
        with pytest.raises(SimulationError, match="simulation 0 cannot go on at 0 s"):
            batch.step(np.zeros(2, np.int64), SAME_STEP)
        assert batch.simulators[0].over

    def test_an_episode_without_a_job_that_can_run(self) -> None:
        jobs = [{"requested_cores": 9}, {"submit_time": 1.0}, {"submit_time": 2.0}]
        codes = np.array([(1, 1)], np.int64)
        batch = SimulatorBatch(small_platform((1.0, [2])), make_workload(jobs), 2, codes, (-1, 0))
        starts = np.array([[1, 1], [0, 0]], np.int64)
        with pytest.raises(SimulationError, match="none of the 1 jobs from job 0 can run"):
            batch.reset(starts, 1, np.ones(2, np.bool_))
        batch.reset(starts, 2, np.ones(2, np.bool_))

    @pytest.mark.parametrize("start", [(0, 3), (-1, 0), (2, 1)])
    def test_an_episode_beyond_the_workload(self, start: tuple[int, int]) -> None:
        codes = np.array([(1, 1)], np.int64)
        batch = SimulatorBatch(small_platform((1.0, [2])), make_workload([{}, {}, {}]), 1, codes, (-1, 0))
        with pytest.raises(SimulationError, match="does not fit"):
            batch.reset(np.array([start], np.int64), 1, np.ones(1, np.bool_))

    def test_a_recording_is_refused(self) -> None:
        with pytest.raises(SimulationError, match="no logs"):
            learning_batch(2, recording=True)
