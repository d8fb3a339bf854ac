"""The study file: what it means, and one line for each thing that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.errors import HDeepRMError, StudyError
from hdeeprm.selections import PAIR_NAMES
from hdeeprm.studies.file import load_study, study_from, study_schema
from hdeeprm.studies.file.names import resolved
from hdeeprm.studies.samplers import NAMES, new_sampler
from hdeeprm.studies.space import distributions, planned_runs
from hdeeprm.studies.writing import toml_text
from study_files import write

OWN = {"options": {"workload_file_path": "learning.json", "platform_file_path": "learning"}}


def problems_of(content: dict[str, Any], *sets: str) -> list[str]:
    """The lines of the error, without the name of the file."""
    with pytest.raises(StudyError) as raised:
        study_from(content, Path("study.toml"), sets)
    lines = str(raised.value).splitlines()
    assert all(line.startswith(("study.toml: ", "--set: ")) for line in lines), lines
    return [line.removeprefix("study.toml: ") for line in lines]


# What a file means


def test_the_example_of_the_design(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        metric = "mean_bounded_slowdown"
        direction = "minimize"
        seeds = [1, 2, 3]
        [options]
        workload_file_path = "gaia_like.swf"
        [grid]
        platform_file_path = ["gaia", "mc2"]
        selection = ["first-high_gflops", "shortest-high_gflops"]
        [search]
        "agent.lr" = {low = 1e-4, high = 1e-1, log = true}
        "agent.hidden" = {low = 16, high = 256, step = 16}
        "agent.name" = ["reinforce", "actor-critic", "ppo"]

        trials = 100
        sampler = "tpe"
        pruner = "asha"
        [slurm]
        time = "1:00:00"
        [ray]
        address = "auto"
        """,
    )
    file = load_study(path)
    assert (file.trials, file.sampler, file.pruner) == (
        100,
        "tpe",
        "asha",
    )  # though they stand under [search]
    assert set(file.search) == {"agent.lr", "agent.hidden", "agent.name"}
    assert set(file.grid) == {"platform_file_path", "env.actions.selection"}
    assert file.slurm == {"time": "1:00:00"} and file.ray == {"address": "auto"}
    assert file.folder == tmp_path / "study"
    assert len(planned_runs(file)) == 4 * 100


def test_a_grid_of_points_and_seeds_is_their_product_in_the_order_of_the_file() -> None:
    content = {"run": "m:f", "seeds": [5, 6], "points": [{"a": 1}, {"a": 2}], "grid": {"b": [1, 2, 3]}}
    planned = planned_runs(study_from(content, Path("study.toml")))
    assert [(run.point["a"], run.point["b"], run.seed) for run in planned] == [
        (a, b, seed) for a in (1, 2) for b in (1, 2, 3) for seed in (5, 6)
    ]
    assert len({run.key for run in planned}) == 12


@given(
    st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(), min_size=1, max_size=4, unique=True)),
    st.lists(st.integers(0, 9), max_size=3, unique=True),
)
def test_every_combination_is_there_once(grid: dict[str, list[int]], seeds: list[int]) -> None:
    content: dict[str, Any] = {"run": "m:f", "seeds": seeds} | ({"grid": grid} if grid else {})
    runs = planned_runs(study_from(content, Path("study.toml")))
    expected = max(1, len(seeds))
    for values in grid.values():
        expected *= len(values)
    assert len({run.key for run in runs}) == len(runs) == expected


def test_all_pairs_are_a_grid_of_one_line() -> None:
    file = study_from(OWN | {"grid": {"selection": list(PAIR_NAMES)}}, Path("study.toml"))
    assert len(planned_runs(file)) == 36
    assert file.metrics == ("mean_slowdown",)  # of the objective of the options
    assert file.directions == ("minimize",)


def test_metrics_of_the_project_know_which_way_they_are_better() -> None:
    file = study_from(OWN | {"metric": ["utilization", "avg_wait"]}, Path("study.toml"))
    assert file.metrics == ("utilization", "mean_wait_time")
    assert file.directions == ("maximize", "minimize")


def test_options_may_be_tables_or_dotted() -> None:
    tables = OWN["options"] | {"agent": {"name": "rollout", "settings": {"num_futures": 4}}}
    dotted = OWN["options"] | {"agent.name": "rollout", "agent.settings.num_futures": 4}
    files = [study_from({"options": options}, Path("study.toml")) for options in (tables, dotted)]
    assert files[0].options == files[1].options


def test_parameters_become_optunas_distributions() -> None:
    made = distributions(
        {
            "whole": {"low": 16, "high": 256, "step": 16},
            "real": {"low": 0.0, "high": 1.0},
            "log": {"low": 1e-4, "high": 1e-1, "log": True},
            "choice": ["a", "b"],
        }
    )
    assert [str(made[name]).partition("(")[0] for name in made] == [
        "IntDistribution",
        "FloatDistribution",
        "FloatDistribution",
        "CategoricalDistribution",
    ]
    assert made["log"].log and made["whole"].step == 16  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "place", "value"),
    [
        ("options.nb_jobs=50", ("options", "nb_jobs"), 50),
        ("seeds=[7, 8]", ("seeds",), [7, 8]),
        ("grid.seed_of_mine=[1, 2]", None, None),
        ("options.agent.name=ppo", ("options", "agent.name"), "ppo"),
    ],
)
def test_set_takes_the_place_of_a_value(text: str, place: tuple[str, ...] | None, value: object) -> None:
    if place is None:
        assert "seed_of_mine: no run has an option of this name" in problems_of(OWN, text)[0]
        return
    found: Any = study_from(OWN, Path("study.toml"), [text]).canonical()
    for key in place:
        found = found[key]
    assert found == value


def test_set_reaches_into_tables_of_a_function() -> None:
    content = {"run": "m:f", "options": {"net": {"width": 1}}}
    assert study_from(content, Path("s.toml"), ["options.net.width=3"]).options == {"net": {"width": 3}}


def test_the_caller_keeps_what_was_given() -> None:
    content = {"run": "m:f", "search": {"x": [1, 2], "trials": 3}}
    study_from(content, Path("study.toml"), ["options.y=1"])
    assert content == {"run": "m:f", "search": {"x": [1, 2], "trials": 3}}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("gp", "optuna_skopt")])
def test_every_sampler_is_made(name: str) -> None:
    assert new_sampler(name, seed=1) is not None
    assert (
        study_from({"run": "m:f", "search": {"x": [1, 2]}, "sampler": name}, Path("s.toml")).sampler == name
    )


def test_a_sampler_of_ones_own() -> None:
    made = new_sampler({"name": "optuna.samplers:TPESampler", "n_startup_trials": 3}, seed=1)
    assert type(made).__name__ == "TPESampler"


def test_the_schema_describes_every_key() -> None:
    properties = study_schema()["properties"]
    assert {"grid", "search", "seeds", "metric", "pruner", "slurm"} <= set(properties)
    assert [name for name, field in properties.items() if not _described(field)] == []


def _described(field: dict[str, Any]) -> bool:
    return bool(field.get("description"))


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.recursive(
            st.booleans()
            | st.integers(-(2**60), 2**60)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(exclude_categories=["Cs"])),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.text(st.characters(exclude_categories=["Cs"]), min_size=1), inner, max_size=3
                )
            ),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_what_is_written_as_toml_is_read_again(content: dict[str, Any]) -> None:
    import tomllib

    assert tomllib.loads(toml_text(content)) == content


# What is wrong


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"gird": {"x": [1]}}, "gird: unknown key; one of run, command"),
        ({"gird": {"x": [1]}}, "Did you mean 'grid'?"),
        ({"grid": {"x": []}}, "grid.x: is empty"),
        ({"grid": {}}, "grid: is empty; name an option"),
        ({"search": {}}, "search: is empty; name an option"),
        ({"grid": {"x": [1, 2, 1]}}, "grid.x[2]: 1 is listed twice; keep one"),
        ({"grid": {"x": 3}}, "grid.x: a list [...] is wanted; 3 was given"),
        ({"grid": {"x": [float("nan")]}}, "grid.x[0]: a finite number is wanted; nan was given"),
        (
            {"search": {"x": {"low": 5, "high": 1}}},
            "search.x.low: must lie below high = 1; 5 was given, swap",
        ),
        (
            {"search": {"x": {"low": 0, "high": 1, "log": True}}},
            "search.x.low: must be above 0 where log = true",
        ),
        (
            {"search": {"x": {"low": 0, "high": 10, "step": 3}}},
            "search.x.step: 3 does not fit between 0 and 10",
        ),
        ({"search": {"x": {"low": 0, "high": 10, "step": 3}}}, "let high be 9 or 12"),
        (
            {"search": {"x": {"low": 1, "high": 9, "step": 2, "log": True}}},
            "x.step: does not go with log = true",
        ),
        ({"search": {"x": {"lwo": 1, "high": 2}}}, "search.x.lwo: unknown key; one of low, high, step, log."),
        ({"search": {"x": {"high": 2}}}, "search.x.low: is required; add low = ..."),
        (
            {"search": {"x": {"low": "a", "high": 2}}},
            "search.x.low: a finite number is wanted; 'a' was given",
        ),
        ({"search": {"x": []}}, "search.x: is empty; list at least one choice"),
        ({"search": {"x": [1, 1]}}, "search.x[1]: 1 is listed twice"),
        (
            {"search": {"x": {"low": 0.0, "high": 1e300, "step": 1e-300}}},
            "search.x.step: 1e-300 is too small for the range from 0.0 to 1e+300",
        ),
        ({"search": {"x": [1, True]}}, "search.x[1]: true is listed twice (or one that is equal)"),
        (
            {"search": {"x": {"low": -1e308, "high": 1e308}}},
            "search.x: the range from -1e+308 to 1e+308 is too",
        ),
        (
            {"graphite": {"hst": "a"}},
            "graphite.hst: unknown key; one of host, port, prefix. Did you mean 'host'",
        ),
        (
            {"search": {"x": [1, 2]}, "pruner": "collections:OrderedDict"},
            "OrderedDict' makes no pruner; derive",
        ),
        ({"search": {"x": [[1]]}}, "search.x[0]: a choice must be text, a number, true or false"),
        ({"search": {"x": 3}}, "search.x: a range {low, high} or a list of choices is wanted; 3 was given"),
        ({"search": {"x": [1, 2]}, "sampler": "tpee"}, "sampler: 'tpee' is not known; one of random, tpe"),
        ({"search": {"x": [1, 2]}, "sampler": "tpee"}, "Did you mean 'tpe'?"),
        ({"search": {"x": [1, 2]}, "sampler": "no_module:C"}, "sampler: 'no_module:C' cannot be imported"),
        ({"search": {"x": [1, 2]}, "sampler": "json:loads"}, "sampler: 'json:loads' is no sampler"),
        ({"search": {"x": [1, 2]}, "sampler": {"name": "tpe", "n_startup": 3}}, "sampler: 'tpe' refuses its"),
        (
            {"search": {"x": [1, 2]}, "sampler": {"name": "tpe", "seed": "x"}},
            "sampler: seed = 'x' was given; a whole number is wanted",
        ),
        ({"search": {"x": [1, 2]}, "pruner": "ahsa"}, "Did you mean 'asha'?"),
        ({"search": {"x": [1, 2]}, "grid": {"y": [1]}, "sampler": "qmc"}, "sampler: 'qmc' has one sequence"),
        (
            {"search": {"x": [1, 2]}, "grid": {"y": [1]}, "pruner": "wilcoxon"},
            "pruner: 'wilcoxon' compares with the best run of a whole study, not for each point of a grid",
        ),
        (
            {
                "search": {"x": [1, 2]},
                "grid": {"y": [1]},
                "pruner": {"name": "test_study_file:OwnHyperband", "max_resource": 9},
            },
            "pruner: 'test_study_file:OwnHyperband' has brackets for a whole study",
        ),
        ({"search": {"x": [1, 2]}, "grid": {"y": [1]}, "sampler": "nsga2"}, "sampler: 'nsga2' has one popul"),
        (
            {
                "search": {"x": [1, 2]},
                "points": [{"y": 1}],
                "pruner": {"name": "hyperband", "max_resource": 9},
            },
            "pruner: 'hyperband' has brackets for a whole study, not for each point of a grid; take asha",
        ),
        (
            {"run": "landscape", "landscape": {"shape": "overfti"}},
            "landscape: 'overfti' is not known; one of",
        ),
        ({"run": "landscape", "landscape": {"shape": "no.json"}}, "no.json: cannot be read: No such file"),
        ({"run": "landscape", "grid": {"noise": ["linear", "odd"]}}, "landscape.noise: 'odd' is not allowed"),
        ({"run": "landscape", "landscape": {"num_arms": 3}, "grid": {"arm": [0, 3]}}, "0 to 2, is wanted; 3"),
        ({"trials": 3}, "trials: is for a search, and none is given"),
        ({"search": {"x": [1, 2]}, "trials": 0}, "trials: a number of at least 1 is wanted; 0 was given"),
        ({"seeds": [1, 1]}, "seeds[1]: 1 is listed twice"),
        ({"seeds": [-1]}, "seeds[0]: an integer of at least 0 is wanted; -1 was given"),
        ({"seeds": [1], "grid": {"seed": [1]}}, "grid.seed: 'seeds' is given too; keep one of the two"),
        ({"options": {"x": 1}, "grid": {"x": [1, 2]}}, "grid.x: is given in options too; keep one"),
        ({"metric": ["a", "a"]}, "metric[1]: 'a' is listed twice"),
        ({"metric": ["a", "b"], "direction": "minimize"}, "direction: one for each metric is wanted"),
        ({"direction": "minimise"}, "direction: 'minimise' is not allowed; one of minimize, maximize."),
        ({"metric": ["a", "b"], "pruner": "asha"}, "pruner: stops runs by one metric, and several are named"),
        ({"run": "nothing"}, "run: 'nothing' is neither experiment nor landscape nor a function"),
        ({"run": "experimnet"}, "Did you mean 'experiment'?"),
        ({"command": "x", "run": "m:f"}, "command: 'run' is given too; keep one of the two"),
        ({"timeout": 3.0}, "timeout: only a program (command) can be timed out"),
        (
            {"objective": "__import__('os')"},
            'objective: "__import__(\'os\')", column 12: "\'" cannot be in an',
        ),
        ({"objective": "a.b"}, "objective: 'a.b', column 2: '.' cannot be in an expression; numbers,"),
        ({"objective": "mean(a"}, "objective: 'mean(a', column 7: ')' is wanted, the end was found"),
        ({"objective": "maen(a)"}, "Did you mean 'mean'?"),
        ({"objective": "min()"}, "objective: 'min()', column 1: min takes 1 argument; 0 given"),
        ({"objective": "max(a, 1)"}, "objective: 'max(a, 1)', column 1: max takes 1 argument; 2 given"),
        ({"objective": "percentile(a)"}, "percentile takes 2 arguments; 1 given"),
        ({"objective": "-" * 900 + "a"}, "at most 500 numbers, names and signs are allowed"),
        ({"objective": "-" * 90 + "a"}, "column 76: the expression is nested deeper than 75 levels"),
        (
            {"grid": {"x": list(range(1001)), "y": list(range(1000))}},
            "1,001,000 runs are asked for; a study has",
        ),
        (
            {"search": {"x": [1, 2]}, "trials": 10**9},
            "1,000,000,000 runs are asked for; a study has at most 1,000",
        ),
        ({"seeds": list(range(1001)), "points": [{"x": x} for x in range(1000)]}, "1,001,000 runs are asked"),
        (
            {"grid": {"status": [1]}},
            "grid.status: is a column of every table (run, status, seconds, wait_seconds,",
        ),
        ({"search": {"worker": [1, 2]}}, "search.worker: is a column of every table"),
        ({"points": [{"x": 1}, {"error": 2}]}, "points[1].error: is a column of every table"),
        ({"options": {"attempt": 1}}, "options.attempt: is a column of every table"),
        ({"metric": "seconds"}, "metric: 'seconds' is a column of every table"),
        ({"metric": ["a", "seed"]}, "metric[1]: 'seed' is a column of every table"),
        ({"metric": "x", "grid": {"x": [1]}}, "metric: 'x' is an option (grid.x) too; name one of the two"),
        (
            {"seeds": [1], "points": [{"seed": 1}]},
            "points[0].seed: 'seeds' is given too; keep one of the two",
        ),
        ({"points": [{"x": 1, "y": 2}, {"y": 2, "x": 1}]}, "points[1]: is listed twice"),
        ({"search": {"x": {"low": 0, "high": 10**400}}}, "search.x.high: a finite number is wanted"),
    ],
)
def test_wrong_values_of_a_study_of_functions(content: dict[str, Any], expected: str) -> None:
    base = {} if "run" in content else {"run": "m:f"}
    assert expected in "\n".join(problems_of(base | content))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"metric": "mean_bonded_slowdown"}, "metric: 'mean_bonded_slowdown' is not known; one of num_jobs"),
        ({"metric": "mean_bonded_slowdown"}, "Did you mean 'mean_bounded_slowdown'?"),
        ({"grid": {"selektion": ["x"]}}, "grid.selektion: no run has an option of this name"),
        ({"grid": {"selektion": ["x"]}}, "Did you mean 'selection'?"),
        (
            {"grid": {"selection": ["first-high_gflopz"]}},
            "env.actions.selection: 'high_gflopz' is not a core",
        ),
        ({"grid": {"name": ["ppoo"]}}, "agent.name: 'ppoo' is no agent"),
        (
            {"grid": {"file": ["a.py"], "agent.file": ["b.py"]}},
            "grid[\"agent.file\"]: is given as 'agent.file' too",
        ),
        (
            {"search": {"nb_jobs": {"low": 0, "high": 3}}},
            "nb_jobs: a number of at least 1 is wanted; 0 was given",
        ),
        ({"search": {"lr": {"low": 0.1, "high": 3.0}}}, "agent.lr: a number of at most 1"),
    ],
)
def test_wrong_values_of_a_study_of_own_runs(content: dict[str, Any], expected: str) -> None:
    assert expected in "\n".join(problems_of(OWN | content))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"command": "b {x}", "grid": {"y": [1]}}, "command: there is no option 'x'; one of y, run, folder"),
        ({"command": "b {x}", "seeds": [1]}, "command: there is no option 'x'; one of seed, run, folder"),
        ({"command": "b {seed}"}, "command: {seed} is used, and there is none; add seeds = [...]"),
        (
            {"command": "b {run}", "options": {"run": 1}},
            "options.run: is a column of every table (run, status",
        ),
        (
            {"command": "b {folder}", "grid": {"folder": ["a"]}},
            "grid.folder: {folder} is the folder of the file",
        ),
        (
            {"command": "b {run}", "points": [{"run": 1}, {"run": 2}]},
            "points[0].run: is a column of every table",
        ),
        ({"command": "echo 'x"}, 'command: "echo \'x" cannot be split into words: No closing quotation'),
        ({"command": "  "}, "command: is empty; name a program"),
        ({"command": "b {x}", "grid": {"x": [1], "y": [1]}}, "grid.y: the command has no {y}."),
        ({"command": "b {x", "grid": {"x": [1]}}, "command: expected '}' before end of string"),
        ({"command": "b", "timeout": -1}, "timeout: a number above 0.0 is wanted; -1 was given"),
        ({"run": "landscape", "grid": {"arms": [1]}}, "grid.arms: a landscape has no option of this name"),
    ],
)
def test_wrong_values_of_other_studies(content: dict[str, Any], expected: str) -> None:
    assert expected in "\n".join(problems_of(content))


class OwnHyperband(optuna.pruners.HyperbandPruner):
    """Derived from one that has brackets for a whole study."""


def test_no_pruner_may_be_a_table_too() -> None:
    content = {"run": "m:f", "search": {"x": [1, 2]}, "metric": ["a", "b"], "pruner": {"name": "none"}}
    assert study_from(content, Path("study.toml")).metrics == ("a", "b")


def test_all_problems_are_told_at_once() -> None:
    content = {
        "gird": {},
        "direction": "up",
        "sampler": "tpee",
        "pruner": "ahsa",
        "seeds": [-1],
        "search": {"x": {"low": 2, "high": 1}, "y": []},
        "run": "m:f",
    }
    places = {line.partition(":")[0] for line in problems_of(content)}
    assert places == {"gird", "direction", "sampler", "pruner", "seeds[0]", "search.x.low", "search.y"}


def test_all_problems_of_own_options_are_told_at_once() -> None:
    options = OWN["options"] | {"nb_jobs": "x", "seed": -1, "agent.name": "ppo"}
    lines = problems_of({"options": options, "grid": {"lr": [2.0]}})
    assert [line.partition(":")[0] for line in lines] == ["nb_jobs", "seed", "agent.lr"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("foo", "key=value is wanted"),
        ("=3", "key=value is wanted"),
        ("foo.x=1", "there is no table 'foo'; one of options, grid"),
        ("run.x=1", "the file has no table there"),
    ],
)
def test_wrong_sets(text: str, expected: str) -> None:
    assert f"--set: {text!r}: {expected}" in problems_of({"run": "m:f"}, text)[0]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("study.toml", b'metric = "x', "study.toml: not TOML: Unterminated string"),
        ("study.toml", b"\xff\xfe", "is not UTF-8 text"),
        ("stduy.toml", b"", "no such file. Did you mean 'stduy.toml'?"),
        ("study.toml/inner", b"", "is a directory; name the study file"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(HDeepRMError, match="study") as raised:
        load_study(tmp_path / "study.toml")
    assert expected in str(raised.value) and raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("selection", "env.actions.selection"),
        ("agent.lr", "agent.lr"),
        ("nb_jobs", "nb_jobs"),
        ("agent.settings.num_futures", "agent.settings.num_futures"),
        ("total_steps", "training.total_steps"),
    ],
)
def test_short_names(name: str, path: str) -> None:
    assert resolved(name) == (path, "")


def test_a_short_name_that_may_be_two_is_refused() -> None:
    name, text = resolved("type")
    assert (
        name == "type" and text.startswith("may be ") and "agent.type" in text and "env.actions.type" in text
    )
