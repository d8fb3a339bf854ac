"""options.json: its three forms, its errors and its schema."""

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hdeeprm.errors import OptionsError
from hdeeprm.options import (
    AGENT_NAMES,
    LEARNER_NAMES,
    OBJECTIVES,
    OBSERVATION_NAMES,
    Options,
    PretrainOptions,
    WindowOptions,
    load_options,
    observation_names,
    options_schema,
    register_observation_name,
)
from hdeeprm.selections import PAIR_NAMES, ActionTable, CoreSelection, JobChoice, SelectionPair

GOLDEN_RUNS = Path(__file__).resolve().parents[2] / "shared" / "golden" / "runs"
GOLDEN_FILES = sorted(GOLDEN_RUNS.glob("*/options.json"))
MINIMAL: dict[str, Any] = {"platform_file_path": "learning.json"}
FORM_0_2: dict[str, Any] = {
    "seed": 7,
    "nb_resources": 4,
    "nb_jobs": 60,
    "workload_file_path": "trace.swf",
    "platform_file_path": "learning.json",
    "pybatsim": {
        "log_level": "DEBUG",
        "env": {"objective": "avg_utilization", "queue_sensitivity": 0.1},
        "agent": {"type": "CLASSIC", "policy_pair": "shortest-high_flops"},
    },
}
FORM_0_3: dict[str, Any] = {
    **{key: FORM_0_2[key] for key in FORM_0_2 if key != "pybatsim"},
    "pybatsim": {
        "log_level": "INFO",
        "env": {
            "objective": "makespan",
            "actions": {"selection": [{"shortest": ["high_gflops", "low_power"]}], "void": True},
            "observation": "minimal",
            "queue_sensitivity": 0.05,
        },
        "agent": {"type": "CLASSIC"},
    },
}
LEARNING_0_3: dict[str, Any] = {
    **FORM_0_3,
    "pybatsim": {
        **FORM_0_3["pybatsim"],
        "agent": {"type": "LEARNING", "run": "train", "hidden": 16, "lr": 0.005, "gamma": 0.9},
    },
}
A_LEARNER = "name one of reinforce, actor-critic, ppo, dqn, or give agent.py with -a"


def problems(source: Mapping[str, Any], **more: Any) -> list[str]:
    """Lines of the error that the options bring, without the name of the source."""
    with pytest.raises(OptionsError) as caught:
        load_options(source, **more)
    return [line.removeprefix("options: ") for line in str(caught.value).splitlines()]


def minimal(**sections: Any) -> dict[str, Any]:
    """The least options, with more in front."""
    return {**sections, **MINIMAL}


def written(folder: Path, text: str | bytes) -> Path:
    """An options.json with this content."""
    path = folder / "options.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def file_error(path: Path) -> str:
    """Message of the error that a file brings."""
    with pytest.raises(OptionsError) as caught:
        load_options(path)
    return str(caught.value)


# The three forms


def test_defaults() -> None:
    options = load_options(MINIMAL)
    assert options.canonical() == {
        "agent": {"file": None, "name": None, "settings": {}, "type": "CLASSIC"},
        "env": {
            "actions": {"selection": list(PAIR_NAMES), "type": "pairs", "void": True},
            "objective": "avg_job_slowdown",
            "observation": "normal",
            "queue_sensitivity": 0.05,
            "reward": "instant",
        },
        "log_level": "WARNING",
        "nb_jobs": None,
        "nb_resources": None,
        "platform_file_path": "learning.json",
        "queue": {"backfilling": "none", "discipline": "rerank"},
        "seed": 0,
        "simulator": {"backend": "embedded", "clock": "exact", "instant_tolerance": 1e-9},
        "training": {
            "device": "auto",
            "episodes": 1,
            "normalize_observations": False,
            "normalize_rewards": True,
            "num_envs": 16,
            "pretrain": None,
            "total_steps": None,
            "validation_windows": 16,
            "validations": 20,
        },
        "workload": {
            "mem_bw": "draw",
            "memory": "zero",
            "memory_scope": "processor",
            "memory_unit": "KB",
            "oversized": "reject",
            "reading": "standard",
            "run_time": None,
            "walltime": "none",
            "window": None,
        },
        "workload_file_path": "",
    }


@pytest.mark.skipif(not GOLDEN_FILES, reason="recorded runs of the original are not beside the repository")
def test_recorded_options_load_unchanged() -> None:
    for path in GOLDEN_FILES:
        recorded = json.loads(path.read_text())
        options = load_options(path)
        env = recorded["pybatsim"]["env"]
        assert options.folder == path.parent
        assert (options.seed, options.nb_jobs) == (recorded["seed"], recorded["nb_jobs"])
        assert (options.env.objective, options.env.observation) == (env["objective"], env["observation"])
        [(job, cores)] = env["actions"]["selection"][0].items()
        assert options.action_table().names == (*(f"{job}-{core}" for core in cores), "void")
        assert load_options(options.canonical(), folder=path.parent) == options


def test_0_3_form() -> None:
    options = load_options(FORM_0_3)
    assert options.log_level == "INFO"
    assert options.env.objective == "makespan"
    assert options.action_table().names == ("shortest-high_gflops", "shortest-low_power", "void")
    assert options.agent.policy_pair is None


def test_0_2_form_selects_the_pair_alone() -> None:
    options = load_options(FORM_0_2)
    assert options.log_level == "DEBUG"
    assert options.env.queue_sensitivity == 0.1
    assert options.agent.name == "shortest-high_gflops"
    assert options.agent.policy_pair is not None
    assert options.action_table().names == ("shortest-high_gflops",)


def test_source_is_left_as_it_is() -> None:
    before = json.dumps(FORM_0_2)
    load_options(FORM_0_2, {"env.objective": "edp"})
    assert json.dumps(FORM_0_2) == before


def test_both_forms_may_agree_but_not_differ() -> None:
    assert load_options({**FORM_0_3, "log_level": "INFO"}).log_level == "INFO"
    assert problems({**FORM_0_3, "log_level": "DEBUG"}) == [
        "pybatsim.log_level: the top level has another 'log_level'; keep one of the two"
    ]


def test_policy_pair_and_name_may_not_differ() -> None:
    agent = {"name": "first-random", "policy_pair": "first-low_power"}
    assert problems(minimal(agent=agent)) == [
        "agent.policy_pair: 'name' says something else; keep one of the two"
    ]
    assert load_options(minimal(agent={**agent, "policy_pair": "first-random"})).agent.name == "first-random"


def test_pair_of_the_agent_and_void() -> None:
    agent = {"name": "first-high_gflops"}
    options = load_options(minimal(agent=agent, env={"actions": {"void": True}}))
    assert options.action_table().names == ("first-high_gflops", "void")


def test_pair_of_the_agent_must_be_selected() -> None:
    env = {"actions": {"selection": ["first-random", "first-low_power"]}}
    options = load_options(minimal(agent={"name": "first-low_power"}, env=env))
    assert options.agent.policy_pair is not None
    assert options.action_table().action_of(options.agent.policy_pair) == 1
    assert problems(minimal(agent={"policy_pair": "shortest-random"}, env=env)) == [
        "agent.policy_pair: 'shortest-random' is not in the selection (first-random, first-low_power); "
        "add it there or name one of these"
    ]


def test_random_agent_has_all_actions() -> None:
    options = load_options(minimal(agent={"name": "random"}))
    assert options.action_table().num_actions == 37
    assert options.agent.policy_pair is None


# Agents that learn, and those that do not


def test_learning_agents_of_0_3_take_their_file_from_an_override() -> None:
    options = load_options(LEARNING_0_3, {"agent.file": "/somewhere/agent.py"})
    agent = options.agent
    assert (agent.type, agent.name, agent.file) == ("LEARNING", None, "/somewhere/agent.py")
    assert (agent.run, agent.hidden, agent.lr, agent.gamma) == ("train", 16, 0.005, 0.9)
    assert load_options(options.canonical()) == options


def test_learning_agents_of_0_3_name_their_file_and_models() -> None:
    files = {"file": "agent.py", "input_model": "in.pt", "output_model": "out.pt"}
    agent = {**LEARNING_0_3["pybatsim"]["agent"], **files}
    loaded = load_options({**MINIMAL, "pybatsim": {"agent": agent}}).agent
    assert {key: getattr(loaded, key) for key in agent} == agent


def test_a_learning_agent_needs_a_name_or_a_file() -> None:
    text = f"agent.name: agent.type 'LEARNING' needs a name or a file; {A_LEARNER}"
    assert problems(LEARNING_0_3) == [f"pybatsim.{text}"]
    assert problems(minimal(agent={"type": "LEARNING", "name": None})) == [text]
    assert problems(minimal(agent={"hidden": 16})) == [text]


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ({}, "CLASSIC"),
        ({"name": None}, "CLASSIC"),
        ({"name": "random"}, "CLASSIC"),
        ({"name": "shortest-fit"}, "CLASSIC"),
        ({"name": "rollout", "settings": {"futures": 4}}, "CLASSIC"),
        ({"name": "low_mem-high_flops"}, "CLASSIC"),
        ({"type": "CLASSIC", "file": "agent.py", "settings": {"patience": 3}}, "CLASSIC"),
        ({"file": "agent.py"}, "LEARNING"),
        *(({"name": name}, "LEARNING") for name in LEARNER_NAMES),
    ],
)
def test_the_type_follows_from_the_name(agent: dict[str, Any], kind: str) -> None:
    loaded = load_options(minimal(agent=agent))
    assert loaded.agent.type == kind
    assert load_options(minimal(agent={**agent, "type": kind})) == loaded


@pytest.mark.parametrize("name", AGENT_NAMES)
def test_the_type_must_fit_the_name(name: str) -> None:
    right = load_options(minimal(agent={"name": name})).agent.type
    wrong = "CLASSIC" if right == "LEARNING" else "LEARNING"
    assert problems(minimal(agent={"name": name, "type": wrong})) == [
        f"agent.type: {wrong!r} does not fit {name!r}, which is a {right} agent; leave the type out"
    ]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("actor-critc", "actor-critic"),
        ("PPO", None),
        ("rolout", "rollout"),
        ("first-low", "first-low_power"),
        ("sjf", "sjf-high_gflops"),
        ("wpf3-high_mem", "wfp3-high_mem"),
    ],
)
def test_an_unknown_name_lists_the_agents(name: str, nearest: str | None) -> None:
    offer = f" Did you mean {nearest!r}?" if nearest else ""
    text = (
        f"{name!r} is no agent; one of random, shortest-fit, rollout, reinforce, actor-critic, ppo, dqn, or "
        f"a selection pair such as 'first-high_gflops'.{offer}"
    )
    assert problems(minimal(agent={"name": name, "hidden": 3})) == [f"agent.name: {text}"]
    pretrain = {"teacher": name, "episodes": 1}
    assert problems(minimal(training={"pretrain": pretrain})) == [f"training.pretrain.teacher: {text}"]


def test_names_that_installed_packages_add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "more_agents-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: more-agents\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[hdeeprm.agents]\nzebra = no_such_module:Zebra\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert load_options(minimal(agent={"name": "zebra", "lr": 0.1})).agent.type == "LEARNING"
    assert load_options(minimal(agent={"name": "zebra", "type": "CLASSIC"})).agent.name == "zebra"
    [line] = problems(minimal(agent={"name": "zebr"}))
    assert "ppo, dqn, zebra, or a selection pair" in line
    assert line.endswith("Did you mean 'zebra'?")


def test_a_name_and_a_file_exclude_each_other() -> None:
    assert problems(minimal(agent={"name": "ppo", "file": "agent.py"})) == [
        "agent.file: 'name' is given too; keep one of the two"
    ]
    assert load_options(minimal(agent={"name": "ppo", "file": None})).agent.name == "ppo"


@pytest.mark.parametrize("agent", [{"name": "first-random"}, {"name": "rollout"}, {"type": "CLASSIC"}])
def test_classic_agents_have_nothing_to_learn_with(agent: dict[str, Any]) -> None:
    keys = {"run": "test", "hidden": 4, "lr": 0.1, "gamma": 1, "input_model": "a.pt", "output_model": "b.pt"}
    lines = problems(minimal(agent={**agent, **keys}))
    assert [line.split(": ")[0] for line in lines] == [f"agent.{key}" for key in keys]
    who = f"the CLASSIC agent {agent['name']!r}" if "name" in agent else "a CLASSIC agent"
    assert lines[1] == f"agent.hidden: {who} does not learn; leave 'hidden' out, or {A_LEARNER}"


def test_a_classic_agent_of_0_3_may_have_keys_that_it_never_read() -> None:
    agent = {"type": "CLASSIC", "run": "train", "hidden": 16, "lr": 0.005, "gamma": 0.99}
    assert load_options({**MINIMAL, "pybatsim": {"agent": agent}}) == load_options(MINIMAL)
    [line] = problems({**MINIMAL, "pybatsim": {"agent": {**agent, "output_model": "b.pt"}}})
    assert line.startswith("pybatsim.agent.output_model: a CLASSIC agent does not learn")


@pytest.mark.parametrize("agent", [{"name": "first-random"}, {"name": "random"}, {}])
def test_some_agents_have_no_settings(agent: dict[str, Any]) -> None:
    [line] = problems(minimal(agent={**agent, "settings": {"futures": 4}}))
    assert line.startswith("agent.settings: ")
    assert line.endswith(" has no settings; leave them out")


def test_settings_are_plain_json_of_their_own() -> None:
    settings = {"clip": 0.2, "sizes": [1, {"a": None}], "on": True, "name": "x"}
    source = minimal(agent={"name": "ppo", "settings": settings})
    options = load_options(source)
    assert options.agent.settings == settings
    assert options.canonical()["agent"]["settings"] == settings
    settings["sizes"] = []
    source["agent"]["settings"]["clip"] = 9
    assert options.agent.settings["clip"] == 0.2
    assert load_options(MINIMAL).agent.settings == {}
    [line] = problems(minimal(agent={"name": "ppo", "settings": {"clip": {1, 2}}}))
    assert line.startswith("agent.settings.clip: ")


def test_options_with_settings_can_be_hashed_and_sent_elsewhere() -> None:
    source = minimal(agent={"name": "ppo", "settings": {"clip": 0.2}})
    options = load_options(source)
    assert hash(options.agent) == hash(load_options(source).agent)
    assert pickle.loads(pickle.dumps(options)) == options


def test_canonical_options_hold_only_what_means_something() -> None:
    learning = {"run", "hidden", "lr", "gamma", "input_model", "output_model"}
    assert not learning & load_options(minimal(agent={"name": "rollout"})).canonical()["agent"].keys()
    assert learning < load_options(minimal(agent={"name": "ppo"})).canonical()["agent"].keys()


# Training


@pytest.mark.parametrize(
    ("training", "length"),
    [
        ({}, (1, None)),
        ({"episodes": None, "total_steps": None}, (1, None)),
        ({"episodes": 5}, (5, None)),
        ({"total_steps": 1000}, (None, 1000)),
        ({"episodes": None, "total_steps": 1000}, (None, 1000)),
    ],
)
def test_training_lasts_episodes_or_steps(
    training: dict[str, Any], length: tuple[int | None, int | None]
) -> None:
    loaded = load_options(minimal(training=training)).training
    assert (loaded.episodes, loaded.total_steps) == length


def test_a_teacher_is_any_agent_that_can_act() -> None:
    pretrain = {"teacher": "shortest-high_flops", "episodes": 4}
    options = load_options(minimal(agent={"name": "ppo"}, training={"pretrain": pretrain}))
    assert options.training.pretrain == PretrainOptions(teacher="shortest-high_gflops", episodes=4, epochs=10)
    sections = {"training": {"pretrain": pretrain}, "env": {"actions": {"selection": ["first-random"]}}}
    assert problems(minimal(**sections)) == [
        "training.pretrain.teacher: 'shortest-high_gflops' is not in the selection (first-random); add it "
        "there or name one of these"
    ]


# Actions and observations


def test_actions_that_choose_jobs() -> None:
    actions = {"type": "jobs", "num_jobs": 3, "core_selection": "high_flops"}
    options = load_options(minimal(env={"actions": actions}))
    table = options.action_table()
    assert table.names == ("job-0", "job-1", "job-2", "void")
    assert table.as_array().tolist() == [[6, 1], [7, 1], [8, 1], [-1, -1]]
    assert (table.num_choices, table.num_actions, table.void) == (3, 4, True)
    assert [table.is_void(action) for action in range(4)] == [False, False, False, True]
    assert table.action_of(JobChoice(2, CoreSelection.high_gflops)) == 2
    assert options.canonical()["env"]["actions"] == {**actions, "core_selection": "high_gflops", "void": True}


def test_job_choices_without_void_and_by_default() -> None:
    without = load_options(minimal(env={"actions": {"type": "jobs", "void": False}})).action_table()
    assert without.names == tuple(f"job-{k}" for k in range(32))
    assert not without.is_void(31)
    assert ActionTable.all().num_choices == 0


def test_a_table_of_jobs_holds_no_pair() -> None:
    table = ActionTable.of_jobs(2)
    with pytest.raises(OptionsError, match="'first-random' is no action; the actions choose one of the 2"):
        table.action_of(SelectionPair.parse("first-random"))
    with pytest.raises(OptionsError, match="needs at least one"):
        ActionTable.of_jobs(0)
    for choices in [(1, 0), (0, 0), (1, 2)]:
        with pytest.raises(OptionsError, match="from the oldest job on"):
            ActionTable(tuple(JobChoice(k, CoreSelection.random) for k in choices), void=True)


def test_each_type_of_action_has_its_own_keys() -> None:
    every = {"selection": ["first"], "num_jobs": 4, "core_selection": "low_power"}
    assert problems(minimal(env={"actions": {**every, "type": "jobs"}})) == [
        "env.actions.selection: is not for actions of type 'jobs'; leave it out, or set env.actions.type to "
        "'pairs'"
    ]
    cure = "is not for actions of type 'pairs'; leave it out, or set env.actions.type to 'jobs'"
    assert problems(minimal(env={"actions": every})) == [
        f"env.actions.num_jobs: {cure}, or env.observation to 'queue'",
        f"env.actions.core_selection: {cure}",
    ]


def test_the_observation_queue_shows_num_jobs_whatever_the_actions() -> None:
    options = load_options(minimal(env={"observation": "queue", "actions": {"num_jobs": 5}}))
    assert options.env.actions.num_jobs == 5
    assert options.action_table().num_actions == 37
    assert load_options(options.canonical()) == options
    [line] = problems(minimal(env={"observation": "fit", "actions": {"num_jobs": 5}}))
    assert line.startswith("env.actions.num_jobs: is not for actions of type 'pairs'")


@pytest.mark.parametrize("where", ["agent", "teacher"])
def test_a_pair_is_no_agent_where_actions_are_jobs(where: str) -> None:
    name = "first-high_flops"
    agent = {"agent": {"name": name}}
    teacher = {"training": {"pretrain": {"teacher": name, "episodes": 1}}}
    source = minimal(env={"actions": {"type": "jobs"}}, **(agent if where == "agent" else teacher))
    [line] = problems(source)
    assert line.startswith("agent.name: " if where == "agent" else "training.pretrain.teacher: ")
    assert line.endswith(
        "'first-high_gflops' is no agent where env.actions.type is 'jobs'; set that to 'pairs', or take "
        "another agent, such as 'random' or 'ppo'"
    )


def test_observations_can_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hdeeprm.options.fields._registered", [])
    assert observation_names() == OBSERVATION_NAMES == ("normal", "small", "minimal", "fit", "queue")
    assert problems(minimal(env={"observation": "weather"}))[0].startswith("env.observation: 'weather'")
    for name in ["weather", "weather", "fit"]:
        register_observation_name(name)
    assert observation_names() == (*OBSERVATION_NAMES, "weather")
    options = load_options(minimal(env={"observation": "weather", "actions": {"num_jobs": 3}}))
    assert load_options(options.canonical()) == options
    assert options_schema()["$defs"]["EnvOptions"]["properties"]["observation"]["enum"][-1] == "weather"
    with pytest.raises(OptionsError, match="needs a name"):
        register_observation_name("")


# Windows


def windowed(**keys: Any) -> dict[str, Any]:
    """The least options with a window of five jobs."""
    return minimal(workload={"window": {"length": 5, **keys}})


def test_windows_of_a_part_of_the_workload() -> None:
    source = windowed(start="random", split=[0.6, 0.2, 0.2], part="test", load=0.9)
    options = load_options(source)
    assert options.workload.window == WindowOptions(
        start="random", length=5, split=(0.6, 0.2, 0.2), part="test", load=0.9
    )
    assert load_options(json.loads(json.dumps(options.canonical()))) == options
    assert load_options(windowed(split=[1, 0, 0], load=1)).workload.window == WindowOptions(
        length=5, split=(1.0, 0.0, 0.0), load=1.0
    )


@pytest.mark.parametrize("split", [[0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5 + 5e-10, 0]])
def test_shares_may_miss_1_by_rounding(split: list[float]) -> None:
    window = load_options(windowed(split=split)).workload.window
    assert window is not None
    assert window.split == tuple(split)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"split": [0.6, 0.2, 0.3]}, "split: the shares of train, validation and test must sum to 1; their "),
        (
            {"split": [0.5, 0.5, 1e-8]},
            "split: the shares of train, validation and test must sum to 1; their ",
        ),
        (
            {"split": [0.6, -0.2, 0.6]},
            "split: three shares from 0 to 1 are wanted, of train, validation and ",
        ),
        ({"split": [0.6, 0.4]}, "split: three shares from 0 to 1 are wanted, of train, validation and test,"),
        (
            {"split": 0.8},
            "split: three shares from 0 to 1 are wanted, of train, validation and test, such as",
        ),
        ({"split": [True, 0, 0]}, "split: three shares from 0 to 1 are wanted"),
        ({"split": ["1", 0, 0]}, "split: three shares from 0 to 1 are wanted"),
        ({"split": [10**400, 0, 0]}, "split: three shares from 0 to 1 are wanted"),
        ({"split": {}}, "split: three shares from 0 to 1 are wanted"),
        ({"part": "tset"}, "part: 'tset' is not allowed; one of all, train, validation, test. Did you mean "),
        (
            {"part": "train"},
            "part: 'train' needs a split; add \"split\": [0.6, 0.2, 0.2], or leave the part ",
        ),
        ({"part": "test", "split": [0.5, 0.5, 0]}, "part: the split gives 'test' no jobs; let its share be "),
        ({"load": 0}, "load: a number above 0.0 is wanted; 0 was given"),
        ({"load": -1.5}, "load: a number above 0.0 is wanted; -1.5 was given"),
        ({"load": "0.9"}, "load: a number is wanted; '0.9' was given"),
    ],
)
def test_wrong_windows(keys: dict[str, Any], line: str) -> None:
    [found] = problems(windowed(**keys))
    assert found.startswith(f"workload.window.{line}")


def test_what_excludes_each_other_is_reported_with_all_else() -> None:
    lines = problems(
        {
            "training": {"episodes": 2, "total_steps": 2, "num_envs": 0},
            "agent": {"name": "first-random", "gamma": 2, "lr": 3, "file": "agent.py"},
            "workload": {"window": {"part": "train", "length": 0}},
            "env": {"actions": {"type": "jobs", "selection": ["frist"], "num_jobs": -1}},
        }
    )
    assert [line.split(": ")[0] for line in lines] == [
        "training.total_steps",
        "training.num_envs",
        "agent.name",
        "agent.gamma",
        "agent.lr",
        "agent.file",
        "workload.window.part",
        "workload.window.length",
        "env.actions.selection",
        "env.actions.selection[0]",
        "env.actions.num_jobs",
        "platform_file_path",
    ]


# Overrides and folders


def test_overrides_replace_values_of_any_form() -> None:
    options = load_options(FORM_0_3, {"seed": 3, "env.objective": "edp", "workload.window": {"length": 5}})
    assert (options.seed, options.env.objective) == (3, "edp")
    assert options.workload.window == WindowOptions(start=0, length=5)


LEARNER: dict[str, Any] = {
    "type": "LEARNING",
    "name": "ppo",
    "hidden": 8,
    "input_model": "in.pt",
    "settings": {"clip": 0.1},
}


def test_another_agent_takes_the_place_of_the_whole_former_one() -> None:
    pair = load_options(minimal(agent=LEARNER), {"agent.name": "first-low_power"}).agent
    assert pair == load_options(minimal(agent={"name": "first-low_power"})).agent
    learner = load_options(minimal(agent={"type": "CLASSIC", "name": "random"}), {"agent.name": "dqn"}).agent
    assert (learner.type, learner.name) == ("LEARNING", "dqn")
    other = load_options(minimal(agent=LEARNER), {"agent.name": "dqn", "agent.settings": {"tau": 1}}).agent
    assert (other.hidden, other.settings) == (8, {"tau": 1})
    from_file = load_options(minimal(agent=LEARNER), {"agent.file": "agent.py"}).agent
    assert (from_file.name, from_file.file, from_file.hidden, from_file.settings) == (None, "agent.py", 8, {})
    by_name = load_options(
        minimal(agent={"type": "LEARNING", "file": "a.py"}), {"agent.name": "rollout"}
    ).agent
    assert (by_name.type, by_name.name, by_name.file) == ("CLASSIC", "rollout", None)
    classic_file = load_options(minimal(agent={"type": "CLASSIC"}), {"agent.file": "agent.py"}).agent
    assert classic_file.type == "CLASSIC"


def test_the_same_agent_keeps_all_that_it_has() -> None:
    source = minimal(agent=LEARNER)
    assert load_options(source, {"agent.name": "ppo"}) == load_options(source)
    assert load_options(source, {"agent.file": None}) == load_options(source)
    assert load_options(load_options(source).canonical(), {"agent.name": "ppo"}) == load_options(source)


def test_two_overrides_of_the_agent_are_still_two() -> None:
    both = {"agent.name": "ppo", "agent.file": "agent.py"}
    assert problems(minimal(), overrides=both) == [
        "override: agent.file: 'name' is given too; keep one of the two"
    ]
    assert problems(minimal(), overrides={"agent.name": "first-random", "agent.input_model": "a.pt"}) == [
        "override: agent.input_model: the CLASSIC agent 'first-random' does not learn; leave 'input_model' "
        f"out, or {A_LEARNER}"
    ]


def test_another_length_of_training_takes_the_place_of_the_former_one() -> None:
    written_out = load_options(MINIMAL).canonical()
    steps = load_options(written_out, {"training.total_steps": 1000}).training
    assert (steps.episodes, steps.total_steps) == (None, 1000)
    episodes = load_options(minimal(training={"total_steps": 5}), {"training.episodes": 3}).training
    assert (episodes.episodes, episodes.total_steps) == (3, None)
    assert problems(minimal(), overrides={"training.episodes": 1, "training.total_steps": 2}) == [
        "override: training.total_steps: 'episodes' is given too; keep one of the two"
    ]


def test_other_actions_and_observations_drop_what_they_cannot_use() -> None:
    jobs = minimal(env={"observation": "queue", "actions": {"type": "jobs", "num_jobs": 4}})
    pairs = load_options(jobs, {"env.actions.type": "pairs"})
    assert (pairs.env.actions.type, pairs.env.actions.num_jobs) == ("pairs", 4)
    fit = load_options(pairs.canonical(), {"env.observation": "fit"})
    assert "num_jobs" not in fit.canonical()["env"]["actions"]
    chosen = minimal(env={"actions": {"selection": ["first"]}})
    assert load_options(chosen, {"env.actions.type": "jobs"}).action_table().num_choices == 32
    assert load_options(chosen, {"env.actions.type": "pairs"}) == load_options(chosen)
    assert (
        len(problems(chosen, overrides={"env.actions.type": "jobs", "env.actions.selection": ["first"]})) == 1
    )
    wrong = minimal(env={"actions": {"num_jobs": 3}})
    assert problems(wrong, overrides={"env.observation": "small"})[0].startswith("env.actions.num_jobs: ")


@pytest.mark.parametrize(
    ("given", "override", "left"),
    [
        (
            {"clock": "exact", "instant_tolerance": 0.1},
            {"simulator.backend": "batsim"},
            {"backend": "batsim"},
        ),
        (
            {"instant_tolerance": 0.1},
            {"simulator.clock": "batsim"},
            {"backend": "embedded", "clock": "batsim"},
        ),
        (
            {"backend": "batsim", "timeout": 5},
            {"simulator.backend": "embedded"},
            {"backend": "embedded", "clock": "exact"},
        ),
    ],
)
def test_another_simulator_takes_out_what_it_has_no_use_for(
    given: dict[str, Any], override: dict[str, Any], left: dict[str, Any]
) -> None:
    simulator = load_options(minimal(simulator=given), override).canonical()["simulator"]
    assert simulator.items() >= left.items()
    again = minimal(simulator=simulator)
    assert load_options(again).canonical()["simulator"] == simulator


def test_wrong_overrides_are_named_as_such() -> None:
    assert problems(FORM_0_3, overrides={"seed": -1, "simulator.clok": "exact"}) == [
        "override: seed: a number of at least 0 is wanted; -1 was given",
        "override: simulator.clok: unknown key; one of backend, clock, instant_tolerance, simgrid, "
        "start_power, batsim_command, timeout. Did you mean 'clock'?",
    ]


def test_folder_is_that_of_the_file_and_no_option(tmp_path: Path) -> None:
    options = load_options(str(written(tmp_path, json.dumps(MINIMAL))))
    assert options.folder == tmp_path
    assert "folder" not in json.dumps(options.canonical())
    assert options == load_options(MINIMAL, folder=tmp_path)
    assert problems(minimal(folder="x"))[0].startswith("folder: unknown key")


def test_options_are_immutable_and_hashable() -> None:
    options = load_options(MINIMAL)
    with pytest.raises(ValidationError):
        options.__setattr__("seed", 3)
    assert hash(options.env) == hash(load_options(FORM_0_3 | {"pybatsim": {}}).env)


# Errors


def test_all_problems_at_once_in_the_order_of_the_source() -> None:
    lines = problems(
        {
            "nb_jobs": 0,
            "env": {
                "queue_sensitivity": 0,
                "objective": "avg_slowdwn",
                "actions": {"selection": ["frist-random"], "void": 1},
            },
            "sede": 3,
            "seed": True,
        }
    )
    assert [line.split(": ")[0] for line in lines] == [
        "nb_jobs",
        "env.queue_sensitivity",
        "env.objective",
        "env.actions.selection[0]",
        "env.actions.void",
        "sede",
        "seed",
        "platform_file_path",
    ]


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"seed": True}, "seed: an integer is wanted; true was given"),
        ({"seed": "3"}, "seed: an integer is wanted; '3' was given"),
        ({"seed": 3.0}, "seed: an integer is wanted; 3.0 was given"),
        ({"seed": None}, "seed: an integer is wanted; null was given"),
        ({"seed": [1]}, "seed: an integer is wanted; a list was given"),
        ({"seed": -1}, "seed: a number of at least 0 is wanted; -1 was given"),
        ({"nb_resources": 0}, "nb_resources: a number of at least 1 is wanted; 0 was given"),
        ({"workload_file_path": 3}, "workload_file_path: text is wanted; 3 was given"),
        (
            {"workload_file_path": "\ud800"},
            "workload_file_path: text in Unicode is wanted; '\\ud800' was given",
        ),
        ({"env": []}, "env: an object {...} is wanted; a list was given"),
        ({"pybatsim": 3}, "pybatsim: an object {...} is wanted; 3 was given"),
        ({"pybatsim": {"envs": {}}}, "pybatsim.envs: unknown key; one of seed, log_level, env, agent. "),
        ({"env": {"queue_sensitivity": True}}, "env.queue_sensitivity: a number is wanted; true was given"),
        (
            {"env": {"queue_sensitivity": 0}},
            "env.queue_sensitivity: a number above 0.0 is wanted; 0 was given",
        ),
        ({"env": {"queue_sensitivity": float("nan")}}, "env.queue_sensitivity: nan is not a JSON number"),
        ({"env": {"queue_sensitivity": 10**400}}, "env.queue_sensitivity: a"),
        (
            {"simulator": {"instant_tolerance": 1.5}},
            "simulator.instant_tolerance: a number below 1.0 is wanted",
        ),
        (
            {"simulator": {"backend": "hdeeprm-batsim"}},
            "simulator.backend: 'hdeeprm-batsim' is not allowed; one of embedded, batsim. hdeeprm-batsim is "
            'a command of its own: take backend "batsim" with simulator.batsim_command "hdeeprm-batsim", or '
            'simulator.clock "batsim", ',
        ),
        (
            {"simulator": {"clock": "batsum"}},
            "simulator.clock: 'batsum' is not allowed; one of exact, batsim. Did you mean 'batsim'?",
        ),
        (
            {"simulator": {"backend": "batsim", "clock": "exact"}},
            "simulator.clock: is not for the real Batsim; leave it out",
        ),
        (
            {"simulator": {"clock": "batsim", "timeout": 3}},
            "simulator.timeout: is not for the embedded simulator with clock 'batsim'; leave it out",
        ),
        (
            {"simulator": {"start_power": "p0"}},
            "simulator.start_power: is not for the embedded simulator with clock 'exact'; leave it out",
        ),
        (
            {"simulator": {"backend": "batsim", "timeout": 0}},
            "simulator.timeout: a number above 0.0 is wanted; 0 was given",
        ),
        (
            {"log_level": "debug"},
            "log_level: 'debug' is not allowed; one of DEBUG, INFO, WARNING, ERROR, CRITICAL. ",
        ),
        (
            {"env": {"observation": "smal"}},
            "env.observation: 'smal' is not allowed; one of normal, small, minimal, fit, queue",
        ),
        ({"env": {"actions": {"void": 0}}}, "env.actions.void: true or false is wanted; 0 was given"),
        ({"env": {"actions": {"selection": [{"first": []}]}}}, "env.actions.selection[0].first: has no core"),
        ({"workload": {"window": {"start": 0}}}, 'workload.window.length: is required; add "length": 1000'),
        (
            {"workload": {"window": {"start": "rand", "length": 1}}},
            "workload.window.start: an integer of at least 0, or 'random', is wanted; 'rand' was given",
        ),
        (
            {"agent": {"type": "CLASIC"}},
            "agent.type: 'CLASIC' is not allowed; one of CLASSIC, LEARNING. Did you mean 'CLASSIC'?",
        ),
        ({"agent": {"name": 3}}, "agent.name: text is wanted; 3 was given"),
        ({"agent": {"name": "ppo", "hidden": 0}}, "agent.hidden: a number of at least 1 is wanted; 0 was"),
        ({"agent": {"name": "ppo", "hidden": 65537}}, "agent.hidden: a number of at most 65536 is wanted"),
        ({"agent": {"name": "ppo", "hidden": 8.0}}, "agent.hidden: an integer is wanted; 8.0 was given"),
        ({"agent": {"name": "ppo", "lr": 0}}, "agent.lr: a number above 0.0 is wanted; 0 was given"),
        ({"agent": {"name": "ppo", "lr": 1.01}}, "agent.lr: a number of at most 1.0 is wanted; 1.01 was"),
        ({"agent": {"name": "ppo", "gamma": -0.1}}, "agent.gamma: a number of at least 0.0 is wanted"),
        ({"agent": {"name": "ppo", "gamma": 1.1}}, "agent.gamma: a number of at most 1.0 is wanted; 1.1"),
        ({"agent": {"name": "ppo", "run": "tset"}}, "agent.run: 'tset' is not allowed; one of train, test."),
        (
            {"agent": {"name": "ppo", "input_model": ""}},
            "agent.input_model: text that is not empty is wanted",
        ),
        ({"agent": {"name": "ppo", "settings": []}}, "agent.settings: an object {...} is wanted; a list was"),
        ({"agent": {"file": ""}}, "agent.file: text that is not empty is wanted; '' was given"),
        ({"training": {"episodes": 0}}, "training.episodes: a number of at least 1 is wanted; 0 was given"),
        ({"training": {"total_steps": 0}}, "training.total_steps: a number of at least 1 is wanted; 0 was"),
        ({"training": {"num_envs": 0}}, "training.num_envs: a number of at least 1 is wanted; 0 was given"),
        ({"training": {"validation_windows": 0}}, "training.validation_windows: a number of at least 1 is"),
        ({"training": {"validations": -1}}, "training.validations: a number of at least 0 is wanted; -1 was"),
        ({"training": {"device": "gpu"}}, "training.device: 'gpu' is not allowed; one of auto, cpu, cuda."),
        ({"training": {"pretrain": {"episodes": 3}}}, "training.pretrain.teacher: is required; add"),
        ({"training": []}, "training: an object {...} is wanted; a list was given"),
        (
            {"training": {"episodes": 1, "total_steps": 1}},
            "training.total_steps: 'episodes' is given too; keep one of the two",
        ),
        (
            {"env": {"actions": {"type": "job"}}},
            "env.actions.type: 'job' is not allowed; one of pairs, jobs. Did you mean 'jobs'?",
        ),
        (
            {"env": {"actions": {"type": "jobs", "num_jobs": 1025}}},
            "env.actions.num_jobs: a number of at most 1024 is wanted; 1025 was given",
        ),
        (
            {"env": {"actions": {"type": "jobs", "core_selection": "low_pwer"}}},
            "env.actions.core_selection: 'low_pwer' is not allowed; one of random, high_gflops, high_cores, "
            "high_mem, high_mem_bw, low_power. Did you mean 'low_power'?",
        ),
        ({"objective": "edp"}, "objective: unknown key; it belongs at env.objective"),
        ({"simulatr": {}}, "simulatr: unknown key; one of seed,"),
        ({"a b": 1}, '"a b": unknown key; one of seed,'),
        ({"seed": 10**100}, None),
    ],
)
def test_one_wrong_value(wrong: dict[str, Any], line: str | None) -> None:
    if line is None:
        assert load_options(minimal(**wrong)).seed == wrong["seed"]
        return
    [found] = problems(minimal(**wrong))
    assert found.startswith(line)


def test_nearest_names_are_offered() -> None:
    assert problems(minimal(env={"objective": "avg_slowdwn"}))[0].endswith("Did you mean 'avg_job_slowdown'?")
    assert problems(minimal(env={"objektive": "edp"}))[0].endswith("Did you mean 'objective'?")
    assert problems(minimal(log_level="debug"))[0].endswith("Did you mean 'DEBUG'?")


def test_missing_platform_shows_what_to_add() -> None:
    assert problems({}) == ['platform_file_path: is required; add "platform_file_path": "learning"']
    assert problems({"platform_file_path": ""}) == [
        "platform_file_path: text that is not empty is wanted; '' was given"
    ]


def test_long_values_are_cut() -> None:
    [line] = problems(minimal(env={"objective": "x" * 1000}))
    assert "xxx..." in line
    assert len(line) < 300


# Files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_byte_order_mark_is_tolerated(tmp_path: Path, encoding: str) -> None:
    path = written(
        tmp_path, json.dumps({"platform_file_path": "é.json"}, ensure_ascii=False).encode(encoding)
    )
    assert load_options(path).platform_file_path == "é.json"


def test_syntax_error_shows_the_place(tmp_path: Path) -> None:
    path = written(tmp_path, '{\r\n  "seed": 3,,\r\n}')
    assert file_error(path).splitlines() == [
        f"{path}:2:13: not JSON: Expecting property name enclosed in double quotes",
        '      "seed": 3,,',
        "                ^",
    ]


def test_long_lines_are_cut_around_the_place(tmp_path: Path) -> None:
    *_, line, mark = file_error(written(tmp_path, "[" + "1, " * 500 + "!" + " " * 500 + "]")).splitlines()
    assert len(line) < 120
    assert line[mark.index("^")] == "!"


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"", "is empty; a JSON object is wanted"),
        (b" \n", "is empty; a JSON object is wanted"),
        (b"[]", "an object {...} is wanted at the top level; a list was given"),
        (b"null", "an object {...} is wanted at the top level; null was given"),
        (b'{"a": "\xff"}', "is not UTF-8 text (byte 7)"),
        (b'{"seed": 1, "seed": 2}', "seed: is given more than once; keep one"),
        (b'{"env": {"reward": "instant", "reward": "instant"}}', "env.reward: is given more than once"),
        (b'{"env": {"queue_sensitivity": NaN}}', "env.queue_sensitivity: nan is not a JSON number"),
        (b'{"seed": -Infinity}', "seed: -inf is not a JSON number"),
        (b'{"env": {"queue_sensitivity": 1e999}}', "env.queue_sensitivity: inf is not a JSON number"),
        (b'{"\\ud800": 1}', "a key must be text; '\\ud800' was given"),
        (b'{"seed": ' + b"9" * 5000 + b"}", "a number cannot be read"),
        (b'{"a": ' + b"[" * 100_000, "is nested deeper than 32 levels"),
        (b'{"a": ' + b"[" * 50 + b"]" * 50 + b"}", "is nested deeper than 32 levels"),
    ],
)
def test_unusable_content(tmp_path: Path, content: bytes, fragment: str) -> None:
    path = written(tmp_path, content)
    message = file_error(path)
    assert message.startswith(str(path))
    assert fragment in message


def test_unusable_paths(tmp_path: Path) -> None:
    written(tmp_path, json.dumps(MINIMAL))
    assert "no such file. Did you mean 'options.json'?" in file_error(tmp_path / "option.json")
    assert "does not exist either" in file_error(tmp_path / "nowhere" / "options.json")
    assert "is a directory; name the options.json in it" in file_error(tmp_path)
    assert "cannot be read" in file_error(tmp_path / "options.json" / "x")
    assert "cannot be read" in file_error(Path("a\0b"))


def test_mappings_with_other_keys_are_refused() -> None:
    assert problems({3: 4, **MINIMAL}) == ["a key must be text; 3 was given"]  # type: ignore[dict-item]
    endless: dict[str, Any] = {}
    endless["env"] = endless
    assert problems(endless) == ["is nested deeper than 32 levels, which no option is"]


# Properties

SECTIONS: dict[str, Any] = {
    "seed": st.integers(0, 2**64),
    "nb_resources": st.none() | st.integers(1, 10**6),
    "nb_jobs": st.none() | st.integers(1, 10**6),
    "workload_file_path": st.text(max_size=8),
    "log_level": st.sampled_from(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
    "workload": st.fixed_dictionaries(
        {},
        optional={
            "run_time": st.sampled_from(["logged", "synthetic"]),
            "memory": st.sampled_from(["zero", "skip", "draw"]),
            "window": st.none()
            | st.fixed_dictionaries(
                {"length": st.integers(1, 99)},
                optional={
                    "start": st.just("random") | st.integers(0, 99),
                    "split": st.just([0.5, 0.3, 0.2]),
                    "load": st.none() | st.floats(1e-6, 10),
                },
            ),
        },
    ),
    "env": st.fixed_dictionaries(
        {},
        optional={
            "objective": st.sampled_from(OBJECTIVES),
            "observation": st.sampled_from(OBSERVATION_NAMES),
            "queue_sensitivity": st.integers(1, 9) | st.floats(1e-9, 1e9),
            "actions": st.fixed_dictionaries({}, optional={"void": st.booleans()}),
        },
    ),
    "agent": st.fixed_dictionaries({}, optional={"name": st.none() | st.sampled_from(AGENT_NAMES)})
    | st.fixed_dictionaries(
        {"name": st.sampled_from(LEARNER_NAMES)} | {"type": st.just("LEARNING")},
        optional={
            "run": st.sampled_from(["train", "test"]),
            "hidden": st.integers(1, 65536),
            "lr": st.floats(0, 1, exclude_min=True),
            "gamma": st.floats(0, 1),
            "input_model": st.none() | st.text(min_size=1, max_size=4),
            "settings": st.dictionaries(
                st.text(max_size=3), st.none() | st.booleans() | st.integers(), max_size=2
            ),
        },
    ),
    "training": st.fixed_dictionaries(
        {},
        optional={
            "num_envs": st.integers(1, 64),
            "validations": st.integers(0, 9),
            "device": st.sampled_from(["auto", "cpu", "cuda"]),
            "pretrain": st.none()
            | st.fixed_dictionaries({"teacher": st.just("rollout"), "episodes": st.integers(1, 9)}),
        },
    )
    | st.fixed_dictionaries({"total_steps": st.integers(1, 10**9)}),
}
JOB_ACTIONS = st.fixed_dictionaries(
    {"type": st.just("jobs"), "num_jobs": st.integers(1, 1024)},
    optional={"void": st.booleans(), "core_selection": st.sampled_from([*CoreSelection.__members__])},
)
GOOD_OPTIONS = st.fixed_dictionaries(
    {"platform_file_path": st.text(min_size=1, max_size=8)}, optional=SECTIONS
)
KEYS = [
    *Options.model_fields,
    "pybatsim",
    "actions",
    "selection",
    "void",
    "objective",
    "name",
    "policy_pair",
    "type",
    "file",
    "hidden",
    "settings",
    "window",
    "split",
    "part",
    "pretrain",
    "teacher",
    "episodes",
    "total_steps",
    "num_jobs",
    "observation",
]
GARBAGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["LEARNING", "CLASSIC", "random", "ppo", "first", "first-high_flops", "jobs", "test"]),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), children, max_size=5)
    ),
    max_leaves=15,
)


@given(GOOD_OPTIONS)
def test_canonical_form_loads_again_to_the_same_options(source: dict[str, Any]) -> None:
    options = load_options(source)
    text = json.dumps(options.canonical())
    again = load_options(json.loads(text))
    assert again == options
    assert json.dumps(again.canonical()) == text


@given(JOB_ACTIONS)
def test_canonical_job_actions_load_again_to_the_same_options(actions: dict[str, Any]) -> None:
    options = load_options(minimal(env={"actions": actions}, agent={"name": "random"}))
    assert load_options(options.canonical()) == options
    assert options.action_table().num_choices == actions["num_jobs"]


@given(
    st.dictionaries(st.sampled_from(KEYS), GARBAGE, max_size=6),
    st.dictionaries(
        st.sampled_from(["agent.name", "agent.file", "env.actions.type", "training.episodes"]),
        GARBAGE,
        max_size=2,
    ),
)
def test_garbage_overrides_raise_nothing_but_options_errors(
    source: dict[str, Any], overrides: dict[str, Any]
) -> None:
    try:
        load_options(source, overrides)
    except OptionsError as error:
        assert str(error).encode()


@given(st.dictionaries(st.sampled_from(KEYS), GARBAGE, max_size=6))
def test_garbage_raises_nothing_but_options_errors(source: dict[str, Any]) -> None:
    try:
        load_options(source)
    except OptionsError as error:
        assert str(error).encode()


@given(st.binary(max_size=40) | GARBAGE.map(json.dumps).map(str.encode))
def test_garbage_files_raise_nothing_but_options_errors(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    with pytest.raises(OptionsError):
        load_options(written(tmp_path_factory.getbasetemp(), content))


# Schema


def described(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and description of every property of a schema."""
    if isinstance(node, dict):
        properties = node.get("properties", {})
        if isinstance(properties, dict):
            yield from ((f"{path}/{key}", value.get("description", "")) for key, value in properties.items())
        for key, value in node.items():
            yield from described(value, f"{path}/{key}")
    elif isinstance(node, list):
        for value in node:
            yield from described(value, path)


def test_schema_describes_every_field() -> None:
    properties = dict(described(options_schema()))
    assert len(properties) > 30
    assert [path for path, text in properties.items() if len(text) < 10] == []


def test_schema_refers_only_to_what_it_holds() -> None:
    schema = options_schema()
    text = json.dumps(schema)
    for name in schema["$defs"]:
        assert f'"#/$defs/{name}"' in text
    assert text.count('"$ref"') == text.count('"#/$defs/')
    assert schema["required"] == ["platform_file_path"]
    assert set(schema["properties"]) == {*Options.model_fields, "pybatsim"}


def test_import_is_light() -> None:
    heavy = ["torch", "pandas", "matplotlib", "numba"]
    code = f"import sys, hdeeprm.options; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
