"""The Gymnasium environment: its interface, its seeds, its masks and what its rewards add up to."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from hdeeprm.env import WorkloadManagementEnv, learning_environment
from hdeeprm.env.learning import BEST_MAKESPAN, BEST_PAIR
from hdeeprm.errors import AgentError, OptionsError, SimulationError, WorkloadError
from hdeeprm.options import load_options
from hdeeprm.selections import CoreSelection, JobSelection
from hdeeprm.simulator import JobStatus
from naive import OBJECTIVES, OBSERVATIONS, NaiveSimulator
from scenarios import ENV_ID, JOBS, LEARNING_ID, TOO_MANY_CORES, make, options, selection

REWARDS = ("instant", "integrated")
INFO_KEYS = {"action_mask", "now", "num_waiting", "num_running", "num_ended", "invalid_actions"}
PAIRS = (
    "first-high_gflops",
    "shortest-high_mem_bw",
    "smallest-high_cores",
    "low_mem-low_power",
    "low_mem_bw-high_mem",
)
"""Without random ones, which the naive twin does not know."""
VOID = len(PAIRS)
WINDOW = {"start": "random", "length": 4}

Step = tuple[Any, float, bool, bool, dict[str, Any]]


def steps(env: WorkloadManagementEnv, actions: Sequence[int], **reset: Any) -> Iterator[Step]:
    """An episode under these actions over and over; the first item is what reset gives, with reward 0."""
    observation, info = env.reset(**reset)
    yield observation, 0.0, False, False, info
    for action in cycle(actions):
        step = env.step(action)
        yield step
        if step[2] or step[3]:
            return


def trajectory(env: WorkloadManagementEnv, actions: Sequence[int] = (0,), **reset: Any) -> bytes:
    """All that an agent is told in an episode."""
    return b"".join(
        observation.tobytes() + np.float64([reward, info["now"], info["num_waiting"]]).tobytes()
        for observation, reward, _, _, info in steps(env, actions, **reset)
    )


def random_play(env: WorkloadManagementEnv, seed: int) -> Iterator[Step]:
    """An episode of random actions, masked ones among them."""
    rng = np.random.default_rng(seed)
    actions = rng.integers(env.actions.num_actions, size=1000).tolist()
    return steps(env, actions, seed=seed)


# The interface


@pytest.mark.parametrize("reward", REWARDS)
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_gymnasium_finds_nothing_to_complain_about(observation: str, objective: str, reward: str) -> None:
    content = options(env={"observation": observation, "objective": objective, "reward": reward})
    check_env(gymnasium.make(ENV_ID, options=content).unwrapped)


def test_gymnasium_finds_nothing_to_complain_about_in_random_windows() -> None:
    check_env(gymnasium.make(ENV_ID, options=options(workload={"window": WINDOW})).unwrapped)


def test_options_come_as_a_mapping_a_path_or_options(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps(options()), encoding="utf-8")
    forms = (options(), path, str(path), load_options(path))
    assert len({trajectory(make(form), seed=1) for form in forms}) == 1


def test_the_learning_environment_is_made_by_its_id() -> None:
    env = gymnasium.make(LEARNING_ID)
    observation, _ = env.reset(seed=0)
    assert env.observation_space.contains(observation)
    assert env.action_space == gymnasium.spaces.Discrete(37)


def test_all_36_pairs_and_void_are_the_actions() -> None:
    names = make().actions.names
    pairs = [f"{job}-{core}" for job in JobSelection.__members__ for core in _core_names()]
    assert names == (*pairs, "void")
    assert len(names) == 37
    assert names[0] == "random-random"


def _core_names() -> list[str]:
    return [name for name, member in CoreSelection.__members__.items() if name == member.name]


def test_a_selection_restricts_the_actions() -> None:
    env = make(options(env=selection("shortest-low_power", "first-high_flops")))
    assert env.actions.names == ("shortest-low_power", "first-high_gflops")
    assert env.action_space.n == 2  # type: ignore[attr-defined]
    assert env.pair(1) == (JobSelection.first, CoreSelection.high_gflops)


def test_the_types_and_keys_of_what_a_step_returns() -> None:
    env = make()
    for observation, reward, terminated, truncated, info in random_play(env, 0):
        assert observation.dtype == np.float32
        assert observation.shape == env.observation_space.shape
        assert type(reward) is float
        assert type(terminated) is bool and type(truncated) is bool
        assert not truncated
        assert set(info) == INFO_KEYS
        assert info["action_mask"].dtype == np.int8
        assert info["action_mask"].shape == (37,)
        assert type(info["now"]) is float
        assert all(type(info[key]) is int for key in INFO_KEYS - {"action_mask", "now"})
    assert terminated


def test_an_observation_is_not_written_to_later() -> None:
    env = make()
    first, info = env.reset(seed=0)
    copies = first.copy(), info["action_mask"].copy()
    info["action_mask"][:] = 1
    env.step(0)
    assert np.array_equal(first, copies[0])
    env.reset(seed=0)
    assert np.array_equal(env.action_masks(), copies[1])


def test_many_environments_side_by_side() -> None:
    envs = gymnasium.make_vec(
        ENV_ID,
        num_envs=2,
        vectorization_mode="sync",
        options=options(env=selection("random-random", "first-random")),
    )
    observations, infos = envs.reset(seed=[1, 2])
    assert observations.shape[0] == 2
    assert infos["action_mask"].shape == (2, 2)
    for _ in range(20):
        observations, rewards, *_ = envs.step(np.array([0, 1]))
    assert rewards.shape == (2,)
    envs.close()


@pytest.mark.parametrize("action", [37, -1, 1.0, "void", None])
@pytest.mark.parametrize("method", ["step", "pair", "allowed_action"])
def test_an_action_outside_the_space_is_an_error(method: str, action: Any) -> None:
    env = make()
    env.reset(seed=0)
    with pytest.raises(AgentError, match="is not an integer from 0 to 36"):
        getattr(env, method)(action)


@pytest.mark.parametrize("action", [np.int64(3), np.int32(3), np.array(3), 3])
def test_an_action_may_be_any_integer(action: Any) -> None:
    env = make()
    env.reset(seed=0)
    env.step(action)
    assert env.simulator.num_decisions == 1


def test_a_step_before_the_first_reset_is_an_error() -> None:
    with pytest.raises(SimulationError, match="reset"):
        make().step(0)


def test_a_step_after_the_end_is_an_error() -> None:
    env = make()
    for _ in steps(env, [0], seed=0):
        pass
    with pytest.raises(SimulationError, match="the episode is over"):
        env.step(0)
    env.reset()
    env.step(0)


def test_the_time_limit_truncates() -> None:
    env = gymnasium.make(ENV_ID, options=options(), max_episode_steps=2)
    env.reset(seed=0)
    outcomes = [env.step(0)[2:4] for _ in range(2)]
    assert outcomes == [(False, False), (False, True)]


# Seeds


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    env = make()
    assert trajectory(env, seed=3) == trajectory(env, seed=3) == trajectory(make(), seed=3)
    assert trajectory(env, seed=3) != trajectory(env, seed=4)


def test_without_a_seed_the_random_numbers_go_on() -> None:
    env = make()
    episodes = [trajectory(env, seed=3), trajectory(env), trajectory(env)]
    assert len(set(episodes)) == 3
    assert [trajectory(env, seed=3), trajectory(env), trajectory(env)] == episodes


def test_two_environments_in_one_process_are_independent() -> None:
    content = options(env={"reward": "integrated", "objective": "edp"})
    alone = trajectory(make(content), range(36), seed=5)
    env, other = make(content), make()
    both = zip(steps(env, range(36), seed=5), steps(other, [7, 0], seed=5), strict=False)
    interleaved = b"".join(
        observation.tobytes() + np.float64([reward, info["now"], info["num_waiting"]]).tobytes()
        for (observation, reward, _, _, info), _ in both
    )
    assert alone.startswith(interleaved)
    assert len(interleaved) > len(alone) / 3
    assert trajectory(env, range(36), seed=5) == alone


EPISODE_IN_A_PROCESS = """
import hashlib, sys
import gymnasium, numpy as np
digest = hashlib.sha256()
env = gymnasium.make(sys.argv[1], options=sys.argv[2])
observation, info = env.reset(seed=9)
over = False
while not over:
    digest.update(observation.tobytes())
    observation, reward, over, _, info = env.step(0)
    digest.update(np.float64([reward, info["now"]]).tobytes())
print(digest.hexdigest())
"""


def test_processes_agree_on_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    path.write_text(
        json.dumps(options(workload={"window": {"start": "random", "length": 9}})), encoding="utf-8"
    )
    hashes = [
        subprocess.run(
            [sys.executable, "-c", EPISODE_IN_A_PROCESS, ENV_ID, str(path)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert len(hashes[0].strip()) == hashlib.sha256().digest_size * 2
    assert hashes[0] == hashes[1]


# Windows


def windowed(start: int | str, length: int = 4, **overrides: Any) -> WorkloadManagementEnv:
    return make(options(workload={"window": {"start": start, "length": length}}, **overrides))


def test_a_fixed_window_takes_its_jobs() -> None:
    env = windowed(3)
    env.reset(seed=0)
    assert (env.simulator.first_job, env.simulator.num_jobs) == (3, 4)
    assert env.simulator.now == 0.0  # its first submission
    *_, (_, _, _, _, info) = steps(env, [7], seed=0)
    assert info["num_ended"] == 4


def test_the_simulator_is_no_larger_than_the_window() -> None:
    with pytest.raises(SimulationError, match="built for episodes of 4"):
        windowed(3).simulator.reset(0, 5)


def test_a_window_of_the_last_jobs() -> None:
    env = windowed(len(JOBS) - 4)
    *_, (_, _, _, _, info) = steps(env, [7], seed=0)
    assert info["num_ended"] == 4


def test_random_windows_are_drawn_from_the_seed() -> None:
    env = windowed("random")

    def starts(seed: int) -> list[int]:
        env.reset(seed=seed)
        drawn = [env.simulator.first_job]
        for _ in range(30):
            env.reset()
            drawn.append(env.simulator.first_job)
        return drawn

    assert starts(1) == starts(1) != starts(2)
    assert set(starts(1)) <= set(range(len(JOBS) - 3))
    assert len(set(starts(1))) > 5


def test_every_random_window_is_drawn_at_some_time() -> None:
    env = windowed("random", len(JOBS) - 1)
    drawn = set()
    for seed in range(20):
        env.reset(seed=seed)
        drawn.add(env.simulator.first_job)
    assert drawn == {0, 1}


@pytest.mark.parametrize("start", [0, 5, "random"])
@pytest.mark.parametrize("first_job", [0, 9, np.int32(4)])
def test_reset_may_say_where_the_window_starts(start: int | str, first_job: int) -> None:
    env = windowed(start)
    env.reset(seed=0, options={"first_job": first_job})
    assert (env.simulator.first_job, env.simulator.num_jobs) == (first_job, 4)
    env.reset(seed=0)
    assert start == "random" or env.simulator.first_job == start


@pytest.mark.parametrize("first_job", [-1, 10, 1.5, "2"])
def test_a_first_job_outside_the_workload_is_an_error(first_job: Any) -> None:
    with pytest.raises(OptionsError, match=r"first_job: .* is not an integer from 0 to 9"):
        windowed(0).reset(seed=0, options={"first_job": first_job})


def test_an_unknown_reset_option_is_an_error() -> None:
    with pytest.raises(OptionsError, match="'start' is not an option"):
        make().reset(seed=0, options={"start": 1})


def test_a_window_of_oversized_jobs_is_an_error() -> None:
    env = make(options([TOO_MANY_CORES, *JOBS], workload={"window": {"start": 0, "length": 1}}))
    with pytest.raises(WorkloadError, match="none of the 1 jobs from job 0 can run"):
        env.reset(seed=0)
    env.reset(seed=0, options={"first_job": 1})


def test_random_windows_pass_over_oversized_jobs() -> None:
    jobs = [TOO_MANY_CORES] * 6 + [JOBS[0]] + [TOO_MANY_CORES] * 6
    env = make(options(jobs, workload={"window": {"start": "random", "length": 2}}))
    starts = set()
    for seed in range(10):
        env.reset(seed=seed)
        starts.add(env.simulator.first_job)
    assert starts == {5, 6}


# Masks


def test_void_is_masked_where_it_would_wait_for_nothing() -> None:
    env = make()
    seen = set()
    for num_voids in range(12):
        for _, _, terminated, _, info in steps(env, [36] * num_voids + [7], seed=0):
            status = env.simulator.job_records()["status"]
            would_stall = not np.isin(status, [JobStatus.RUNNING, JobStatus.PENDING]).any()
            assert info["action_mask"].tolist() == [1] * 36 + [0 if would_stall else 1]
            assert np.array_equal(info["action_mask"], env.action_masks())
            assert [env.is_masked(action) for action in range(37)] == [False] * 36 + [would_stall]
            if not terminated:
                seen.add(would_stall)
    assert seen == {True, False}


def test_nothing_is_masked_without_void() -> None:
    env = make(options(env=selection("first-random", "random-random")))
    for *_, info in steps(env, [0, 1], seed=0):
        assert info["action_mask"].tolist() == [1, 1]


def test_a_masked_action_is_replaced_by_the_first_allowed_one_and_counted() -> None:
    content = options([JOBS[0], JOBS[1]], env=selection(*PAIRS, void=True))
    env = make(content)
    _, info = env.reset(seed=0)
    assert info["action_mask"].tolist() == [1] * len(PAIRS) + [0]
    assert env.allowed_action(0) == 0
    replaced = env.step(VOID)
    assert replaced[4]["invalid_actions"] == 1
    assert env.simulator.job_records()["start_time"].tolist() == [0.0, 0.0]
    env.reset(seed=0)
    wanted = env.step(0)
    assert wanted[4]["invalid_actions"] == 0
    assert np.array_equal(replaced[0], wanted[0]) and replaced[1:3] == wanted[1:3]


# Observations


@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_observations_of_a_large_platform_stay_within_their_space(observation: str) -> None:
    content = {
        "platform_file_path": "gaia",
        "workload_file_path": "gaia_like.swf",
        "workload": {"window": {"start": "random", "length": 25}},
        "env": {"observation": observation},
    }
    env = make(content)
    for seed in range(3):
        for values, *_ in random_play(env, seed):
            assert env.observation_space.contains(values)


@pytest.mark.parametrize("observation", OBSERVATIONS)
def test_observations_are_those_of_the_naive_twin(observation: str) -> None:
    env = make(options(env=selection(*PAIRS, void=True, observation=observation, queue_sensitivity=0.8)))
    twin = NaiveSimulator(env.scenario.platform, env.scenario.workload, queue_sensitivity=0.8)
    actions = cycle([0, VOID, 1, 3, VOID, 2, 4])
    seen, _ = env.reset(seed=0)
    while twin.advance():
        np.testing.assert_allclose(seen, twin.observation(observation), atol=1e-6)
        action = env.allowed_action(next(actions))
        twin.decide(*names_of(action))
        seen, *_ = env.step(action)
    assert env.simulator.over


def names_of(action: int) -> tuple[str | None, str | None]:
    """The pair of an action of the selection ``PAIRS`` and void."""
    if action == VOID:
        return None, None
    job, core = PAIRS[action].split("-")
    return job, core


# Rewards


def twin_of(env: WorkloadManagementEnv, actions: Sequence[int]) -> NaiveSimulator:
    """The naive twin at the end of an episode; void, where it would stall, is replaced by action 0."""
    turns = cycle(actions)

    def policy(twin: NaiveSimulator) -> tuple[str | None, str | None]:
        action = next(turns)
        return names_of(0 if action == VOID and twin.void_would_stall else action)

    return NaiveSimulator(env.scenario.platform, env.scenario.workload).run(policy)


def rewards_under(content: dict[str, Any], actions: Sequence[int]) -> tuple[list[float], NaiveSimulator]:
    env = make(content)
    rewards = [reward for _, reward, _, _, _ in steps(env, actions, seed=0)][1:]
    return rewards, twin_of(env, actions)


@pytest.mark.parametrize("actions", [[0], [1], [2, VOID], [VOID, 3, 4, VOID, VOID]])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_integrated_rewards_add_up_to_the_objective(objective: str, actions: list[int]) -> None:
    content = options(env=selection(*PAIRS, void=True, objective=objective, reward="integrated"))
    rewards, twin = rewards_under(content, actions)
    assert sum(rewards) == pytest.approx(twin.integrated_return(objective), rel=1e-12)


@pytest.mark.parametrize("objective", OBJECTIVES)
@settings(max_examples=20)
@given(
    numbers=st.lists(st.integers(0, len(JOBS) - 1), min_size=1, max_size=8),
    oversized=st.booleans(),
    actions=st.lists(st.integers(0, VOID), min_size=1, max_size=6),
)
def test_integrated_rewards_of_any_jobs_and_actions(
    objective: str, numbers: list[int], oversized: bool, actions: list[int]
) -> None:
    jobs = [JOBS[number] for number in sorted(numbers)] + [(200, 5, 1, 1, 0, 0)] * oversized
    content = options(jobs, env=selection(*PAIRS, void=True, objective=objective, reward="integrated"))
    rewards, twin = rewards_under(content, actions)
    assert sum(rewards) == pytest.approx(twin.integrated_return(objective), rel=1e-12)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_instant_rewards_are_those_right_after_the_action(objective: str) -> None:
    actions = [VOID, 3, 4, VOID, 0, 1]
    env = make(options(env=selection(*PAIRS, void=True, objective=objective)))
    twin, turns = NaiveSimulator(env.scenario.platform, env.scenario.workload), cycle(actions)
    env.reset(seed=0)
    while twin.advance():
        action = env.allowed_action(next(turns))
        twin.decide(*names_of(action))
        assert env.step(action)[1] == pytest.approx(twin.instant_reward(objective), rel=1e-12)


# The toy problem


def makespans(env: WorkloadManagementEnv, beginning: tuple[int, ...] = ()) -> dict[tuple[int, ...], float]:
    """Makespan of every sequence of actions up to the end of the episode."""
    found: dict[tuple[int, ...], float] = {}
    for action in range(env.actions.num_actions):
        sequence = (*beginning, action)
        env.reset(seed=0)
        taken = [env.step(number) for number in sequence]
        if taken[-1][2]:
            found[sequence] = -sum(step[1] for step in taken)
        else:
            found |= makespans(env, sequence)
    return found


def test_no_sequence_of_actions_beats_the_optimum_worked_out_by_hand() -> None:
    env = learning_environment()
    found = makespans(env)
    assert len(found) >= 37
    assert min(found.values()) == pytest.approx(BEST_MAKESPAN)
    assert found[env.actions.names.index(BEST_PAIR),] == pytest.approx(BEST_MAKESPAN)
    assert found[env.actions.names.index("first-high_gflops"),] == pytest.approx(21 / 3.3)


# Rendering

PICTURE = """\
t = 10.00 s   1 waiting, 1 running, 0 ended   3/4 cores busy, 150.0 W
Waiting:
  job 1: 2 cores for 30 s, 1,000 MB per core, waiting for 0.00 s
Running:
  job 0: 3 cores, running for 10.00 of 60 s requested
Nodes in use:
  node 0 [###############.....] 3/4 cores, 12.0/32.0 GB"""

DRAWN_JOBS = [(0.0, 3, 60.0, 60.0, 4000, 0), (10.0, 2, 30.0, 30.0, 1000, 0), (12.5, 1, 5.0, 5.0, 0, 0)]


def test_a_state_as_text() -> None:
    env = make(options(DRAWN_JOBS), render_mode="ansi")
    env.reset(seed=0)
    env.step(env.actions.names.index("first-high_gflops"))
    assert env.render() == PICTURE


def test_a_window_as_text_counts_from_its_own_start() -> None:
    jobs = [(0.0, 1, 5.0, 5.0, 0, 0), *((20 + job[0], *job[1:]) for job in DRAWN_JOBS)]
    env = make(options(jobs, workload={"window": {"start": 1, "length": 3}}), render_mode="ansi")
    env.reset(seed=0)
    env.step(env.actions.names.index("first-high_gflops"))
    assert env.render() == PICTURE.replace("job 1", "job 2").replace("job 0", "job 1")
    env.step(env.actions.names.index("void"))
    assert "job 2: 2 cores for 30 s, 1,000 MB per core, waiting for 2.50 s" in str(env.render())


def test_a_long_queue_as_text_is_summed_up() -> None:
    env = make(options([JOBS[0]] * 13), render_mode="ansi")
    env.reset(seed=0)
    lines = str(env.render()).splitlines()
    assert len(lines) == 1 + 1 + 11 + 2 + 2
    assert lines[12] == "  ... and 3 more"


def test_gymnasium_renders_too() -> None:
    env = gymnasium.make(LEARNING_ID, render_mode="ansi")
    env.reset(seed=0)
    assert "2 waiting, 0 running" in str(env.render())


def test_no_render_mode_renders_nothing() -> None:
    env = make()
    env.reset(seed=0)
    assert env.render() is None


def test_an_unknown_render_mode_is_an_error() -> None:
    with pytest.raises(OptionsError, match="render_mode: 'picture' is not known"):
        WorkloadManagementEnv(options(), render_mode="picture")


# What cannot be made


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda content: content | {"nb_resources": 5}, OptionsError, "nb_resources: 5"),
        (lambda content: content | {"workload_file_path": ""}, OptionsError, "no workload is named"),
        (lambda content: content | {"platform_file_path": "learnin"}, None, "learnin"),
        (lambda content: content | {"colour": "blue"}, OptionsError, "colour"),
    ],
)
def test_wrong_options_are_errors(
    change: Callable[[dict[str, Any]], dict[str, Any]], error: type[Exception] | None, message: str
) -> None:
    with pytest.raises(error or ValueError, match=message):
        gymnasium.make(ENV_ID, options=change(options()))


def test_a_workload_takes_the_place_of_the_one_in_the_options() -> None:
    env = WorkloadManagementEnv(options(), workload="learning.json")
    assert env.scenario.workload.num_jobs == 2


@pytest.mark.parametrize(("tolerance", "num_waiting"), [(1e-9, 1), (0.5, 2)])
def test_events_within_the_tolerance_are_one_decision(tolerance: float, num_waiting: int) -> None:
    jobs = [(0.0, 1, 5.0, 5.0, 0, 0), (0.25, 1, 5.0, 5.0, 0, 0)]
    env = make(options(jobs, simulator={"instant_tolerance": tolerance}))
    assert env.reset(seed=0)[1]["num_waiting"] == num_waiting


def test_an_episode_goes_through_all_of_its_jobs() -> None:
    env = make()
    infos = [info for *_, info in islice(steps(env, [7], seed=0), 1000)]
    assert [info["now"] for info in infos] == sorted(info["now"] for info in infos)
    assert infos[-1]["num_ended"] == len(JOBS)
    assert infos[-1]["num_waiting"] == infos[-1]["num_running"] == 0


def test_a_copy_goes_its_own_way() -> None:
    """A deep copy has its own state, and goes on as the original would have."""
    env = make()
    env.reset(seed=3)
    env.step(7)
    copy = deepcopy(env)
    expected = [env.step(7)[1:3] for _ in range(3)]
    assert [copy.step(7)[1:3] for _ in range(3)] == expected
    assert copy.simulator.now == env.simulator.now
    env.step(7)
    assert copy.simulator.num_decisions == env.simulator.num_decisions - 1
