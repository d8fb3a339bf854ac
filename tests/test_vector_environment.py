"""The vector environment: bit for bit what single environments do, in every mode of starting anew."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import DictInfoToList, FlattenObservation, RecordEpisodeStatistics

import hdeeprm
from hdeeprm.env import WorkloadManagementVectorEnv, register_observation
from hdeeprm.env.learning import LEARNING_OPTIONS
from hdeeprm.errors import AgentError, OptionsError, SimulationError, WorkloadError
from hdeeprm.simulator import EmbeddedSimulator
from scenarios import ENV_ID, JOBS, LEARNING_ID, TOO_MANY_CORES, options, selection

MODES = tuple(AutoresetMode)
SUMMARY = (
    "objective",
    "avg_wait",
    "avg_turnaround",
    "avg_bounded_slowdown",
    "utilization",
    "makespan",
    "energy_joules",
)
WINDOW = {"start": "random", "length": 4}
FOUR_PAIRS = selection("shortest-high_mem_bw", "random-random", "first-low_power", void=True)
GAIA = {
    "platform_file_path": "gaia",
    "workload_file_path": "gaia_like.swf",
    "workload": {"window": {"start": "random", "length": 20, "load": 0.9, "split": [0.6, 0.2, 0.2]}},
    "env": {"observation": "minimal"},
}


def waiting_shares(simulator: EmbeddedSimulator, out: np.ndarray) -> None:
    out[0] = simulator.num_waiting / simulator.num_jobs
    out[1] = simulator.num_running / simulator.num_jobs


register_observation("waiting-shares", lambda platform, num_jobs: 2, waiting_shares)

PROBLEMS: dict[str, dict[str, Any]] = {
    "all 37 actions": options(),
    "drawn selections": options(env=FOUR_PAIRS),
    "instant edp, small": options(env={"objective": "edp", "observation": "small"}),
    "integrated, windows": options(
        env={"objective": "avg_bounded_slowdown", "reward": "integrated"}, workload={"window": WINDOW}
    ),
    "load": options(env=FOUR_PAIRS | {"observation": "fit"}, workload={"window": WINDOW | {"load": 1.5}}),
    "jobs": options(
        env={
            "actions": {"type": "jobs", "num_jobs": 3, "core_selection": "random"},
            "observation": "queue",
            "objective": "avg_wait",
            "reward": "integrated",
        }
    ),
    "jobs without void": options(
        env={"actions": {"type": "jobs", "num_jobs": 2, "void": False}, "observation": "queue"},
        workload={"window": WINDOW},
    ),
    "written by Python": options(env=FOUR_PAIRS | {"observation": "waiting-shares"}),
    "gaia": GAIA,
}


def vector(
    content: dict[str, Any] | None = None, num_envs: int = 3, **arguments: Any
) -> WorkloadManagementVectorEnv:
    envs = gymnasium.make_vec(ENV_ID, num_envs, options=content or options(), **arguments)
    assert isinstance(envs, WorkloadManagementVectorEnv)
    return envs


def singles(
    content: dict[str, Any], num_envs: int, mode: AutoresetMode, limit: int | None = None, **arguments: Any
) -> SyncVectorEnv:
    def single() -> gymnasium.Env[Any, Any]:
        return gymnasium.make(
            ENV_ID, options=content, max_episode_steps=limit, disable_env_checker=True, **arguments
        )

    return SyncVectorEnv([single] * num_envs, autoreset_mode=mode)


def check_same(ours: Any, theirs: Any, place: str = "result") -> None:
    """Equal in values, types and shapes, infos within infos too."""
    if isinstance(theirs, dict):
        assert set(ours) - {"episode_summary", "_episode_summary"} == set(theirs), place
        for name, value in theirs.items():
            check_same(ours[name], value, f"{place}.{name}")
    elif isinstance(theirs, tuple) or (isinstance(theirs, np.ndarray) and theirs.dtype == np.object_):
        assert type(ours) is type(theirs), place
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            check_same(one, other, f"{place}[{index}]")
    elif isinstance(theirs, np.ndarray):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), place
        assert ours.tobytes() == theirs.tobytes(), place
    else:
        assert ours is theirs is None, place


def check_same_play(
    ours: WorkloadManagementVectorEnv, theirs: SyncVectorEnv, num_steps: int, seed: int
) -> dict[str, int]:
    """Play both under the same actions, masked ones among them; what was seen, counted."""
    rng = np.random.default_rng(seed)
    check_same(ours.reset(seed=seed), theirs.reset(seed=seed))
    seen = {"episodes": 0, "cut": 0, "invalid": 0}
    for _ in range(num_steps):
        actions = rng.integers(ours.actions.num_actions, size=ours.num_envs)
        result, expected = ours.step(actions), theirs.step(actions)
        check_same(result, expected)
        ended = result[2] | result[3]
        check_summaries(result[4], ended, theirs)
        seen["episodes"] += int(ended.sum())
        seen["cut"] += int(result[3].sum())
        seen["invalid"] = max(seen["invalid"], int(result[4]["invalid_actions"].max()))
        if ours.autoreset_mode is AutoresetMode.DISABLED and ended.any():
            again = rng.integers(1000, size=ours.num_envs).tolist()
            masked = {"options": {"reset_mask": ended}}
            check_same(ours.reset(seed=again, **deepcopy(masked)), theirs.reset(seed=again, **masked))
    return seen


def check_summaries(infos: dict[str, Any], ended: np.ndarray, theirs: SyncVectorEnv) -> None:
    """The summaries of ended episodes are those that single environments tell, zero for the others."""
    assert ("episode_summary" in infos) == ended.any()
    if not ended.any():
        return
    summary = infos["episode_summary"]
    assert infos["_episode_summary"].tolist() == ended.tolist()
    assert tuple(summary)[::2] == SUMMARY
    for name in SUMMARY:
        assert summary[f"_{name}"].tolist() == ended.tolist()
        assert not summary[name][~ended].any()
    if theirs.autoreset_mode is not AutoresetMode.SAME_STEP:  # else it has begun the next episode
        for row in np.flatnonzero(ended):
            single = theirs.envs[row].unwrapped.summary()
            assert single == {name: summary[name][row] for name in SUMMARY}


# Equal to single environments


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_equal_to_single_environments(problem: str, mode: AutoresetMode) -> None:
    content = PROBLEMS[problem]
    ours = vector(content, 3, autoreset_mode=mode)
    seen = check_same_play(ours, singles(content, 3, mode), 120, seed=5)
    assert seen["episodes"] >= 3
    assert seen["cut"] == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("problem", ["all 37 actions", "load", "jobs", "written by Python"])
def test_equal_to_single_environments_with_a_limit(problem: str, mode: AutoresetMode) -> None:
    content = PROBLEMS[problem]
    ours = vector(content, 3, autoreset_mode=mode, max_episode_steps=5)
    seen = check_same_play(ours, singles(content, 3, mode, limit=5), 60, seed=2)
    assert 0 < seen["cut"] <= seen["episodes"]


@pytest.mark.parametrize("problem", ["drawn selections", "load", "gaia"])
def test_equal_to_single_environments_in_two_threads(problem: str) -> None:
    content = PROBLEMS[problem]
    ours = vector(content, 5, autoreset_mode="SameStep")
    ours.batch.num_threads = 2
    assert ours.batch.num_threads == 2
    check_same_play(ours, singles(content, 5, AutoresetMode.SAME_STEP), 60, seed=8)
    ours.close()


@pytest.mark.parametrize("part", ["train", "test"])
def test_equal_to_single_environments_of_a_part(part: str) -> None:
    ours = vector(GAIA, 3, autoreset_mode="SameStep", part=part)
    check_same_play(ours, singles(GAIA, 3, AutoresetMode.SAME_STEP, part=part), 40, seed=0)
    assert [ours.windows.first, ours.windows.last] != [0, ours.scenario.workload.num_jobs - 20]


def test_what_is_compared_has_masked_actions() -> None:
    content = PROBLEMS["jobs"]
    ours = vector(content, 3)
    seen = check_same_play(ours, singles(content, 3, AutoresetMode.NEXT_STEP), 20, seed=1)
    assert seen["invalid"] > 0


def test_rows_do_not_know_of_one_another() -> None:
    """A row does the same among many as alone."""
    few = vector(PROBLEMS["load"], 1, autoreset_mode="SameStep")
    many = vector(PROBLEMS["load"], 9, autoreset_mode="SameStep")
    alone, _ = few.reset(seed=14)
    among, _ = many.reset(seed=10)
    for action in (0, 1, 3, 2) * 10:
        assert np.array_equal(alone[0], among[4])
        alone, reward, *_ = few.step([action])
        among, rewards, *_ = many.step([1, 2, 3, 0, action, 2, 3, 0, 0])
        assert reward[0] == rewards[4]


# The interface


@pytest.mark.parametrize("name", [ENV_ID, LEARNING_ID])
def test_gymnasium_picks_it_by_itself(name: str) -> None:
    arguments = {"options": options()} if name == ENV_ID else {}
    envs = gymnasium.make_vec(name, num_envs=8, **arguments)
    assert type(envs) is WorkloadManagementVectorEnv is hdeeprm.WorkloadManagementVectorEnv
    assert (envs.num_envs, envs.spec.id) == (8, name.partition(":")[2])  # type: ignore[union-attr]
    assert envs.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    observations, infos = envs.reset(seed=0)
    assert envs.observation_space.contains(observations)
    assert envs.action_space == gymnasium.spaces.MultiDiscrete([37] * 8)
    assert infos["action_mask"].shape == (8, 37)
    _, rewards, terminations, truncations, _ = envs.step(envs.action_space.sample())
    assert (rewards.dtype, terminations.dtype, truncations.dtype) == (np.float64, np.bool_, np.bool_)
    envs.close()


def test_each_environment_has_a_mode_of_its_own() -> None:
    envs = [vector(autoreset_mode=mode) for mode in ("SameStep", AutoresetMode.DISABLED)]
    assert [each.metadata["autoreset_mode"] for each in envs] == [MODES[1], MODES[2]]
    assert "autoreset_mode" not in WorkloadManagementVectorEnv.metadata


def test_make_vec_truncates() -> None:
    envs = vector(max_episode_steps=2)
    envs.reset(seed=0)
    outcomes = [envs.step([0, 0, 0])[2:4] for _ in range(4)]
    assert [terminated.any() for terminated, _ in outcomes] == [False] * 4
    assert [truncated.all() for _, truncated in outcomes] == [False, True, False, False]


def test_gymnasiums_wrappers_work_around_it() -> None:
    envs = RecordEpisodeStatistics(FlattenObservation(vector()))
    envs.reset(seed=0)
    infos = [envs.step(np.array([7, 7, 7]))[4] for _ in range(20)]
    assert any("episode" in each and each["episode"]["l"].min() > 1 for each in infos)


def test_infos_may_be_had_as_a_list() -> None:
    envs = DictInfoToList(vector(LEARNING_OPTIONS, autoreset_mode="SameStep"))
    envs.reset(seed=0)
    infos: Any = envs.step(np.array([7, 7, 36]))[4]
    assert [info["num_waiting"] for info in infos] == [2, 2, 2]
    assert infos[0]["final_info"]["num_ended"] == 2
    assert infos[0]["episode_summary"]["makespan"] == pytest.approx(21 / 3.3)


def test_what_it_returns_is_not_written_to_later() -> None:
    envs = vector(LEARNING_OPTIONS, autoreset_mode="SameStep")
    kept = [envs.reset(seed=0)]
    copies = [deepcopy(kept[0])]
    for actions in ([1, 7, 35], [0, 1, 2], [5, 5, 5]):
        kept.append(envs.step(actions))
        copies.append(deepcopy(kept[-1]))
    assert repr(kept) == repr(copies)
    masks = envs.action_masks()
    masks[:] = 0
    assert envs.action_masks().any()


def test_what_it_returns_may_be_written_to() -> None:
    changed, left = vector(), vector()
    for envs in (changed, left):
        observations, infos = envs.reset(seed=0)
        if envs is changed:
            observations[:] = 0
            infos["action_mask"][:] = 0
            infos["now"][:] = -1
    check_same(changed.step([1, 2, 3]), left.step([1, 2, 3]))


def test_rows_may_have_the_same_seed() -> None:
    envs = vector()
    first, _ = envs.reset(seed=[4, 4, 5])
    assert np.array_equal(first[0], first[1])


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ([1, 2], "2 seeds for 3 environments"),
        (1.5, "1.5 is not an integer from 0 on"),
        ("abc", "'abc' is not an integer from 0 on"),
        (-1, "-1 is not an integer from 0 on"),
        ([1, None, True], "True is not an integer from 0 on"),
    ],
)
def test_seeds_that_are_none_are_errors(seed: Any, message: str) -> None:
    with pytest.raises(OptionsError, match=f"reset: seed: {message}"):
        vector().reset(seed=seed)


def test_without_a_seed_the_random_numbers_go_on() -> None:
    envs = vector(PROBLEMS["integrated, windows"], 4)

    def starts(**reset: Any) -> list[int]:
        envs.reset(**reset)
        return [simulator.first_job for simulator in envs.batch.simulators]

    drawn = [starts(seed=1), starts(), starts()]
    assert len({tuple(each) for each in drawn}) == 3
    assert [starts(seed=1), starts(), starts()] == drawn
    assert starts(seed=[None, 2, None, 4])[1] == drawn[0][1]


def test_unseeded_environments_differ() -> None:
    envs = vector(PROBLEMS["integrated, windows"], 64)
    envs.reset()
    assert len({simulator.first_job for simulator in envs.batch.simulators}) > 3


# Windows


def test_reset_may_say_where_windows_start() -> None:
    envs = vector(PROBLEMS["integrated, windows"], autoreset_mode="SameStep")
    envs.reset(seed=0, options={"first_job": [9, 0, 4]})
    assert [simulator.first_job for simulator in envs.batch.simulators] == [9, 0, 4]
    envs.reset(seed=0, options={"first_job": np.int64(2)})
    assert [simulator.first_job for simulator in envs.batch.simulators] == [2, 2, 2]
    drawn = set()
    for _ in range(60):
        envs.step([7, 7, 7])
        drawn.update(simulator.first_job for simulator in envs.batch.simulators)
    assert len(drawn) > 4  # the episodes after these are drawn again


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
def test_the_episodes_after_a_chosen_one_are_those_of_single_environments(mode: AutoresetMode) -> None:
    content = PROBLEMS["integrated, windows"]
    ours, theirs = vector(content, autoreset_mode=mode), singles(content, 3, mode)
    choice: dict[str, Any] = {"seed": 3, "options": {"first_job": 5}}
    check_same(ours.reset(**choice), theirs.reset(**choice))
    for _ in range(30):
        check_same(ours.step([7, 7, 7]), theirs.step(np.array([7, 7, 7])))


@pytest.mark.parametrize("first_job", [-1, 10, 1.5, [0, 1, 10]])
def test_a_first_job_outside_the_workload_is_an_error(first_job: Any) -> None:
    with pytest.raises(OptionsError, match=r"first_job: .* is not an integer from 0 to 9"):
        vector(options(workload={"window": WINDOW})).reset(seed=0, options={"first_job": first_job})


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"first_job": [1, 2]}, "2 jobs for 3 environments"),
        ({"start": 1}, "'start' is not an option; there is 'first_job' and 'reset_mask'"),
        ({"reset_mask": np.ones(2, np.bool_)}, r"no bool array of shape \(3,\)"),
        ({"reset_mask": np.ones(3)}, r"no bool array of shape \(3,\)"),
        ({"reset_mask": np.zeros(3, np.bool_)}, "with a True"),
        ({"reset_mask": np.array([True, False, True])}, "reset all environments before some"),
        (7, "is no mapping"),
    ],
)
def test_wrong_options_of_a_reset_are_errors(asked: Any, message: str) -> None:
    with pytest.raises(OptionsError, match=message):
        vector().reset(seed=0, options=asked)


def test_a_window_without_a_job_that_can_run_is_an_error() -> None:
    envs = vector(options([TOO_MANY_CORES, *JOBS], workload={"window": {"start": 0, "length": 1}}))
    with pytest.raises(WorkloadError, match="none of the 1 jobs from job 0 can run"):
        envs.reset(seed=0)
    envs.reset(seed=0, options={"first_job": [1, 2, 3]})


# Actions


@pytest.mark.parametrize(
    "actions",
    [
        [0, 0],
        [0, 0, 37],
        [0, -1, 0],
        [0.0, 1.0, 2.0],
        [True, False, True],
        [[0, 0, 0]],
        3,
        None,
        "abc",
        np.uint64([0, 2**63 + 1, 0]),
    ],
)
def test_actions_outside_the_space_are_errors(actions: Any) -> None:
    envs = vector()
    envs.reset(seed=0)
    with pytest.raises(AgentError, match="are not 3 integers from 0 to 36"):
        envs.step(actions)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8, list, tuple])
def test_actions_may_be_any_integers(kind: Any) -> None:
    envs = vector()
    envs.reset(seed=0)
    envs.step(kind([3, 0, 1]))
    assert envs.batch.tables.clock["num_decisions"].tolist() == [[1]] * 3


def test_a_step_before_the_first_reset_is_an_error() -> None:
    with pytest.raises(SimulationError, match="reset before the first step"):
        vector().step([0, 0, 0])


def test_a_step_after_the_end_is_an_error_where_nothing_starts_anew() -> None:
    envs = vector(LEARNING_OPTIONS, autoreset_mode="Disabled")
    envs.reset(seed=0)
    _, _, ended, *_ = envs.step([7, 7, 7])
    assert ended.all()
    with pytest.raises(SimulationError, match="its episode is over"):
        envs.step([7, 7, 7])
    envs.reset(options={"reset_mask": ended})
    envs.step([7, 7, 7])


# States and copies


def play(envs: WorkloadManagementVectorEnv, num_steps: int) -> Iterator[str]:
    """What comes under actions that the masks allow, drawn from what is shown."""
    for step in range(num_steps):
        actions = [
            np.flatnonzero(mask)[step % mask.sum()] if mask.any() else 0 for mask in envs.action_masks()
        ]
        yield repr(envs.step(actions))


@pytest.mark.parametrize("mode", MODES[:2])
@pytest.mark.parametrize("problem", ["drawn selections", "load", "jobs", "written by Python"])
def test_a_state_is_come_back_to(problem: str, mode: AutoresetMode) -> None:
    envs = vector(PROBLEMS[problem], autoreset_mode=mode, max_episode_steps=9)
    envs.reset(seed=3)
    for _ in play(envs, 7):
        pass
    state = envs.snapshot()
    expected = list(play(envs, 30))
    envs.restore(state)
    assert list(play(envs, 30)) == expected
    other = vector(PROBLEMS[problem], autoreset_mode=mode, max_episode_steps=9)
    other.restore(state)
    assert list(play(other, 30)) == expected


def test_a_state_is_plain_arrays() -> None:
    envs = vector(PROBLEMS["load"])
    envs.reset(seed=3)
    for array in envs.snapshot().values():
        assert array.dtype.kind in "biuf" and array.dtype.names is None


def test_a_state_goes_through_a_file_of_arrays(tmp_path: Any) -> None:
    envs = vector(PROBLEMS["load"])
    envs.reset(seed=3)
    np.savez(tmp_path / "state.npz", **envs.snapshot())
    expected = list(play(envs, 20))
    with np.load(tmp_path / "state.npz", allow_pickle=False) as saved:
        envs.restore(saved)
    assert list(play(envs, 20)) == expected


def test_a_state_goes_through_a_checkpoint(tmp_path: Any) -> None:
    torch = pytest.importorskip("torch")
    envs = vector(PROBLEMS["load"])
    envs.reset(seed=3)
    tensors = {name: torch.from_numpy(array) for name, array in envs.snapshot().items()}
    torch.save(tensors, tmp_path / "state.pt")
    expected = list(play(envs, 20))
    envs.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    assert list(play(envs, 20)) == expected


@pytest.mark.parametrize("other", [options(), LEARNING_OPTIONS])
def test_a_state_of_another_environment_is_an_error(other: dict[str, Any]) -> None:
    envs, stranger = vector(), vector(other, 4)
    stranger.reset(seed=0)
    with pytest.raises(SimulationError, match="of another vector environment"):
        envs.restore(stranger.snapshot())


def test_a_copy_goes_its_own_way() -> None:
    envs = vector(PROBLEMS["load"], autoreset_mode="SameStep")
    envs.reset(seed=3)
    copy = deepcopy(envs)
    expected = list(play(envs, 20))
    assert list(play(copy, 20)) == expected
    envs.reset(seed=4)
    assert list(play(deepcopy(copy), 5)) == list(play(copy, 5))


def test_closing_ends_the_threads() -> None:
    before = threading.active_count()
    envs = vector()
    envs.batch.num_threads = 3
    envs.reset(seed=0)
    envs.step([0, 0, 0])
    assert threading.active_count() > before
    envs.close()
    assert threading.active_count() == before


def test_the_states_as_text() -> None:
    envs = vector(LEARNING_OPTIONS, 2, render_mode="ansi")
    envs.reset(seed=0)
    pictures = envs.render()
    assert pictures is not None and len(pictures) == 2
    assert all("2 waiting, 0 running" in picture for picture in pictures)
    assert vector().render() is None


# What cannot be made


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_envs": 0}, "num_envs: 0 is not an integer above 0"),
        ({"max_episode_steps": 0}, "max_episode_steps: 0 is not an integer above 0"),
        ({"autoreset_mode": "Never"}, "autoreset_mode: 'Never' is not known; one of 'NextStep'"),
        ({"part": "trian"}, r"part: 'trian' is none of all, train, .* Did you mean 'train'\?"),
        ({"render_mode": "human"}, "render_mode: 'human' is not known"),
        ({"options": 7}, "options: 7 is not the content"),
    ],
)
def test_wrong_arguments_are_errors(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionsError, match=message):
        WorkloadManagementVectorEnv(**{"options": options(), "num_envs": 2} | arguments)
