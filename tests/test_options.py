"""options.json: its three forms, its errors and its schema."""

import json
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
    OBJECTIVES,
    OBSERVATION_NAMES,
    Options,
    WindowOptions,
    load_options,
    options_schema,
)
from hdeeprm.selections import PAIR_NAMES

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
        "agent": {"name": None, "type": "CLASSIC"},
        "env": {
            "actions": {"selection": list(PAIR_NAMES), "void": True},
            "objective": "avg_job_slowdown",
            "observation": "normal",
            "queue_sensitivity": 0.05,
            "reward": "instant",
        },
        "log_level": "WARNING",
        "nb_jobs": None,
        "nb_resources": None,
        "platform_file_path": "learning.json",
        "seed": 0,
        "simulator": {"backend": "embedded", "clock": "exact", "instant_tolerance": 1e-9},
        "workload": {
            "mem_bw": "draw",
            "memory": "zero",
            "memory_scope": "processor",
            "memory_unit": "KB",
            "oversized": "reject",
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


@pytest.mark.parametrize(
    "agent",
    [{"type": "LEARNING", "run": "train", "hidden": 16, "lr": 0.005, "gamma": 0.99}, {"type": "LEARNING"}],
)
def test_learning_agents_are_one_problem(agent: dict[str, Any]) -> None:
    [line] = problems({**MINIMAL, "pybatsim": {"agent": agent}})
    assert line.startswith("pybatsim.agent.type: 'LEARNING': learning agents are not in this version")


def test_learning_keys_without_a_type() -> None:
    [line] = problems(minimal(agent={"hidden": 16, "lr": 0.1}))
    assert line.startswith("agent.hidden: hidden, lr: learning agents are not in this version")


# Overrides and folders


def test_overrides_replace_values_of_any_form() -> None:
    options = load_options(FORM_0_3, {"seed": 3, "env.objective": "edp", "workload.window": {"length": 5}})
    assert (options.seed, options.env.objective) == (3, "edp")
    assert options.workload.window == WindowOptions(start=0, length=5)


def test_wrong_overrides_are_named_as_such() -> None:
    assert problems(FORM_0_3, overrides={"seed": -1, "simulator.clok": "exact"}) == [
        "override: seed: a number of at least 0 is wanted; -1 was given",
        "override: simulator.clok: unknown key; one of backend, clock, instant_tolerance. "
        "Did you mean 'clock'?",
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
        ({"simulator": {"clock": "batsim"}}, "simulator.clock: 'batsim' is not allowed; only 'exact' is."),
        (
            {"simulator": {"backend": "batsim"}},
            "simulator.backend: 'batsim' is not allowed; only 'embedded' is.",
        ),
        (
            {"log_level": "debug"},
            "log_level: 'debug' is not allowed; one of DEBUG, INFO, WARNING, ERROR, CRITICAL. ",
        ),
        (
            {"env": {"observation": "smal"}},
            "env.observation: 'smal' is not allowed; one of normal, small, minimal. ",
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
            "agent.type: 'CLASIC' is not allowed; only 'CLASSIC' is. Did you mean",
        ),
        ({"agent": {"name": "first-low"}}, "agent.name: 'low' is not a core selection; one of random,"),
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
                {"length": st.integers(1, 99)}, optional={"start": st.just("random") | st.integers(0, 99)}
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
    "agent": st.fixed_dictionaries({}, optional={"name": st.none() | st.sampled_from(AGENT_NAMES)}),
}
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
]
GARBAGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["LEARNING", "random", "first", "first-high_flops"]),
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
