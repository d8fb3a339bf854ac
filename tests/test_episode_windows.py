"""The windows that episodes take: parts of a workload, loads, and how starts are drawn and spread."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.env import WorkloadManagementEnv, WorkloadManagementVectorEnv
from hdeeprm.errors import OptionsError
from hdeeprm.options import load_options
from hdeeprm.simulator.layout import arrival_scales
from hdeeprm.workloads.episode_windows import PARTS, EpisodeWindows
from scenarios import JOBS, TOO_MANY_CORES, make, options

SPLIT = [0.6, 0.2, 0.2]
GAIA = {"platform_file_path": "gaia", "workload_file_path": "gaia_like.swf"}


def windows(num_jobs: int = 100, part: str | None = None, **window: Any) -> EpisodeWindows:
    content = options(workload={"window": {"length": 10} | window})
    return EpisodeWindows.of(load_options(content), num_jobs, part)


def bounds(found: EpisodeWindows) -> tuple[int, int]:
    """First and last job that windows may take."""
    return found.first, found.last + found.length - 1


# Which windows there are


def test_without_a_window_there_is_one_of_all_jobs() -> None:
    found = EpisodeWindows.of(load_options(options()), 100, "test")
    assert (found.length, found.choice) == (100, 0)


def test_the_parts_of_a_split_follow_one_another() -> None:
    found = [bounds(windows(split=SPLIT, start="random", part=part)) for part in PARTS]
    assert found == [(0, 59), (60, 79), (80, 99)]
    assert bounds(windows(split=SPLIT, start="random")) == (0, 99)


@given(
    shares=st.tuples(*[st.floats(0.15, 1.0)] * 3),
    num_jobs=st.integers(100, 10_000),
)
def test_parts_have_no_job_in_common_and_leave_none_out(
    shares: tuple[float, float, float], num_jobs: int
) -> None:
    split = [share / sum(shares) for share in shares]
    split[2] = 1.0 - split[0] - split[1]
    found = [bounds(windows(num_jobs, split=split, start="random", length=2, part=part)) for part in PARTS]
    assert found[0][0] == 0 and found[2][1] == num_jobs - 1
    for one, other in itertools.pairwise(found):
        assert one[1] + 1 == other[0]


def test_a_part_may_take_the_place_of_the_options_part() -> None:
    assert bounds(windows(split=SPLIT, start="random", part="train")) == (0, 59)
    content = options(workload={"window": {"length": 10, "split": SPLIT, "start": "random", "part": "train"}})
    assert bounds(EpisodeWindows.of(load_options(content), 100, "validation")) == (60, 79)
    assert bounds(EpisodeWindows.of(load_options(content), 100)) == (0, 59)


def test_without_a_split_all_parts_are_the_whole() -> None:
    assert {bounds(windows(start="random", part=part)) for part in PARTS} == {(0, 99)}


def test_a_fixed_start_counts_from_the_first_job_of_the_part() -> None:
    found = windows(split=SPLIT, start=5, part="test")
    assert (found.choice, found.drawn) == (85, False)
    assert windows(start=5).choice == 5
    assert windows(start="random", split=SPLIT, part="test").choice == (80, 90)


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({"length": 101}, "101 jobs from job 0 go beyond the workload's 100 jobs"),
        ({"length": 60, "start": 41}, "60 jobs from job 41 go beyond the workload's 100 jobs"),
        (
            {"length": 21, "split": SPLIT, "part": "test", "start": "random"},
            "21 jobs from job 80 go beyond those of the part 'test', jobs 80 to 99, 20 jobs",
        ),
        (
            {"length": 20, "split": SPLIT, "part": "validation", "start": 1},
            "20 jobs from job 61 go beyond those of the part 'validation', jobs 60 to 79, 20 jobs",
        ),
    ],
)
def test_a_window_beyond_its_part_is_an_error(window: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionsError, match=message):
        windows(**window)


def test_starts_are_spread_evenly() -> None:
    found = windows(split=SPLIT, start="random", part="train")
    assert found.spread(6).tolist() == [0, 10, 20, 30, 40, 50]
    assert found.spread(1).tolist() == [0]
    assert len(set(found.spread(51).tolist())) == 51
    assert len(found.spread(100)) == 100


# Through the environments


def drawn(env: WorkloadManagementEnv, count: int) -> set[int]:
    env.reset(seed=0)
    starts = {env.simulator.first_job}
    for _ in range(count):
        env.reset()
        starts.add(env.simulator.first_job)
    return starts


@pytest.mark.parametrize(("part", "least", "most"), [("train", 0, 6), ("validation", 8, 8), ("test", 10, 11)])
def test_environments_draw_from_their_part(part: str, least: int, most: int) -> None:
    content = options(workload={"window": {"length": 2, "split": SPLIT, "start": "random"}})
    starts = drawn(WorkloadManagementEnv(content, part=part), 60)
    assert starts == set(range(least, most + 1))
    content["workload"]["window"]["part"] = part
    assert drawn(WorkloadManagementEnv(content), 60) == starts
    envs = WorkloadManagementVectorEnv(content, num_envs=40, part=part)
    envs.reset(seed=0)
    assert {simulator.first_job for simulator in envs.batch.simulators} == starts


def test_an_unknown_part_is_an_error() -> None:
    with pytest.raises(OptionsError, match=r"part: 'tests' is none of all, train, .* Did you mean 'test'\?"):
        WorkloadManagementEnv(options(), part="tests")


# Loads


def offered_load(env: WorkloadManagementEnv) -> float:
    """The load of the episode under way, from its jobs one by one and the times at which they come."""
    simulator, workload, platform = env.simulator, env.scenario.workload, env.scenario.platform
    work = 0.0
    for job in range(simulator.first_job, simulator.first_job + simulator.num_jobs):
        if platform.feasible(workload.requested_cores[job], workload.memory_kb[job]):
            flop = workload.work_flop[job]
            run_time = workload.run_time[job] if np.isnan(flop) else flop / platform.reference_speed_flops
            work += float(run_time * workload.requested_cores[job])
    times = simulator.submit_times()
    return work / (platform.num_cores * float(times[-1] - times[0]))


@pytest.mark.parametrize("load", [0.3, 0.9, 1.7])
@pytest.mark.parametrize("content", [GAIA, options()], ids=["gaia", "small"])
def test_each_window_offers_the_load_asked_for(content: dict[str, Any], load: float) -> None:
    length = 256 if content is GAIA else 5
    content = content | {"workload": {"window": {"start": "random", "length": length, "load": load}}}
    env = make(content | {"env": {"observation": "minimal"}})
    for seed in range(12):
        env.reset(seed=seed)
        assert offered_load(env) == pytest.approx(load, rel=1e-9)


def test_jobs_arrive_when_the_load_says() -> None:
    """The arrivals are those of the simulation itself, not only of what it says."""
    env = make(options(workload={"window": {"start": 9, "length": 4, "load": 0.5}}))
    _, info = env.reset(seed=0)
    times, arrived = env.simulator.submit_times(), [0.0] * info["num_waiting"]
    num_come = info["num_waiting"]
    void = env.actions.num_actions - 1
    while num_come < 4:
        _, _, _, _, info = env.step(void if env.simulator.may_wait() else 7)
        now_come = info["num_waiting"] + info["num_running"] + info["num_ended"]
        arrived += [info["now"]] * (now_come - num_come)
        num_come = now_come
    assert arrived == pytest.approx(times.tolist())
    unstretched = make(options(workload={"window": {"start": 9, "length": 4}}))
    unstretched.reset(seed=0)
    as_logged = unstretched.simulator.submit_times()
    stretch = times[-1] / as_logged[-1]
    assert stretch != pytest.approx(1.0)
    assert times.tolist() == pytest.approx((stretch * as_logged).tolist())


def test_without_a_load_arrivals_stay() -> None:
    env = make(options(workload={"window": {"start": 3, "length": 5}}))
    env.reset(seed=0)
    assert env.simulator.submit_times().tolist() == [job[0] - JOBS[3][0] for job in JOBS[3:8]]


def test_a_window_that_cannot_be_stretched_stays() -> None:
    at_once = make(options([JOBS[0]] * 3, workload={"window": {"length": 3, "load": 0.5}}))
    at_once.reset(seed=0)
    assert at_once.simulator.submit_times().tolist() == [0.0, 0.0, 0.0]


def test_jobs_that_cannot_run_offer_no_load() -> None:
    jobs = [JOBS[0], TOO_MANY_CORES, JOBS[9]]
    env = make(options(jobs, workload={"window": {"length": 3, "load": 0.5}}))
    env.reset(seed=0)
    assert offered_load(env) == pytest.approx(0.5)


def test_scales_are_those_of_each_window_alone() -> None:
    env = make(options())
    platform, workload = env.scenario.platform, env.scenario.workload
    scales = arrival_scales(platform, workload, 4, 0.8)
    assert scales.shape == (13,)
    assert scales[10:].tolist() == [1.0, 1.0, 1.0]  # no window starts there
    run_times = workload.work_flop / platform.reference_speed_flops
    for first in range(10):
        work = sum(run_times[job] * workload.requested_cores[job] for job in range(first, first + 4))
        span = workload.submit_time[first + 3] - workload.submit_time[first]
        assert scales[first] == pytest.approx(work / (0.8 * 4) / span if span else 1.0)
