"""Checkpoints: what is saved is loaded again, and nothing else is ever loaded or run."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hdeeprm.agents import agent_from_options
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError, RunDirectoryError
from hdeeprm.playing import play
from scenarios import make, options, selection

torch = pytest.importorskip("torch")

from hdeeprm.agents.checkpoints import (  # noqa: E402  (it imports torch)
    environment_facts,
    load_checkpoint,
    load_weights,
    plugin_shape,
    save_checkpoint,
)

AGENT_FILE = Path(__file__).parent / "agent_files" / "reinforce.py"
OTHER_FILE = Path(__file__).parent / "agent_files" / "actor_critic.py"
PAIRS = selection("first-high_gflops", "shortest-low_power", void=True, observation="minimal")
SHAPE = {"observation_size": 21, "num_actions": 3}
FACTS: dict[str, Any] = {"observation": "minimal", "actions": ["a", "b", "void"], "observation_size": 21}


def state() -> dict[str, Any]:
    return {
        "model_state_dict": {"layer.weight": torch.arange(6.0).reshape(2, 3), "layer.bias": torch.ones(2)},
        "optimizer_state_dict": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1}]},
        "normalization": {"observations": None, "count": 12},
    }


def saved(path: Path, **changes: Any) -> Path:
    content = {"agent_name": "ppo", "shape": SHAPE, "env_facts": FACTS, "state": state(), **changes}
    save_checkpoint(path, **content)
    return path


def raw(path: Path, **changes: Any) -> Path:
    """A checkpoint with changed entries; those that are None are missing."""
    content = torch.load(saved(path), weights_only=True) | changes
    torch.save({key: value for key, value in content.items() if value is not None}, path)
    return path


def problem_of(action: Callable[[], Any]) -> str:
    """Message of the AgentError that an action ends with, which is one line."""
    with pytest.raises(AgentError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    return message


def same(left: Any, right: Any) -> bool:
    if isinstance(left, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return torch.equal(left, right) if isinstance(left, torch.Tensor) else left == right


# There and back


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    checkpoint = load_checkpoint(saved(tmp_path / "a.pt"))
    assert (checkpoint.agent, checkpoint.shape, checkpoint.environment) == ("ppo", SHAPE, FACTS)
    assert same(checkpoint.state, state())
    assert same(checkpoint.weights, state()["model_state_dict"])
    checkpoint.check("ppo", SHAPE, FACTS)


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    content = torch.load(saved(tmp_path / "a.pt"), weights_only=True)
    assert (content["format"], content["format_version"]) == ("hdeeprm-checkpoint", 1)


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    assert saved(tmp_path / "a.pt").read_bytes() == saved(tmp_path / "other_name.pt").read_bytes()


def test_a_shape_may_be_a_named_tuple(tmp_path: Path) -> None:
    class Shape(NamedTuple):
        observation_size: int
        num_actions: int

    assert load_checkpoint(saved(tmp_path / "a.pt", shape=Shape(21, 3))).shape == SHAPE


def test_a_checkpoint_that_cannot_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt")
    before = path.read_bytes()
    broken = state()
    broken["model_state_dict"]["layer.bias"][1] = torch.nan
    found = problem_of(lambda: saved(path, state=broken))
    assert found.startswith(f"{path}: is not written: model_state_dict.layer.bias is NaN; take the last good")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="its directory is gone"):
        saved(tmp_path / "nowhere" / "a.pt")


@pytest.mark.parametrize("value", [object(), {1, 2}, print, b"bytes"])
def test_what_could_not_be_loaded_again_is_not_saved(tmp_path: Path, value: Any) -> None:
    found = problem_of(lambda: saved(tmp_path / "a.pt", state=state() | {"extra": [{"deep": value}]}))
    assert f"extra[0].deep is a {type(value).__name__}; tensors, numbers, texts" in found


# Files that are none


class Trap:
    """Makes a directory when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("form", ["pickle", "torch", "legacy torch"])
def test_nothing_in_a_file_is_ever_run(tmp_path: Path, form: str) -> None:
    path, trap = tmp_path / "a.pt", Trap(tmp_path / "sprung")
    if form == "pickle":
        path.write_bytes(pickle.dumps(trap))
    else:
        content = torch.load(saved(path), weights_only=True) | {"optimizer_state_dict": trap}
        torch.save(content, path, _use_new_zipfile_serialization=form == "torch")
    found = problem_of(lambda: load_checkpoint(path))
    assert found.startswith(
        f"{path}: is no checkpoint, is cut short, or holds more than weights, which is never"
    )
    assert not trap.path.exists()
    pickle.loads(pickle.dumps(trap))  # the trap itself works
    assert trap.path.exists()


@pytest.mark.parametrize("content", [b"", b"\n", b"PK\x03\x04", b"no model", b"\x80\x02]q\x00.", bytes(5000)])
def test_a_file_of_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(content)
    wanted = "is damaged or cut short" if content.startswith(b"PK") else "is no checkpoint"
    assert problem_of(lambda: load_checkpoint(path)).startswith(f"{path}: {wanted}")


def test_a_missing_file_a_directory_and_a_device(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    assert (
        problem_of(lambda: load_checkpoint(path)) == f"{path}: no such file; name a checkpoint that -om wrote"
    )
    assert problem_of(lambda: load_checkpoint(tmp_path)).startswith(f"{tmp_path}: is a directory")
    assert "is no regular file" in problem_of(lambda: load_checkpoint("/dev/null"))
    assert "cannot be read" in problem_of(lambda: load_checkpoint("a\0.pt"))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_is_cut_short(tmp_path: Path, share: float) -> None:
    path = saved(tmp_path / "a.pt")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    found = problem_of(lambda: load_checkpoint(path))
    assert found.startswith(
        f"{path}: is damaged or cut short (BadZipFile: File is not a zip file); take another"
    )


def test_a_weight_that_was_changed_in_the_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        member = next(info for info in archive.infolist() if info.filename.endswith("data/0"))
    position = data.index(state()["model_state_dict"]["layer.weight"].numpy().tobytes(), member.header_offset)
    data[position] ^= 1
    path.write_bytes(data)
    found = problem_of(lambda: load_checkpoint(path))
    assert found == (
        f"{path}: is damaged or cut short (BadZipFile: Bad CRC-32 for file 'archive/data/0'); take "
        "another copy of the file"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_was_changed_it_is_an_agent_error_or_the_same(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(saved(tmp_path / "a.pt").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "b.pt").write_bytes(content)
    try:
        checkpoint = load_checkpoint(tmp_path / "b.pt")
    except AgentError as error:
        assert str(error).startswith(f"{tmp_path / 'b.pt'}: ")
    else:
        assert same(checkpoint.state, state())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "another"}, "is no checkpoint of HDeepRM: it is not marked 'hdeeprm-checkpoint'; name a"),
        ({"format": None}, "is no checkpoint of HDeepRM"),
        ({"format_version": 2}, "is a checkpoint of format version 2; this version of HDeepRM reads 1"),
        ({"format_version": None}, "is a checkpoint of format version None"),
        ({"agent": None}, "is a damaged checkpoint: its 'agent' is missing"),
        ({"shape": [3]}, "is a damaged checkpoint: its 'shape' is missing or of a wrong kind"),
        ({"environment": "minimal"}, "is a damaged checkpoint: its 'environment' is missing or of a wrong"),
        ({"model_state_dict": None}, "is a damaged checkpoint: its 'model_state_dict' is missing or holds"),
        (
            {"model_state_dict": {"w": 3}},
            "is a damaged checkpoint: its 'model_state_dict' is missing or holds",
        ),
        (
            {"model_state_dict": {"w": torch.tensor([1.0, torch.nan])}},
            "is a damaged checkpoint: model_state_dict.w is NaN",
        ),
    ],
)
def test_a_checkpoint_that_is_not_what_it_should_be(tmp_path: Path, changes: Any, message: str) -> None:
    path = raw(tmp_path / "a.pt", **changes)
    assert problem_of(lambda: load_checkpoint(path)).startswith(f"{path}: {message}")


def ring() -> list[Any]:
    """A list that contains itself."""
    found: list[Any] = []
    found.append({"inner": found})
    return found


def deep(levels: int) -> list[Any]:
    return [deep(levels - 1)] if levels else []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"extra": ring()}, "extra[0].inner contains itself"),
        ({"extra": deep(150)}, "extra[0][0]"),
        ({"extra": {1.5: 3}}, "extra has a key that is neither text nor number"),
        ({"extra": torch.empty(3, device="meta")}, "extra is a tensor of an unusual kind"),
        ({"extra": torch.eye(3).to_sparse()}, "extra is a tensor of an unusual kind"),
        (
            {"extra": torch.zeros(1).expand(10**12)},
            "extra is a tensor of 1000000000000 numbers that",
        ),
        (
            {"shape": SHAPE | {"num_actions": torch.tensor(3)}},
            "its 'shape' has 'num_actions', a Tensor",
        ),
        (
            {"environment": FACTS | {"observation": torch.tensor([1, 2])}},
            "its 'environment' has 'obs",
        ),
        ({"environment": FACTS | {"actions": [torch.zeros(2)]}}, "its 'environment' has 'actions', which"),
    ],
    ids=str,
)
def test_an_edited_checkpoint_is_refused_by_the_name_of_the_entry(
    tmp_path: Path, changes: Any, message: str
) -> None:
    path = raw(tmp_path / "a.pt", **changes)
    found = problem_of(lambda: load_checkpoint(path))
    assert found.startswith(f"{path}: is a damaged checkpoint: {message}")


def test_a_version_that_is_a_tensor_is_none(tmp_path: Path) -> None:
    path = raw(tmp_path / "a.pt", format_version=torch.tensor([[1, 1], [1, 1]]))
    assert "of format version tensor([[1, 1], [1, 1]]); this" in problem_of(lambda: load_checkpoint(path))


def test_what_lies_in_many_places_is_looked_at_once(tmp_path: Path) -> None:
    doubled: list[Any] = []
    for _ in range(60):
        doubled = [doubled, doubled]
    assert load_checkpoint(raw(tmp_path / "a.pt", extra=doubled)).state["extra"]


@pytest.mark.parametrize("content", [torch.zeros(3), [1, 2], 7, {}])
def test_another_thing_that_torch_saved(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "a.pt"
    torch.save(content, path)
    assert problem_of(lambda: load_checkpoint(path)).startswith(f"{path}: is no checkpoint")


# Checkpoints of something else


@pytest.mark.parametrize(
    ("agent", "shape", "facts", "message"),
    [
        ("dqn", {}, {}, "is of the agent 'ppo', not 'dqn'; name that agent, or a checkpoint of this one"),
        (
            "ppo",
            {"num_actions": 4},
            {},
            "is of the shape observation_size 21, num_actions 3; observation_size 21, num_actions 4 is",
        ),
        ("ppo", {}, {"observation": "fit"}, "was trained with observation minimal; here it is fit; take the"),
        ("ppo", {}, {"observation_size": 9}, "was trained with observation_size 21; here it is 9"),
        (
            "ppo",
            {},
            {"actions": ["a", "b"]},
            "was trained with 3 actions (a, b, void); here are 2 (a, b); take the options that it was",
        ),
        ("ppo", {}, {"actions": ["a", "c", "void"]}, "was trained with actions[1] b; here it is c"),
    ],
)
def test_a_checkpoint_of_something_else(
    tmp_path: Path, agent: str, shape: dict[str, int], facts: dict[str, Any], message: str
) -> None:
    checkpoint = load_checkpoint(saved(tmp_path / "a.pt"))
    found = problem_of(lambda: checkpoint.check(agent, SHAPE | shape, FACTS | facts))
    assert found.startswith(f"{checkpoint.path}: {message}")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (torch.nn.Linear(3, 3), "weight has the shape (2, 3), (3, 3) is wanted; take the agent.hidden"),
        (torch.nn.Linear(3, 2, bias=False), "is not of the layers of Linear: it has bias beyond them; take"),
        (torch.nn.Bilinear(3, 3, 2), "weight has the shape (2, 3), (2, 3, 3) is wanted"),
        (torch.nn.PReLU(), "is not of the layers of PReLU: it has bias beyond them"),
        (
            torch.nn.LSTM(3, 2),
            "is not of the layers of LSTM: it lacks weight_ih_l0, weight_hh_l0, bias_ih_l0, ",
        ),
    ],
)
def test_weights_of_other_layers_change_nothing(layer: Any, message: str) -> None:
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    weights = {"weight": torch.zeros(2, 3), "bias": torch.zeros(2)}
    assert message in problem_of(lambda: load_weights(layer, weights, "a.pt"))
    assert same(before, dict(layer.state_dict()))


# Agents of files


def built(input_model: Path | None = None, file: Path = AGENT_FILE, **agent: Any) -> tuple[Any, Any]:
    model = None if input_model is None else str(input_model)
    sections = {"file": str(file), "hidden": 8, "run": "test", "input_model": model, **agent}
    env = make(options(env=PAIRS, agent=sections, seed=agent.pop("seed", 1)))
    return env, agent_from_options(env.experiment_options, env)


def checkpoint_of(env: WorkloadManagementEnv, agent: Any, path: Path) -> Path:
    content = {"model_state_dict": agent.state_dict()}
    save_checkpoint(path, type(agent).__name__, plugin_shape(env), environment_facts(env), content)
    return path


@pytest.mark.parametrize("form", ["checkpoint", "weights", "weights of an old torch", "plain dict"])
def test_an_agent_of_a_file_goes_on_with_its_model(tmp_path: Path, form: str) -> None:
    path = tmp_path / "model.pt"
    env, agent = built()
    with torch.no_grad():
        agent.preference.bias += torch.tensor([0.0, 1.0, 0.0])
    if form == "checkpoint":
        checkpoint_of(env, agent, path)
    else:
        weights = dict(agent.state_dict()) if form == "plain dict" else agent.state_dict()
        assert isinstance(weights, OrderedDict) != (form == "plain dict")
        torch.save(weights, path, _use_new_zipfile_serialization=form != "weights of an old torch")
    other_env, other = built(path)
    assert same(dict(other.state_dict()), dict(agent.state_dict()))
    assert play(other_env, other, 1).actions.tolist() == play(env, agent, 1).actions.tolist()


def test_a_model_of_another_agent_hidden_size_or_environment_is_refused(tmp_path: Path) -> None:
    path = checkpoint_of(*built(), tmp_path / "model.pt")
    assert "is of the agent 'ReinforceAgent', not 'ActorCriticAgent'" in problem_of(
        lambda: built(path, file=OTHER_FILE)
    )
    assert "layers.0.weight has the shape (8, 21), (9, 21) is wanted" in problem_of(
        lambda: built(path, hidden=9)
    )
    weights = tmp_path / "weights.pt"
    torch.save(built()[1].state_dict(), weights)
    assert "is not of the layers of ActorCriticAgent: it lacks" in problem_of(
        lambda: built(weights, file=OTHER_FILE)
    )


# Learners of the package


def learner(name: str = "ppo", **agent: Any) -> Any:
    sections = {"name": name, "hidden": 8, "run": "test", **agent}
    env = make(options(env=PAIRS, agent=sections))
    return env, agent_from_options(env.experiment_options, env)


@pytest.mark.parametrize("name", ["reinforce", "actor-critic", "ppo", "dqn"])
def test_a_learner_goes_on_with_its_model(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.pt"
    env, agent = learner(name)
    with torch.no_grad():
        for parameter in agent.network.parameters():
            parameter += 0.1
    save_checkpoint(path, agent.name, agent.shape, environment_facts(env), agent.model_state())
    _, other = learner(name, input_model=str(path))
    assert same(dict(other.network.state_dict()), dict(agent.network.state_dict()))
    decisions = play(env, agent, 1)
    assert decisions.first_probabilities is not None
    assert decisions.first_probabilities.sum() == pytest.approx(1)


def test_a_model_of_another_learner_hidden_size_or_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    env, agent = learner()
    save_checkpoint(path, agent.name, agent.shape, environment_facts(env), agent.model_state())
    model = str(path)
    assert "is of the agent 'ppo', not 'dqn'" in problem_of(lambda: learner("dqn", input_model=model))
    found = problem_of(lambda: learner(hidden=9, input_model=model))
    assert f"{path}: score.0.weight has the shape (8, 21), (9, 21) is wanted; take the agent.hidden" in found
    torch.save(agent.network.state_dict(), path)
    assert "holds weights alone" in problem_of(lambda: learner(input_model=model))
    content = {"model_state_dict": agent.network.state_dict()}
    save_checkpoint(path, agent.name, agent.shape, environment_facts(env), content)
    found = problem_of(lambda: learner(input_model=model))
    assert found.startswith(
        f"{path}: cannot be loaded into 'ppo': KeyError: 'normalization'; name a checkpoint"
    )


def test_the_facts_of_an_environment() -> None:
    env = make(options(env=PAIRS))
    assert environment_facts(env) == {
        "observation": "minimal",
        "actions": ["first-high_gflops", "shortest-low_power", "void"],
        "observation_size": 21,
    }
    assert plugin_shape(env) == SHAPE
