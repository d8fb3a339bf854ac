"""The twin itself against examples worked out by hand and schedules that other simulators agree on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdeeprm.errors import SimulationError
from hdeeprm.platforms import Platform
from naive import CORE_SELECTIONS, JOB_SELECTIONS, OBJECTIVES, OBSERVATIONS, NaiveSimulator, Status
from strategies import Pair, action_sequences, follow, make_workload, platforms, workloads

LUBLIN = Path(__file__).parents[2] / "shared" / "traces" / "lublin_256.swf"
FCFS: Pair = ("first", "high_gflops")


@dataclass
class Processor:
    """A processor with the standard P-states: 75 % speed over-subscribed, 25 % and 5 % power idle."""

    cores: int
    mflops: int = 1000
    milliwatts: int = 10_000
    bandwidth: int = 10

    @property
    def speeds(self) -> list[int]:
        return [self.mflops, self.mflops * 3 // 4, 0, 0]

    @property
    def powers(self) -> list[int]:
        return [self.milliwatts, self.milliwatts, self.milliwatts // 4, self.milliwatts // 20]


def plain_platform(*nodes: tuple[int, Sequence[Processor]]) -> Platform:
    """A platform of (memory in KB, processors) per node, made without the project's loader."""

    @dataclass
    class PlainPlatform:
        node_memory_kb: list[int]
        processor_node: list[int]
        processor_cores: list[int]
        processor_first_core: list[int]
        processor_bandwidth_mb_per_s: list[int]
        processor_mflops: list[list[int]]
        processor_milliwatts: list[list[int]]
        reference_speed_flops: float

    processors = [processor for _, members in nodes for processor in members]
    cores = [processor.cores for processor in processors]
    total_mflops = sum(processor.cores * processor.mflops for processor in processors)
    plain = PlainPlatform(
        node_memory_kb=[memory for memory, _ in nodes],
        processor_node=[node for node, (_, members) in enumerate(nodes) for _ in members],
        processor_cores=cores,
        processor_first_core=list(accumulate(cores, initial=0))[:-1],
        processor_bandwidth_mb_per_s=[processor.bandwidth for processor in processors],
        processor_mflops=[processor.speeds for processor in processors],
        processor_milliwatts=[processor.powers for processor in processors],
        reference_speed_flops=total_mflops * 1e6 / sum(cores),
    )
    return cast("Platform", plain)


def one_processor(cores: int, memory_kb: int = 1000, bandwidth: int = 10) -> Platform:
    """One processor, so that a job alone runs for its run time."""
    return plain_platform((memory_kb, [Processor(cores, bandwidth=bandwidth)]))


def simulate(platform: Platform, *jobs: dict[str, Any]) -> NaiveSimulator:
    """A simulator at its start."""
    return NaiveSimulator(platform, make_workload(jobs))


def play(platform: Platform, *jobs: dict[str, Any], pair: Pair = FCFS) -> NaiveSimulator:
    """A run to the end under one pair."""
    return simulate(platform, *jobs).run(lambda simulator: pair)


def times(simulator: NaiveSimulator) -> list[tuple[float, float]]:
    """Start and finish per job."""
    return [(record.start_time, record.finish_time) for record in simulator.jobs]


class TestRunningJobs:
    def test_a_job_alone_takes_its_run_time(self) -> None:
        run = play(one_processor(1), {"run_time": 10})
        assert times(run) == [(0, 10)]
        assert run.energy_joules == run.jobs[0].energy_joules == 100

    def test_work_given_in_flop_replaces_the_run_time(self) -> None:
        run = play(one_processor(1), {"run_time": 10, "work_flop": 4e9})
        assert times(run) == [(0, 4)]

    def test_the_slowest_core_rules(self) -> None:
        # Reference 1.5 Gflop/s, hence 15 Gflop per core, at 1 Gflop/s.
        fast_and_slow = plain_platform((1000, [Processor(1, mflops=2000), Processor(1, mflops=1000)]))
        run = play(fast_and_slow, {"run_time": 10, "requested_cores": 2})
        assert times(run) == [(0, 15)]

    def test_oversubscription_slows_everyone_on_the_processor(self) -> None:
        run = play(
            one_processor(2),
            {"run_time": 10, "bandwidth_mb_per_s": 6},
            {"submit_time": 4, "run_time": 3, "bandwidth_mb_per_s": 6},
        )
        # Job 1 takes 3 / 0.75 = 4 s. Job 0 has done 4 s of work at 4, 7 at 8, and ends at 11.
        assert times(run) == [(0, 11), (4, 8)]
        assert run.oversubscriptions == [[(4, 4)]]
        # One core active, one idle beside it (10 + 2.5 W) for 4 and 3 s; both active for 4 s.
        assert run.energy_joules == pytest.approx(12.5 * 4 + 20 * 4 + 12.5 * 3)
        assert [record.energy_joules for record in run.jobs] == [110, 40]

    def test_bandwidth_of_exactly_zero_is_not_oversubscribed(self) -> None:
        run = play(one_processor(2), {"run_time": 10, "requested_cores": 2, "bandwidth_mb_per_s": 5})
        assert times(run) == [(0, 10)]
        assert run.oversubscriptions == [[]]

    def test_oversubscription_of_one_processor_slows_a_job_on_two(self) -> None:
        two = plain_platform((1000, [Processor(1, bandwidth=10), Processor(1, bandwidth=2)]))
        run = play(two, {"run_time": 6, "requested_cores": 2, "bandwidth_mb_per_s": 3})
        assert times(run) == [(0, 8)]
        assert run.oversubscriptions == [[], [(0, 8)]]

    def test_a_job_without_work_ends_where_it_starts_at_a_later_decision(self) -> None:
        run = play(one_processor(1), {"run_time": 0, "bandwidth_mb_per_s": 99}, {"run_time": 10})
        assert times(run) == [(0, 0), (0, 10)]
        assert [(decision.time, decision.num_waiting) for decision in run.decisions] == [(0, 2), (0, 1)]
        assert run.oversubscriptions == [[]]

    def test_energy_of_idle_processors_counts_from_zero(self) -> None:
        two = plain_platform((1000, [Processor(1), Processor(2)]))
        run = play(two, {"submit_time": 0, "run_time": 0}, {"submit_time": 10, "run_time": 10})
        # 3 idle cores at 0.5 W for 10 s; then 10 W and two at 0.5 W for 10 s.
        assert run.energy_joules == pytest.approx(15 + 110)


class TestWalltime:
    def test_a_job_is_over_by_its_walltime(self) -> None:
        run = play(one_processor(1), {"run_time": 10, "walltime": 5})
        assert times(run) == [(0, 5)]
        assert run.jobs[0].status is Status.WALLTIME

    def test_an_end_exactly_at_the_walltime_is_a_success(self) -> None:
        run = play(one_processor(1), {"run_time": 10, "walltime": 10})
        assert times(run) == [(0, 10)]
        assert run.jobs[0].status is Status.SUCCESS

    def test_a_slow_down_runs_a_job_into_its_walltime(self) -> None:
        # Needs 12 / 0.75 = 16 s.
        run = play(one_processor(1), {"run_time": 12, "walltime": 15, "bandwidth_mb_per_s": 11})
        assert times(run) == [(0, 15)]
        assert run.jobs[0].status is Status.WALLTIME


class TestInstants:
    def test_submission_and_end_of_one_time_are_one_decision(self) -> None:
        run = play(one_processor(1), {"run_time": 10}, {"submit_time": 10, "run_time": 1})
        assert times(run) == [(0, 10), (10, 11)]
        assert [decision.time for decision in run.decisions] == [0, 10]

    def test_events_within_the_tolerance_are_one_instant(self) -> None:
        later = 10 + 5e-9
        run = play(one_processor(1), {"run_time": 10}, {"submit_time": later, "run_time": 1})
        assert [decision.time for decision in run.decisions] == [0, later]
        assert times(run) == [(0, 10), (later, later + 1)]

    def test_events_beyond_the_tolerance_are_two_instants(self) -> None:
        jobs: list[dict[str, Any]] = [
            {"run_time": 10, "requested_cores": 1},
            {"run_time": 20, "requested_cores": 2},
            {"submit_time": 10 + 2e-8, "run_time": 20},
        ]
        run = play(one_processor(2), *jobs)
        assert [decision.time for decision in run.decisions] == [0, 10, 10 + 2e-8, 30]

    def test_a_completion_with_an_empty_queue_is_no_decision(self) -> None:
        run = play(one_processor(2), {"run_time": 10}, {"submit_time": 20, "run_time": 1})
        assert [decision.time for decision in run.decisions] == [0, 20]

    def test_ends_of_one_time_come_in_the_order_of_starts(self) -> None:
        run = play(
            one_processor(3),
            {"run_time": 10, "requested_time": 30},
            {"run_time": 10, "requested_time": 10},
            {"run_time": 10, "requested_time": 20},
            pair=("shortest", "high_gflops"),
        )
        assert run.finished == [1, 2, 0]

    def test_an_end_that_is_sped_up_joins_the_instant(self) -> None:
        # Job 0 ends at 10. Job 1, slowed until then, has 0.9e-8 s of work left: it would end at 10 + 1.2e-8,
        # beyond the tolerance of 1e-8 s, and ends at 10 + 0.9e-8 once it runs at full speed again.
        run = play(
            one_processor(3),
            {"run_time": 7.5, "bandwidth_mb_per_s": 6},
            {"run_time": 7.5 + 0.9e-8, "bandwidth_mb_per_s": 6},
            {"submit_time": 1, "run_time": 1, "requested_cores": 2},
        )
        assert run.decisions[-1].time == pytest.approx(10 + 0.9e-8, abs=1e-13)
        assert run.jobs[2].start_time == run.decisions[-1].time == run.jobs[1].finish_time
        assert [decision.num_waiting for decision in run.decisions] == [2, 1, 1]

    def test_void_everywhere_stalls(self) -> None:
        run = simulate(one_processor(1), {"run_time": 10})
        assert run.advance()
        assert run.void_would_stall
        assert run.decide(None, None) == 0
        with pytest.raises(SimulationError, match="stalled at 0"):
            run.advance()


class TestRejection:
    def test_a_job_that_never_fits_is_rejected_and_its_arrival_is_a_decision_point(self) -> None:
        run = play(
            one_processor(2),
            {"run_time": 10, "requested_cores": 2},
            {"submit_time": 1, "run_time": 10},
            {"submit_time": 2, "requested_cores": 3},
        )
        assert [decision.time for decision in run.decisions] == [0, 1, 2, 10]
        assert run.jobs[2].status is Status.REJECTED

    def test_memory_of_the_nodes_decides_on_the_empty_platform(self) -> None:
        platform = plain_platform((1000, [Processor(4)]), (500, [Processor(1)]))
        request = {"run_time": 1, "memory_kb": 500}
        run = play(platform, {**request, "requested_cores": 3}, {**request, "requested_cores": 4})
        assert [record.status for record in run.jobs] == [Status.SUCCESS, Status.REJECTED]

    def test_what_never_fits_does_not_prolong_the_run(self) -> None:
        run = play(one_processor(1), {"run_time": 10}, {"submit_time": 99, "requested_cores": 2})
        assert run.now == 10
        assert run.jobs[1].status is Status.REJECTED

    def test_nothing_fits(self) -> None:
        run = play(one_processor(1), {"requested_cores": 2})
        assert (run.now, run.decisions) == (0, [])
        assert all(run.integrated_return(objective) == 0 for objective in OBJECTIVES)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [("first", 1), ("shortest", 2), ("smallest", 3), ("low_mem", 4), ("low_mem_bw", 5)],
)
def test_job_selections(selection: str, expected: int) -> None:
    """While all cores are busy five jobs arrive; each selection prefers another one."""
    run = simulate(
        one_processor(4, memory_kb=8000, bandwidth=400),
        {"run_time": 10, "requested_cores": 4},
        *(
            {
                "submit_time": 1,
                "requested_time": 1 if job == 2 else 9,
                "requested_cores": 3 if job == 3 else 4,
                "memory_kb": 10 if job == 4 else 90,
                "bandwidth_mb_per_s": 1 if job == 5 else 9,
            }
            for job in range(1, 6)
        ),
    )
    for _ in range(3):
        assert run.advance()
        run.decide(selection, "high_gflops")
    assert run.now == 10
    assert run.running == [expected]


@pytest.mark.parametrize("selection", JOB_SELECTIONS)
def test_ties_between_jobs_go_to_the_older(selection: str) -> None:
    run = play(one_processor(1), *({"submit_time": 1, "run_time": 5} for _ in range(3)))
    assert run.finished == [0, 1, 2]


CORE_CHOICES = {
    # cores 0-1: 2 Gflop/s, 40 W; cores 2-4: 1 Gflop/s, 30 W; cores 5-8, another node: 1 Gflop/s, 10 W
    "high_gflops": [0, 1, 2],  # both fast ones, then the lowest id among the equal rest
    "low_power": [5, 6, 7],
    "high_cores": [2, 5, 6],  # free 2 3 4: core 5; 2 3 3: core 2; 2 2 3: core 6
    "high_mem": [0, 1, 5],  # free 1000 800: core 0; 800 800: core 1; 600 800: core 5
    "high_mem_bw": [0, 2, 5],  # free 55 60 50: core 2; 55 40 50: core 0; 35 40 50: core 5
}


@pytest.mark.parametrize("selection", CORE_SELECTIONS)
def test_core_selections(selection: str) -> None:
    """The key is looked at again after every core."""
    platform = plain_platform(
        (
            1000,
            [
                Processor(2, mflops=2000, milliwatts=40_000, bandwidth=55),
                Processor(3, 1000, 30_000, bandwidth=60),
            ],
        ),
        (800, [Processor(4, 1000, 10_000, bandwidth=50)]),
    )
    run = play(
        platform,
        {"requested_cores": 3, "memory_kb": 200, "bandwidth_mb_per_s": 20},
        pair=("first", selection),
    )
    assert run.jobs[0].cores == CORE_CHOICES[selection]


def test_cores_of_a_node_without_memory_are_passed_over() -> None:
    platform = plain_platform((1000, [Processor(2, mflops=2000)]), (800, [Processor(2)]))
    run = play(platform, {"requested_cores": 2, "memory_kb": 600})
    assert run.jobs[0].cores == [0, 2]


class TestBlocking:
    def test_lack_of_memory(self) -> None:
        run = play(
            one_processor(4),
            {"run_time": 10, "memory_kb": 600},
            {"run_time": 5, "memory_kb": 600},
            {"run_time": 1},
        )
        # The blocked job keeps the next one from starting, although that one would fit.
        assert times(run) == [(0, 10), (10, 15), (10, 11)]
        assert run.blocked_times("mem") == [0]
        assert run.blocked_times("core") == []
        assert [decision.num_started for decision in run.decisions] == [1, 2]

    def test_lack_of_cores_is_named_before_lack_of_memory(self) -> None:
        run = play(
            one_processor(2),
            {"run_time": 10, "memory_kb": 1000},
            {"run_time": 5, "requested_cores": 2, "memory_kb": 500},
        )
        assert run.blocked_times("core") == [0]
        assert run.blocked_times("mem") == []

    def test_nothing_is_allocated_for_a_job_that_does_not_fit_whole(self) -> None:
        run = simulate(one_processor(4), {"run_time": 10, "requested_cores": 3}, {"requested_cores": 2})
        assert run.advance()
        assert run.decide(*FCFS) == 1
        assert run.free_cores == [1]

    def test_random_selections_are_not_known(self) -> None:
        run = simulate(one_processor(1), {})
        assert run.advance()
        with pytest.raises(ValueError, match="random"):
            run.decide("first", "random")


def test_placement_from_outside() -> None:
    run = simulate(one_processor(4), {"run_time": 10}, {"run_time": 3, "requested_cores": 2})
    assert run.advance()
    run.place(1, [3, 1])
    assert run.running == [1]
    assert run.jobs[1].cores == [1, 3]
    assert run.advance()
    run.place(0, [0])
    assert not run.advance()
    assert times(run) == [(3, 13), (0, 3)]
    assert [decision.num_started for decision in run.decisions] == [1, 1]


THREE_JOBS: list[dict[str, Any]] = [
    {
        "run_time": 20,
        "requested_time": 40,
        "requested_cores": 2,
        "memory_kb": 100,
        "bandwidth_mb_per_s": 2,
    },
    {"submit_time": 5, "run_time": 5, "requested_time": 10, "requested_cores": 2},
    {"submit_time": 5, "run_time": 10, "requested_time": 10, "requested_cores": 1, "memory_kb": 50},
]
# FCFS on two cores of 1 Gflop/s and 10 W: 0-20, 20-25, 25-35. Waits 0 15 20, turnarounds 20 20 30.


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("avg_job_slowdown", -(20 / 40 + 20 / 10 + 30 / 10)),
        ("avg_job_completion", -(20 + 20 + 30)),
        ("avg_utilization", 2 * 20 + 2 * 5 + 1 * 10),
        ("makespan", -35),
        ("energy_consumption", -(20 * 25 + 12.5 * 10)),
        ("edp", -(20 * 25 + 12.5 * 10) * 35),
        ("avg_wait", -(0 + 15 + 20)),
        ("avg_bounded_slowdown", -(20 / 20 + 20 / 10 + 30 / 10)),
    ],
)
def test_integrated_returns(objective: str, expected: float) -> None:
    run = play(one_processor(2), *THREE_JOBS)
    assert times(run) == [(0, 20), (20, 25), (25, 35)]
    assert run.integrated_return(objective) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("avg_job_slowdown", -(1 / 40 + 1 / 10 + 1 / 10)),
        ("avg_job_completion", -3),
        ("avg_utilization", 2),
        ("makespan", 2),
        ("energy_consumption", -20),
        ("edp", -20 * 3),
        ("avg_wait", -2),
        ("avg_bounded_slowdown", -(1 / 40 + 1 / 10 + 1 / 10)),
    ],
)
def test_instant_rewards(objective: str, expected: float) -> None:
    """At 5 s one job runs on both cores and two wait."""
    run = simulate(one_processor(2), *THREE_JOBS)
    for _ in range(2):
        assert run.advance()
        run.decide(*FCFS)
    assert run.instant_reward(objective) == pytest.approx(expected)


def test_instant_makespan_counts_the_speed_of_the_pstate() -> None:
    run = simulate(one_processor(2), {"requested_cores": 2, "bandwidth_mb_per_s": 6})
    assert run.advance()
    run.decide(*FCFS)
    assert run.instant_reward("makespan") == 1.5


def test_observation_before_the_second_decision() -> None:
    run = simulate(one_processor(2), *THREE_JOBS)
    assert run.advance()
    assert run.observation("minimal")[-1] == 1  # the first decision of an episode
    run.decide(*FCFS)
    assert run.advance()
    # Limits: 99th percentiles of 40 10 10, of 2 2 1, of 100 0 50, of 2 0 0.
    queue = [10 / 39.4] * 5 + [1 / 2, 1.25 / 2, 1.5 / 2, 1.75 / 2, 1]
    queue += [0, 12.5 / 99, 25 / 99, 37.5 / 99, 50 / 99] + [0] * 5
    queue += [1]  # from one waiting job to two: + 100 %, clipped
    cores = [1, 1, 1 - 5 / 40] * 2
    assert run.observation("minimal") == pytest.approx(queue)
    assert run.observation("small") == pytest.approx([0.8, 0.6, *queue])
    assert run.observation("normal") == pytest.approx([0.8, 0.6, *cores, *queue])


def test_observation_of_idle_and_oversubscribed_cores() -> None:
    platform = plain_platform((0, [Processor(2, bandwidth=5), Processor(1, bandwidth=0)]))
    run = simulate(
        platform,
        {"run_time": 9, "requested_time": 6, "bandwidth_mb_per_s": 8},
        {"submit_time": 4},
        {"submit_time": 4},
    )
    assert run.advance()
    run.decide(*FCFS)
    assert run.advance()
    # 4 s at 75 % of 6 s asked: half is left. Processor 0 is below zero; processor 1 is idle and has none.
    assert run.observation("normal")[:12] == pytest.approx([0, 0, 0.75, 1, 0.5, 0, 0.25, 0, 0, 0, 0.05, 0])


@pytest.mark.parametrize(
    ("last", "this", "expected"), [(50, 50, 0.5), (50, 51, 0.7), (51, 50, 0.3), (1, 9, 1.0)]
)
def test_queue_variation(last: int, this: int, expected: float) -> None:
    """Relative to the shorter queue, [-0.05, 0.05] mapped to [0, 1]."""
    run = simulate(one_processor(1), *[{"requested_cores": 1, "run_time": 1}] * 51)
    assert run.advance()
    run.decisions[-1].num_waiting = last
    run.decisions.append(type(run.decisions[-1])(run.now, this))
    assert run.observation("minimal")[-1] == pytest.approx(expected)


# Properties ----------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(st.data())
def test_any_actions_end_every_job_once(data: st.DataObject) -> None:
    """The invariants inside the twin hold, and its sums agree with what its records say."""
    platform = data.draw(platforms())
    run = NaiveSimulator(platform, data.draw(workloads(platform)))
    sizes: dict[str, set[int]] = {kind: set() for kind in OBSERVATIONS}

    act = follow(data.draw(action_sequences()))
    while run.advance():
        for kind in OBSERVATIONS:
            values = run.observation(kind)
            assert all(0 <= value <= 1 for value in values)
            sizes[kind].add(len(values))
        run.decide(*act(run))

    assert all(len(of_kind) <= 1 for of_kind in sizes.values())
    ended = [record for record in run.jobs if record.status in (Status.SUCCESS, Status.WALLTIME)]
    assert sorted(run.finished) == [record.index for record in ended]
    assert sum(decision.num_started for decision in run.decisions) == len(ended)
    assert sum(record.energy_joules for record in ended) <= run.energy_joules * (1 + 1e-9) + 1e-9
    for record in run.jobs:
        fits = bool(platform.feasible(run.requested_cores[record.index], run.job_memory_kb[record.index]))
        assert fits == (record.status is not Status.REJECTED)
    waits, busy = run.integrated_return("avg_wait"), run.integrated_return("avg_job_completion")
    assert waits - sum(map(run.execution_time, run.finished)) == pytest.approx(busy)


# Schedules that independent simulators agree on ----------------------------------------------------------


def first_lublin_jobs(number: int) -> Iterable[dict[str, Any]]:
    """Submission, run time and processors; the requested time is the run time."""
    lines = [line.split() for line in LUBLIN.read_text().splitlines() if line.strip() and line[0] != ";"]
    for record in lines[:number]:
        yield {
            "submit_time": float(record[1]) - float(lines[0][1]),
            "run_time": float(record[3]),
            "requested_cores": int(record[4]),
        }


@pytest.mark.skipif(not LUBLIN.exists(), reason="the trace lublin_256.swf is not here")
@pytest.mark.parametrize(
    ("pair", "wait", "bounded_slowdown", "slowdown", "makespan"),
    [
        *((("first", core), 158270.95, 4159.6091, 7012.8856, 1519735) for core in CORE_SELECTIONS),
        (("shortest", "high_gflops"), 19212.42, 41.9547, 65.037, 1291198),
    ],
)
def test_lublin_reference(
    pair: Pair, wait: float, bounded_slowdown: float, slowdown: float, makespan: float
) -> None:
    """Strict FCFS, and SJF that is ranked anew at every event, on 256 processors."""
    run = play(one_processor(256, memory_kb=0, bandwidth=0), *first_lublin_jobs(1000), pair=pair)
    slowdowns = [run.turnaround_time(job) / run.execution_time(job) for job in run.finished]
    assert -run.integrated_return("avg_wait") / 1000 == pytest.approx(wait, abs=0.005)
    assert -run.integrated_return("avg_bounded_slowdown") / 1000 == pytest.approx(bounded_slowdown, abs=5e-5)
    assert sum(slowdowns) / 1000 == pytest.approx(slowdown, abs=5e-4)
    assert -run.integrated_return("makespan") == pytest.approx(makespan, abs=0.5)
