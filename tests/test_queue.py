"""Scores, queues that block and backfilling: the kernel against its twin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.scores import Score
from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.simulator.queue_rules import QueueRules
from hdeeprm.workloads.workload import Workload
from invariants import check_tables
from kernel_runs import Pair, Twins, cases, pair_ids
from naive import CORE_SELECTIONS, JOB_CHOICE, JOB_SELECTIONS
from naive_queue import SCORES, QueueingTwin
from strategies import make_workload, platforms, small_platform, workloads

SEEDS = st.integers(0, 2**32 - 1)
VARIANTS = ("easy", "easy-strict", "rlscheduler")
ALL_SCORES = tuple(map(Score, SCORES))


class QueueTwins(Twins):
    """The kernel and its twin with the same rules of the queue."""

    naive: QueueingTwin

    def __init__(self, platform: Any, workload: Any, rules: dict[str, Any], **options: Any) -> None:
        super().__init__(platform, workload, queue=QueueRules(ALL_SCORES, **rules), **options)
        shared = {name: options[name] for name in ("num_choices",) if name in options}
        self.naive = QueueingTwin(platform, workload, **rules, **shared)

    def decide(self, ids: tuple[int, int], same_pair: bool = True) -> None:
        """Take the kernel's decision and compare what became of the queue."""
        twin = self.naive.decisions[-1]
        record = self.kernel.run(ids)[0]
        self.rewards.append(float(record.reward))
        assert record.num_waiting == twin.num_waiting
        check_tables(self.kernel)

    def compare_ends(self) -> None:
        """Compare also what was reserved and kept."""
        super().compare_ends()
        assert self.kernel.num_late == len(self.naive.late)
        assert self.kernel.num_backfilled == self.naive.num_backfilled


def ids_of(pair: Pair) -> tuple[int, int]:
    """A pair as the kernel counts it."""
    if pair[0] in SCORES:
        return -2 - list(SCORES).index(pair[0]), CORE_SELECTIONS.index(str(pair[1])) + 1
    return pair_ids(pair)


def play(twins: QueueTwins, pairs: list[Pair]) -> QueueTwins:
    """Take the pairs in turn, over and over; what is masked becomes the first job."""
    while twins.advance():
        pair = pairs[(len(twins.naive.decisions) - 1) % len(pairs)]
        if not twins.naive.is_allowed(pair[0]):
            choices = [f"{JOB_CHOICE}{place}" for place in range(3)]
            allowed = [name for name in choices if twins.naive.is_allowed(name)]
            pair = (allowed or ["first"])[0], "high_gflops"
        twins.naive.decide(*pair)
        twins.decide(ids_of(pair))
    twins.compare_ends()
    return twins


def pairs(*names: str) -> st.SearchStrategy[list[Pair]]:
    """Sequences of pairs with job selections from some names, void among them."""
    pair = st.tuples(st.sampled_from(names), st.sampled_from(CORE_SELECTIONS))
    return st.lists(pair | pair | pair | st.just((None, None)), min_size=1, max_size=12)


@cases(120)
@given(st.data())
def test_scores(data: st.DataObject) -> None:
    """Orders that are kept up or worked out at each decision, constant, growing evenly or not."""
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    discipline = data.draw(st.sampled_from(["rerank", "commit"]))
    twins = QueueTwins(platform, workload, {"discipline": discipline})
    play(twins, data.draw(pairs(*SCORES, "first", "shortest")))


@cases(150)
@given(st.data())
def test_backfilling(data: st.DataObject) -> None:
    """Any variant, discipline, order of the candidates and selection."""
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    rules = {
        "discipline": data.draw(st.sampled_from(["rerank", "commit"])),
        "backfilling": data.draw(st.sampled_from(VARIANTS)),
        "times": data.draw(st.sampled_from(["requested", "requested", "true"])),
        "candidates": data.draw(st.sampled_from(["selection", "submission"])),
    }
    play(QueueTwins(platform, workload, rules), data.draw(pairs(*JOB_SELECTIONS, *SCORES)))


@cases(90)
@given(st.data())
def test_conservative_backfilling(data: st.DataObject) -> None:
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform, max_jobs=25))
    rules = {"backfilling": "conservative", "times": data.draw(st.sampled_from(["requested", "true"]))}
    play(QueueTwins(platform, workload, rules), data.draw(pairs(*JOB_SELECTIONS, *SCORES)))


def with_upper_bounds(workload: Workload, has_memory: bool) -> Workload:
    """The same jobs, which ask for at least the time that they take, and for no bandwidth.

    A walltime of 0 would be a reservation of no length, which cores are not kept for.
    """
    least = np.maximum(workload.run_time, 1e-3)
    zeros = np.zeros(workload.num_jobs, np.int64)
    unknown = np.full(workload.num_jobs, np.nan)
    return replace(
        workload,
        requested_time=np.maximum(workload.requested_time, least),
        walltime=np.maximum(workload.walltime, 1e-3),
        bandwidth_mb_per_s=zeros,
        memory_kb=workload.memory_kb if has_memory else zeros.copy(),
        work_flop=unknown,
        requested_work_flop=unknown.copy(),
    )


@cases(100)
@given(st.data())
def test_easy_never_delays_the_job_with_the_reservation(data: st.DataObject) -> None:
    """Where requested times are upper bounds and no bandwidth is over-subscribed, on any platform."""
    platform = data.draw(platforms())
    workload = with_upper_bounds(data.draw(workloads(platform)), has_memory=True)
    rules = {
        "discipline": data.draw(st.sampled_from(["rerank", "commit"])),
        "backfilling": data.draw(st.sampled_from(VARIANTS)),
        "candidates": data.draw(st.sampled_from(["selection", "submission"])),
    }
    pair = data.draw(st.sampled_from(JOB_SELECTIONS)), data.draw(st.sampled_from(CORE_SELECTIONS))
    twins = play(QueueTwins(platform, workload, rules), [pair])
    assert twins.naive.late == []
    assert twins.kernel.num_late == 0
    assert twins.kernel.num_reserved > 0 or twins.kernel.num_backfilled == 0


@cases(80)
@given(st.data())
def test_conservative_never_delays_any_job(data: st.DataObject) -> None:
    """Likewise, where no memory is asked for; every start is at its reservation or before."""
    platform = data.draw(platforms())
    workload = with_upper_bounds(data.draw(workloads(platform, max_jobs=25)), has_memory=False)
    selection = data.draw(st.sampled_from(JOB_SELECTIONS))
    twins = QueueTwins(platform, workload, {"backfilling": "conservative"})
    play(twins, [(selection, data.draw(st.sampled_from(CORE_SELECTIONS)))])
    assert twins.naive.late == []
    assert twins.kernel.num_late == 0
    for record in twins.naive.jobs:
        if record.cores:
            promise = twins.naive.promises[record.index]
            assert record.start_time <= promise + 1e-9 * max(1.0, promise)


def test_what_moves_ahead_makes_room_for_those_before_it() -> None:
    """Job 1 ends early, so the long job 5 moves from 4 s to 3.125 s; that leaves room at 4 s for job 6."""
    shorter = [(2, 2.0, 2.0), (1, 2.0, 1.0), (1, 0.125, 0.125), (2, 2.0, 2.0), (1, 2.0, 2.0)]
    asked = [*shorter, (1, 9.0, 9.0), (2, 1.0, 0.5)]
    workload = make_workload(
        [
            {"requested_cores": cores, "requested_time": requested, "run_time": run_time}
            for cores, requested, run_time in asked
        ]
    )
    workload = replace(workload, submit_time=np.array([0.0] * 6 + [1.0]))
    twins = QueueTwins(small_platform((1.0, [3])), workload, {"backfilling": "conservative"})
    play(twins, [("shortest", "high_gflops")])
    assert [job.start_time for job in twins.naive.jobs] == [0.0, 0.125, 0.0, 2.0, 1.125, 3.125, 4.0]
    assert twins.naive.late == []


def test_what_is_not_kept_is_counted() -> None:
    """Job 0 runs 5 s longer than it asked for, and job 1 waits for it."""
    workload = make_workload(
        [
            {"run_time": 10.0, "requested_time": 5.0, "requested_cores": 2},
            {"run_time": 1.0, "requested_cores": 4},
        ]
    )
    simulator = EmbeddedSimulator(small_platform((1.0, [4])), workload, queue=QueueRules(backfilling="easy"))
    simulator.reset()
    while not simulator.over:
        simulator.run((1, 1))
    assert (simulator.num_reserved, simulator.num_late, simulator.worst_delay) == (1, 1, 5.0)


@cases(60)
@given(st.data())
def test_single_jobs_that_block(data: st.DataObject) -> None:
    """Any waiting job may be picked; it blocks until it starts, and there is no decision before."""
    platform = data.draw(platforms())
    workload = data.draw(workloads(platform))
    rules = {"discipline": "commit", "backfilling": data.draw(st.sampled_from(["none", *VARIANTS]))}
    twins = QueueTwins(platform, workload, rules, num_choices=3)
    choices = [f"{JOB_CHOICE}{place}" for place in range(3)]
    actions = data.draw(st.lists(st.sampled_from([*choices, None]), min_size=1, max_size=12))
    core = data.draw(st.sampled_from(CORE_SELECTIONS))
    play(twins, [(action, core if action else None) for action in actions])
