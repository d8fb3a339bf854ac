"""Others' learners: they train on the vector environment, and what they learned decides as an agent."""

from __future__ import annotations

import base64
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

from hdeeprm.agents import Agent
from hdeeprm.env import WorkloadManagementVectorEnv, learning_environment
from hdeeprm.env.learning import BEST_MAKESPAN
from hdeeprm.errors import AgentError
from hdeeprm.playing import play
from scenarios import ENV_ID, LEARNING_ID, make, options, selection

torch = pytest.importorskip("torch")
sb3 = pytest.importorskip("stable_baselines3")
sb3_contrib = pytest.importorskip("sb3_contrib")

from stable_baselines3.common.env_checker import check_env  # noqa: E402
from stable_baselines3.common.save_util import load_from_zip_file  # noqa: E402
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor  # noqa: E402

from hdeeprm.integrations.sb3 import SB3Agent, SB3VecEnv, load_sb3_agent  # noqa: E402

PAGE = Path(__file__).parents[1] / "docs" / "integrations.md"
RECIPE = re.compile(r"^```python (\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SMALL = options(env=selection("shortest-high_mem_bw", "random-random", "first-low_power", void=True))
JOBS = options(env={"actions": {"type": "jobs", "num_jobs": 3}, "observation": "queue"})


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def adapter(content: Any = None, num_envs: int = 3, **arguments: Any) -> SB3VecEnv:
    arguments = {"autoreset_mode": "SameStep"} | arguments
    envs = WorkloadManagementVectorEnv(content or SMALL, num_envs=num_envs, **arguments)
    return SB3VecEnv(envs)


# Environments for SB3


@pytest.mark.parametrize("limit", [None, 4])
@pytest.mark.parametrize("content", [SMALL, JOBS], ids=["pairs", "jobs"])
def test_equal_to_sb3s_own_vector_environment(content: Any, limit: int | None) -> None:
    def single() -> gymnasium.Env[Any, Any]:
        return gymnasium.make(ENV_ID, options=content, max_episode_steps=limit, disable_env_checker=True)

    ours, theirs = adapter(content, max_episode_steps=limit), DummyVecEnv([single] * 3)
    rng, num_ended = np.random.default_rng(0), 0
    ours.seed(5)
    theirs.seed(5)
    assert np.array_equal(ours.reset(), theirs.reset())  # type: ignore[arg-type]
    for _ in range(60):
        masks = np.stack(ours.env_method("action_masks"))
        assert np.array_equal(masks, np.stack(theirs.env_method("action_masks")))
        actions = rng.integers(ours.action_space.n, size=3)  # type: ignore[attr-defined]
        result, expected = ours.step(actions), theirs.step(actions)
        for one, other in zip(result[:3], expected[:3], strict=True):
            assert one.dtype == other.dtype  # type: ignore[union-attr]
            assert np.array_equal(one, other)  # type: ignore[arg-type]
        for row in np.flatnonzero(result[2]):
            info, other_info = result[3][row], expected[3][row]
            assert np.array_equal(info["terminal_observation"], other_info["terminal_observation"])
            assert info["TimeLimit.truncated"] == other_info["TimeLimit.truncated"]
            num_ended += 1
    assert num_ended > 3


def test_options_of_a_reset_reach_the_environments() -> None:
    envs = adapter(options(workload={"window": {"start": "random", "length": 4}}))
    envs.set_options([{"first_job": first_job} for first_job in (7, 0, 3)])
    envs.reset()
    assert [simulator.first_job for simulator in envs.envs.batch.simulators] == [7, 0, 3]
    drawn = set()
    for seed in range(10):
        envs.seed(seed)
        envs.reset()
        drawn.add(tuple(simulator.first_job for simulator in envs.envs.batch.simulators))
    assert len(drawn) > 5


def test_infos_tell_what_a_schedule_came_to() -> None:
    envs = SB3VecEnv(gymnasium.make_vec(LEARNING_ID, num_envs=2, autoreset_mode="SameStep"))  # type: ignore[arg-type]
    envs.reset()
    _, rewards, ended, infos = envs.step(np.array([4, 36]))
    assert ended.tolist() == [True, True]
    assert [info["episode_summary"]["makespan"] for info in infos] == pytest.approx((-rewards).tolist())


def test_what_sb3_asks_of_its_environments() -> None:
    envs = adapter()
    assert envs.has_attr("action_masks") and not envs.has_attr("nothing")
    assert envs.get_attr("num_envs", indices=[0, 2]) == [3, 3]
    assert envs.env_is_wrapped(gymnasium.Wrapper) == [False] * 3
    envs.reset()
    assert len(envs.env_method("action_masks", indices=1)) == 1
    with pytest.raises(AgentError, match="'num_envs' cannot be set"):
        envs.set_attr("num_envs", 4)
    envs.close()
    assert envs.envs.closed


def test_another_autoreset_mode_is_an_error() -> None:
    with pytest.raises(AgentError, match=r"'NextStep'.* make it with autoreset_mode='SameStep'"):
        adapter(autoreset_mode="NextStep")


def test_sb3_finds_nothing_to_complain_about() -> None:
    check_env(learning_environment())


# Models of SB3


def test_maskable_ppo_comes_to_prefer_the_shorter_makespan(tmp_path: Path) -> None:
    envs = VecMonitor(adapter({**_learning(), "seed": 1}, 16))
    model = sb3_contrib.MaskablePPO(
        "MlpPolicy",
        envs,
        n_steps=16,
        batch_size=64,
        n_epochs=4,
        learning_rate=3e-3,
        gamma=1.0,
        seed=0,
        device="cpu",
    )
    before = likely_best(model)
    model.learn(4096)
    assert before < 0.5 < 0.9 < likely_best(model)
    assert model.ep_info_buffer[-1]["r"] == pytest.approx(-BEST_MAKESPAN)
    model.save(tmp_path / "model.zip")
    for agent in (SB3Agent(model), load_sb3_agent(tmp_path / "model.zip", learning_environment())):
        env = learning_environment()
        play(env, agent, seed=0)
        assert env.summary()["makespan"] == pytest.approx(BEST_MAKESPAN)


def _learning() -> dict[str, Any]:
    from hdeeprm.env.learning import LEARNING_OPTIONS

    return LEARNING_OPTIONS


def likely_best(model: Any) -> float:
    """Probability that a model gives to the actions with the least makespan at the first decision."""
    env = learning_environment()
    observation, info = env.reset(seed=0)
    best = []
    for action in range(36):
        if env.pair(action)[0] == 0 or env.pair(action)[1] == 0:
            continue  # what is drawn at random may be lucky
        env.reset(seed=0)
        env.step(action)
        if env.simulator.over and env.summary()["makespan"] == pytest.approx(BEST_MAKESPAN):
            best.append(action)
    shown = torch.as_tensor(observation[np.newaxis])
    likely = model.policy.get_distribution(shown, info["action_mask"][np.newaxis]).distribution.probs[0]
    return float(likely[best].sum().detach())


MODELS: dict[str, Callable[[Any], Any]] = {
    "MaskablePPO": lambda env: sb3_contrib.MaskablePPO(
        "MlpPolicy", env, policy_kwargs={"net_arch": {"pi": [16, 8], "vf": [4]}}, device="cpu", seed=1
    ),
    "PPO": lambda env: sb3.PPO("MlpPolicy", env, device="cpu", seed=2),
    "PPO without hidden layers": lambda env: sb3.PPO(
        "MlpPolicy", env, policy_kwargs={"net_arch": []}, device="cpu", seed=2
    ),
    "A2C with ReLU": lambda env: sb3.A2C(
        "MlpPolicy",
        env,
        policy_kwargs={"activation_fn": torch.nn.ReLU, "net_arch": [8]},
        device="cpu",
        seed=3,
    ),
    "DQN": lambda env: sb3.DQN("MlpPolicy", env, buffer_size=10, device="cpu", seed=4),
}


@pytest.mark.parametrize("content", [SMALL, JOBS], ids=["pairs", "jobs"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_a_file_decides_as_it_did(name: str, content: Any, tmp_path: Path) -> None:
    env = make(content)
    model = MODELS[name](env)
    model.save(tmp_path / "model.zip")
    agents = SB3Agent(model), load_sb3_agent(tmp_path / "model.zip", env)
    decisions = [play(env, agent, seed=3).actions.tolist() for agent in agents]
    assert decisions[0] == decisions[1]
    assert env.simulator.invalid_actions == 0
    rng = np.random.default_rng(0)
    for _ in range(50):
        observation = rng.random(env.observation_space.shape).astype(np.float32)
        assert agents[0].decide(observation) == agents[1].decide(observation)


def test_a_model_without_masks_is_corrected() -> None:
    env = make(SMALL)
    agent, observation = SB3Agent(MODELS["PPO"](env)), env.reset(seed=0)[0]
    assert isinstance(agent, Agent)
    wanted = agent.decide(observation)
    mask = np.ones(4, np.int8)
    assert agent.decide(observation, mask) == wanted
    mask[wanted] = 0
    assert agent.decide(observation, mask) == np.flatnonzero(mask)[0]


def test_a_model_for_other_sizes_is_an_error(tmp_path: Path) -> None:
    MODELS["MaskablePPO"](make(SMALL)).save(tmp_path / "model.zip")
    with pytest.raises(AgentError, match=r"36 values and 4 actions; the environment has 37 and 4"):
        load_sb3_agent(tmp_path / "model.zip", make(JOBS))
    load_sb3_agent(tmp_path / "model.zip")


def changed(path: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> Path:
    """A model file with other contents."""
    MODELS["MaskablePPO"](make(SMALL)).save(path)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in change(contents).items():
            archive.writestr(name, content)
    return path


def _with_facts(**facts: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda contents: contents | {"data": json.dumps(json.loads(contents["data"]) | facts).encode()}


BROKEN: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "no data": lambda contents: {name: content for name, content in contents.items() if name != "data"},
    "no weights": lambda contents: {
        name: content for name, content in contents.items() if "policy" not in name
    },
    "weights cut off": lambda contents: contents | {"policy.pth": contents["policy.pth"][:500]},
    "data is a list": lambda contents: contents | {"data": b"[]"},
    "no JSON": lambda contents: contents | {"data": b"\x80\x04"},
    "another policy": _with_facts(policy_class={"__module__": "os"}),
    "no policy": _with_facts(policy_class=None),
    "an unknown activation": _with_facts(policy_kwargs={"activation_fn": "<class 'os.system'>"}),
    "weights of another model": lambda contents: contents | {"policy.pth": contents["policy.optimizer.pth"]},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_model_file_is_an_error(name: str, tmp_path: Path) -> None:
    path = changed(tmp_path / "model.zip", BROKEN[name])
    with pytest.raises(AgentError, match=r"model\.zip: (is no model file|holds no \"MlpPolicy\")"):
        load_sb3_agent(path)


def test_a_file_that_is_no_archive_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    with pytest.raises(AgentError, match="there is no such file"):
        load_sb3_agent(path)
    path.write_bytes(b"\x00" * 100)
    with pytest.raises(AgentError, match="is no model file"):
        load_sb3_agent(path)


def test_nothing_in_a_model_file_is_unpickled(tmp_path: Path) -> None:
    """What pickle would do for the file is not done."""
    mark = tmp_path / "done"
    script = f"cos\nmkdir\n(S'{mark}'\ntR.".encode()
    trap = {":type:": "<class 'x'>", ":serialized:": base64.b64encode(script).decode()}
    path = changed(tmp_path / "model.zip", _with_facts(clip_range=trap))
    assert isinstance(load_sb3_agent(path), SB3Agent)
    assert not mark.exists()
    load_from_zip_file(path, device="cpu")  # as SB3 itself reads it
    assert mark.exists()


# The recipes of the documentation


def recipes() -> list[Any]:
    page = PAGE.read_text("utf-8")
    return [pytest.param(library, text, id=library) for library, text in RECIPE.findall(page)]


def test_there_is_a_recipe_for_each_library() -> None:
    assert [param.id for param in recipes()] == ["sb3_contrib", "torch", "torchrl", "ray"]


@pytest.mark.filterwarnings("ignore")  # of the libraries themselves
@pytest.mark.parametrize(("library", "text"), recipes())
def test_recipe(library: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = "ray.rllib" if library == "ray" else library  # Ray alone may be installed for studies
    pytest.importorskip(needed, reason=f"the recipe needs {needed}", exc_type=ImportError)
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(compile(text, PAGE.name, "exec"), names)
    if library == "sb3_contrib":
        assert names["env"].summary()["makespan"] == pytest.approx(BEST_MAKESPAN)
    else:
        assert -7.0 < names["first"] < -5.7
        assert -5.5 < names["last"] <= -BEST_MAKESPAN + 0.001
