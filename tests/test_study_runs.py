"""What runs do and what comes out: functions, programs, own runs, landscapes; searches, pruning, tables."""

from __future__ import annotations

import json
import logging
import math
import re
import signal
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.errors import StudyError
from hdeeprm.studies import Pruned, Study
from hdeeprm.studies.logs import logged
from hdeeprm.studies.queue import Run, Status
from hdeeprm.studies.results import best_runs
from hdeeprm.studies.runs.expression import evaluated
from hdeeprm.studies.runs.output import parsed_output
from hdeeprm.studies.stopping import StopSignal, WorkerStopped
from hdeeprm.training import TrainingStopped
from study_files import command, write
from waiting import PATIENCE, wait_until

LOSSES = """
def quadratic(options):
    return (options["x"] - 3) ** 2 + options.get("seed", 0)

def reporting(options, report):
    for step in range(1, 10):
        report(step, options["x"] * step)
    return {"loss": options["x"], "steps": step}

def trade_off(options):
    return {"cost": options["x"], "time": 1 / options["x"], "name": "n"}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "losses.py").write_text(LOSSES, encoding="utf-8")
    return tmp_path


def run_here(**keys: Any) -> Study:
    """A study that this process has run."""
    study = Study("study.toml", **keys)
    study.run(workers=0)
    return study


def own_function(text: str) -> str:
    """Name of a function ``f`` of some text."""
    Path("own.py").write_text(textwrap.dedent(text), encoding="utf-8")
    return "own.py:f"


def only_error(study: Study) -> dict[str, str]:
    (run,) = study.runs.values()
    assert run.status is Status.FAILED
    return run.error


# Functions


def test_a_grid_of_a_function(folder: Path) -> None:
    study = run_here(run="losses.py:quadratic", grid={"x": [1, 2, 3]}, seeds=[0, 10])
    frame = study.table()
    assert list(frame["value"]) == [4, 14, 1, 11, 0, 10]
    assert study.missing == {} and study.best is not None and study.best.point == {"x": 3}
    groups = study.group("x")
    assert [(group.key["x"], group.mean, group.regret) for group in groups] == [
        (3, 5, 0),
        (2, 6, 1),
        (1, 9, 4),
    ]
    assert groups[0].deviation == pytest.approx(math.sqrt(50))
    assert study.group() == groups


def test_a_function_that_is_given_as_such(folder: Path) -> None:
    points = [{"x": x} for x in np.arange(3.0)]
    study = Study("study.toml", run=lambda options: {"loss": options["x"] ** 2}, points=points, metric="loss")
    study.run()
    assert list(study.table()["loss"]) == [0.0, 1.0, 4.0]
    with pytest.raises(StudyError, match="cannot be imported by other processes"):
        study.run("local", workers=2)
    assert Study(run=lambda options: 1, points=points).path == Path("study.toml")  # it has no name of its own


def test_results_of_one_study_are_the_points_of_the_next(folder: Path) -> None:
    first = run_here(run="losses.py:quadratic", grid={"x": [1, 2, 3]})
    good = first.table().query("value <= 1")[["x"]]
    second = Study("second.toml", run="losses.py:reporting", points=good, metric="loss", grid={"z": [1, 2]})
    second.run(workers=0)
    assert [run.point for run in second.runs.values()] == [{"x": x, "z": z} for x in (2, 3) for z in (1, 2)]


def test_what_is_complete_is_not_run_again(folder: Path) -> None:
    name = own_function("""
        def f(options):
            with open("count", "a") as count:
                count.write("x")
            return 1.0
    """)
    for _ in range(3):
        run_here(run=name, grid={"x": [1, 2]})
    assert Path("count").read_text() == "xx"
    Study("study.toml").run(workers=0, anew=True)
    assert Path("count").read_text() == "xxxx" and Path("study-1").is_dir()


def test_a_limit_shrinks_a_study_and_the_rest_follows_later(folder: Path) -> None:
    study = Study("study.toml", run="losses.py:quadratic", grid={"x": list(range(5))})
    study.run(workers=0, limit=2)
    assert sorted(study.missing) == [2, 3, 4]
    study.run(workers=0)
    assert study.missing == {}
    with pytest.raises(StudyError, match="limit: 0 would run nothing"):
        study.run(limit=0)


def test_failures_keep_their_traceback_and_are_tried_again_when_asked(folder: Path) -> None:
    name = own_function("""
        import os
        def f(options):
            if not os.path.exists("cured"):
                raise ZeroDivisionError("why not")
            return 1.0
    """)
    study = run_here(run=name, grid={"x": [1]})
    error = only_error(study)
    assert (error["type"], error["message"]) == ("ZeroDivisionError", "why not")
    assert "own.py" in error["traceback"] and "raise ZeroDivisionError" in error["traceback"]
    Path("cured").touch()
    study.run(workers=0)
    assert len(study.missing) == 1  # nobody has asked
    study.run(workers=0, retry="failed")
    assert study.missing == {} and study.runs[0].attempt == 2
    with pytest.raises(StudyError, match=r"'faield' is not known; .* Did you mean 'failed'"):
        study.run(retry=["faield"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return float('nan')", "metric: 'loss' is nan; a finite number is wanted"),
        ("return {'loss': float('inf')}", "metric: 'loss' is inf"),
        ("return {'los': 1}", "the run returned no 'loss'; it returned los. Did you mean 'los'?"),
        ("return {}", "the run returned no 'loss'; it returned nothing"),
        ("return {'loss': 'much'}", "metric: 'loss' is 'much'; a number is wanted"),
        ("return {'loss': True}", "metric: 'loss' is True; a number is wanted"),
        ("return {'loss': 1, 'more': object()}", "metric: 'more' is a object, which cannot be kept"),
        ("return None", "the function returned NoneType None; a number or a dict with loss is wanted"),
        ("return 'text'", "the function returned str 'text'"),
        ("report(-1, 2.0)", "report: step -1: a whole number of at least 0 is wanted"),
        ("report(1.5, 2.0)", "report: step 1.5: a whole number of at least 0 is wanted"),
        ("report(1, 'x')", "report(1, 'x'): a whole number and a number are wanted"),
        ("raise SystemExit(3)", "3"),
        ("return {'loss': 1, 'more': 10**5000}", "metric: 'more' is a whole number that no float can hold"),
        ("return {'loss': 10**400}", "metric: 'loss' is a whole number that no float can hold"),
        (
            "return {'loss': 1, 'more': __import__('numpy').array(object())}",
            "metric: 'more' is a object, which cannot be kept",
        ),
        (
            "raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})",
            "<its message cannot be made: ZeroDivisionError>",
        ),
    ],
)
def test_functions_that_return_something_wrong(folder: Path, body: str, message: str) -> None:
    name = own_function(f"def f(options, report):\n    {body}\n")
    assert message in only_error(run_here(run=name, metric="loss"))["message"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("losses.py:quadratc", "losses.py has no 'quadratc'. Did you mean 'quadratic'?"),
        ("nowhere:f", "cannot be imported: ModuleNotFoundError: No module named 'nowhere'"),
        ("nowhere.py:f", "there is no file"),
        ("own.py:f", "cannot be imported: SyntaxError"),
        ("math:pi", "is a float, not a function"),
    ],
)
def test_functions_that_cannot_be_had(folder: Path, name: str, message: str) -> None:
    own_function("def f(:")
    with pytest.raises(StudyError, match=re.escape(message)):
        run_here(run=name)
    assert not Path("study").exists()  # nothing was begun


@pytest.mark.parametrize(
    ("key", "base"), [("sampler", "optuna.samplers.RandomSampler"), ("pruner", "optuna.pruners.NopPruner")]
)
def test_a_class_of_ones_own_that_cannot_be_made(folder: Path, key: str, base: str) -> None:
    text = f"import optuna\n\nclass Mine({base}):\n    def __init__(self):\n        raise KeyError('gone')\n"
    (folder / "mine.py").write_text(text)
    search = {"x": {"low": 0.0, "high": 1.0}}
    with pytest.raises(StudyError, match=rf"{key}: .*mine.py:Mine.* refuses .*'gone'"):
        Study("study.toml", run="losses.py:quadratic", search=search, **{key: "mine.py:Mine"})


def test_a_function_may_change_the_working_directory(folder: Path) -> None:
    (folder / "away.py").write_text(
        "import os\n\n\ndef f(options, report):\n    here = os.getcwd()\n    os.chdir('/')\n"
        "    report(1, 2.0)\n    (report.directory / 'note').touch()\n    return {'y': 1, 'here': here}\n"
    )
    study = run_here(run="away.py:f", grid={"x": [1, 2]}, metric="y")
    assert [run.metrics["here"] for run in study.runs.values()] == [str(folder)] * 2
    assert Path.cwd() == folder and (folder / "study/runs/0001/note").exists()


def test_numbers_of_numpy_are_kept_in_full(folder: Path) -> None:
    name = own_function("""
        import numpy
        def f(options):
            return {"loss": numpy.float32(0.1), "n": numpy.int64(3), "nan": float("nan"), "list": [1, 2]}
    """)
    study = run_here(run=name, metric="loss")
    assert study.runs[0].metrics == {"loss": float(np.float32(0.1)), "n": 3, "nan": None, "list": [1, 2]}
    assert f"{float(np.float32(0.1))!r}" in study.rows().csv_text()


# Programs

PROGRAM = """
import sys, time
x = int(sys.argv[1])
if x == 1: sys.exit()
if x == 2: sys.exit("no luck")
if x == 3: time.sleep(60)
if x == 4: print("a b\\n1 2\\n3"); sys.exit()
if x == 5: print("noise\\ntime,energy\\n1,10\\n3,20"); sys.exit()
print("noise"); print('{"time": 7, "energy": 2.5}')
"""


def test_programs_and_all_that_becomes_of_them(folder: Path) -> None:
    Path("bench.py").write_text(PROGRAM, encoding="utf-8")
    command = f"{sys.executable} bench.py {{x}}"
    began = time.monotonic()
    study = run_here(
        command=command,
        timeout=2.0,
        grid={"x": [0, 1, 2, 3, 4, 5]},
        objective="mean(time) * max(energy)",
    )
    assert time.monotonic() - began < 60  # run 3 would sleep for so long
    runs = study.runs
    assert [run.status.value for run in runs.values()] == [
        "complete",
        "pruned",
        "failed",
        "failed",
        "failed",
        "complete",
    ]
    assert runs[0].metrics == {"time": 7, "energy": 2.5, "value": 17.5}
    assert runs[5].metrics == {"time": 2.0, "energy": 15.0, "value": 40.0}
    assert runs[2].error["message"] == "command: ended with exit code 1: no luck"
    assert "ran longer than timeout = 2 s" in runs[3].error["message"]
    assert "stdout.txt:2: 2 values for" in runs[4].error["message"] or "1 values" in runs[4].error["message"]
    assert (folder / "study/runs/0005/stdout.txt").read_text().startswith("noise")
    assert (folder / "study/runs/0002/stderr.txt").read_text() == "no luck\n"


def test_a_program_that_is_not_there(folder: Path) -> None:
    for name, expected in (
        ("./bench", "Did you mean 'bench.sh'"),
        ("bench.sh", "chmod +x"),
        ("./", "neither"),
    ):
        (folder / "bench.sh").write_text("echo 1")
        study = Study(f"study-{len(name)}.toml", command=f"{name} {{x}}", grid={"x": [1]})
        with pytest.raises(StudyError, match=re.escape(expected)):
            study.run("local", workers=1)
        assert not (study.folder / "journal.log").exists()


def test_a_program_that_differs_from_run_to_run(folder: Path) -> None:
    study = run_here(command=r"{program} 'value\n1\n'", grid={"program": ["printf", "./nowhere"]})
    assert [run.status for run in study.runs.values()] == [Status.COMPLETE, Status.FAILED]
    assert "'./nowhere' cannot be started: No such file" in study.runs[1].error["message"]


def test_no_shell_takes_part_in_a_command(folder: Path) -> None:
    run_here(command="echo {x}", grid={"x": ["$(touch hacked); touch hacked", "a  b"]}, objective="1")
    assert not list(folder.rglob("hacked"))
    assert (folder / "study/runs/0001/stdout.txt").read_text() == "a  b\n"


def test_what_a_hanging_program_has_started_is_ended_too(folder: Path) -> None:
    Path("hang.sh").write_text("#!/bin/sh\nsleep 321 &\necho $! > pid\nwait\n")
    Path("hang.sh").chmod(0o755)
    run_here(command="./hang.sh", timeout=0.5)
    pid = (folder / "study/runs/0000/pid").read_text().strip()
    assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]


def test_the_seed_of_a_command_may_be_an_option(folder: Path) -> None:
    run_here(command="echo {seed} {run}", grid={"seed": [7, 8]}, objective="1")
    assert (folder / "study/runs/0001/stdout.txt").read_text() == "8 1\n"


def test_a_program_ends_with_its_killed_worker(folder: Path) -> None:
    Path("hang.sh").write_text("#!/bin/sh\nsleep 321 &\necho $$ $! > pids\nwait\n")
    Path("hang.sh").chmod(0o755)
    worker = command("worker", write(folder, 'command = "./hang.sh"'))
    pids = folder / "study/runs/0000/pids"
    while not (pids.exists() and pids.read_text().endswith("\n")):
        assert worker.poll() is None
        time.sleep(0.02)
    worker.kill()
    worker.communicate(timeout=PATIENCE)
    wait_until(lambda: not any(is_running(pid) for pid in pids.read_text().split()))


def is_running(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_the_log_of_a_worker_has_everything_and_leaves_the_level_as_it_was(tmp_path: Path) -> None:
    package, other = logging.getLogger("hdeeprm"), logging.getLogger("hdeeprm.training")
    before = package.level, list(package.handlers), logging.getLogger("hdeeprm.studies").level
    with logged(tmp_path, "local:n1:1:1"):
        other.debug("in detail")
    assert (tmp_path / "worker-local-n1-1-1.log").read_text().endswith("DEBUG in detail\n")
    assert (package.level, list(package.handlers), logging.getLogger("hdeeprm.studies").level) == before


def test_a_signal_that_training_has_heard_ends_the_worker_and_puts_the_run_back() -> None:
    stop = StopSignal()
    with stop.listening():
        assert not stop.breaks_off(KeyboardInterrupt())  # the run's own
        assert stop.breaks_off(TrainingStopped()) and stop.is_made


def test_a_second_signal_does_not_break_off_the_cleaning_up() -> None:
    stop, cleaned = StopSignal(), False
    with pytest.raises(WorkerStopped), stop.listening(), stop.armed():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            cleaned = True
    assert cleaned


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('log\n{"a": 1, "b": "x"}\n', {"a": 1, "b": "x"}),
        ("a b\n1 2\n", {"a": [1.0], "b": [2.0]}),
        ("log 1\na,b\n1, 2\n3,4e1\n\n", {"a": [1.0, 3.0], "b": [2.0, 40.0]}),
        ("a;b\n1;2\n", {"a": [1.0], "b": [2.0]}),
    ],
)
def test_output_that_can_be_read(text: str, expected: dict[str, Any]) -> None:
    found = {name: np.asarray(value).tolist() for name, value in parsed_output(text).items()}
    assert found == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', "stdout.txt:1: the object of JSON is broken off"),
        ("a b\n1 2\n3\n", "stdout.txt:3: 1 values for the 2 columns a, b"),
        ("a b\n", "stdout.txt:1: a header and rows of numbers"),
        ("1 2\n3 4\n", "stdout.txt:1: a header and rows of numbers"),
        ("all went well\n", "'all went well' was printed"),
    ],
)
def test_output_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=re.escape(message)):
        parsed_output(text)


@given(st.floats(0.1, 10), st.floats(0.1, 10))
def test_expressions_are_arithmetic(a: float, b: float) -> None:
    metrics = {"a": a, "b": np.array([b, 2 * b])}
    assert evaluated("a * mean(b) + sqrt(a) - -2 ** 2 % 3", metrics) == pytest.approx(
        a * 1.5 * b + math.sqrt(a) - -(2**2) % 3
    )
    assert evaluated("percentile(b, 50) / last(b)", metrics) == pytest.approx(0.75)
    assert evaluated("b", metrics) == pytest.approx(1.5 * b)
    assert evaluated("b ^ 2 + +1_0", metrics) == evaluated("b ** 2 + 10", metrics)


@given(st.lists(st.sampled_from(["+", "-", "*", "/", "%", "**", "(2.0 - ", ")", "3.0", "5.5"]), max_size=12))
def test_expressions_are_worked_out_in_the_order_of_python(words: list[str]) -> None:
    text = " ".join(["1.0", *words])
    try:
        expected = eval(text)  # of floats, so that no power takes long
    except (SyntaxError, TypeError, ArithmeticError):
        expected = None
    if expected is None or isinstance(expected, complex):
        with pytest.raises(StudyError):
            evaluated(text, {})
    else:
        assert evaluated(text, {}) == pytest.approx(expected)


def test_expressions_name_any_column() -> None:
    """Whatever else a name means."""
    metrics = {"number": 2.0, "min": np.array([3.0, 5.0]), "negative": 4.0, "lambda": 1.0, "größe": 6.0}
    assert evaluated("number * min(min) - negative + lambda + größe", metrics) == 9.0


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("tmie", "objective: there is no 'tmie'; the run returned time. Did you mean 'time'?"),
        ("().__class__", "column 3: '.' cannot be in an expression"),
        ("()", "column 2: a number, a name or '(' is wanted, ')' was found"),
        ("[x for x in time]", "'[' cannot be in an expression"),
        ("'a' * 3", "cannot be in an expression"),
        ("mean(time, axis=0)", "'=' cannot be in an expression"),
        ("9**9**9**9", "objective: '9**9**9**9' cannot be computed: overflow"),
        ("9 ^ (0 - 1)/(2 - 2)", "cannot be computed: division by zero"),
        ("3 % 0", "cannot be computed: division by zero"),
        ("percentile(time, 101)", "cannot be computed: Percentiles must be"),
    ],
)
def test_expressions_that_are_none(expression: str, message: str) -> None:
    with pytest.raises(StudyError, match=re.escape(message)):
        evaluated(expression, {"time": 1.0})


# Searches


def test_a_search_finds_a_minimum_and_is_the_same_whoever_runs_it(folder: Path) -> None:
    search = {"x": {"low": 0.0, "high": 10.0}}
    studies = []
    for name in ("one", "two"):
        study = Study(
            f"{name}.toml", run="losses.py:quadratic", search=search, sampler="random", trials=20, metric="v"
        )
        study.run("local" if name == "two" else None, workers=2 if name == "two" else 0)
        studies.append([run.params["x"] for run in study.runs.values()])
    assert studies[0] == studies[1] and len(set(studies[0])) == 20
    assert study.best is not None and abs(study.best.params["x"] - 3) < 2


@pytest.mark.parametrize("sampler", ["tpe", "tpe-multivariate", "cma", "nsga2", "qmc"])
def test_every_sampler_searches(folder: Path, sampler: str) -> None:
    search = {"x": {"low": 0.0, "high": 10.0}, "y": {"low": 1, "high": 9, "step": 2}}
    study = run_here(run="losses.py:quadratic", search=search, sampler=sampler, trials=12)
    assert study.missing == {}
    assert {run.params["y"] for run in study.runs.values()} <= {1, 3, 5, 7, 9}


@pytest.mark.parametrize("scramble", [False, True])
def test_all_runs_share_one_sequence(folder: Path, scramble: bool) -> None:
    """The first run is a random one; any 16 that follow on each other fall into 16 equal parts."""
    study = run_here(
        run="losses.py:quadratic",
        search={"x": {"low": 0.0, "high": 16.0}},
        sampler={"name": "qmc", "scramble": scramble},
        trials=17,
    )
    assert sorted(int(run.params["x"]) for run in study.runs.values() if run.number) == list(range(16))


def test_no_two_who_ask_draw_the_same_point(folder: Path) -> None:
    study = Study(
        "study.toml",
        run="losses.py:quadratic",
        search={"x": {"low": 0.0, "high": 1.0}},
        sampler="qmc",
        trials=21,
    )
    study.tell(study.ask()["run"], 1.0)  # type: ignore[index] # there is one
    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(lambda _: study.ask(), range(20)))
    assert len({run["options"]["x"] for run in asked if run is not None}) == 20


def test_a_run_of_a_search_goes_through_all_seeds(folder: Path) -> None:
    study = run_here(run="losses.py:quadratic", search={"x": [1, 2]}, trials=2, seeds=[10, 20])
    for run in study.runs.values():
        expected = (run.params["x"] - 3) ** 2
        assert run.metrics == {"value": expected + 15}
        assert run.per_seed == {"10": {"value": expected + 10}, "20": {"value": expected + 20}}


def test_every_point_of_a_grid_has_a_search_of_its_own(folder: Path) -> None:
    name = own_function("""
        def f(options):
            return (options["x"] - options["target"]) ** 2
    """)
    study = run_here(
        run=name, grid={"target": [1.0, 9.0]}, search={"x": {"low": 0.0, "high": 10.0}}, trials=25
    )
    assert len(study.runs) == 50
    best = {group.key["target"]: group.best for group in study.group("target")}
    assert set(best) == {1.0, 9.0} and max(best.values()) < 0.5
    late = [run for run in study.runs.values() if run.number >= 30]
    means = {t: np.mean([run.params["x"] for run in late if run.point["target"] == t]) for t in (1.0, 9.0)}
    assert means[1.0] + 2 < means[9.0]  # neither is led astray by what is good at the other


def test_several_metrics_have_a_front(folder: Path) -> None:
    study = run_here(
        run="losses.py:trade_off",
        metric=["cost", "time"],
        search={"x": {"low": 0.1, "high": 10.0, "log": True}},
        sampler="nsga2",
        trials=10,
    )
    assert len(study.front) == 10  # each is a trade-off
    assert [run.metrics["cost"] for run in study.front] == sorted(run.metrics["cost"] for run in study.front)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_the_front_is_who_is_beaten_by_nobody(costs: list[tuple[int, int]]) -> None:
    runs = [
        Run(number, Status.COMPLETE, {}, None, metrics={"a": a, "b": -b})
        for number, (a, b) in enumerate(costs)
    ]
    front = [(r.metrics["a"], -r.metrics["b"]) for r in best_runs(runs, ["a", "b"], ["minimize", "maximize"])]
    beaten = {
        cost
        for cost in costs
        if any(other != cost and other[0] <= cost[0] and other[1] <= cost[1] for other in costs)
    }
    assert sorted(front) == sorted(set(costs) - beaten)


# Pruning


def test_reports_are_kept_and_asha_stops_the_worse(folder: Path) -> None:
    study = run_here(
        run="losses.py:reporting",
        metric="loss",
        grid={"x": [1, 2, 3, 4, 5, 6, 7, 8]},
        pruner={"name": "asha", "reduction_factor": 2, "max_t": 9},
    )
    statuses = [run.status.value for run in study.runs.values()]
    assert statuses[0] == "complete" and statuses[-1] == "pruned"
    assert study.runs[0].reports == {step: 1.0 * step for step in range(1, 10)}
    assert study.runs[7].reports == {1: 8.0}
    study.run(workers=0, retry=["pruned"])
    assert study.runs[7].attempt == 2


def test_a_function_may_stop_itself(folder: Path) -> None:
    name = own_function("""
        from hdeeprm.studies import Pruned
        def f(options):
            raise Pruned("hopeless")
    """)
    assert [run.status for run in run_here(run=name).runs.values()] == [Status.PRUNED]
    assert issubclass(Pruned, Exception)


def test_wilcoxon_stops_between_seeds(folder: Path) -> None:
    study = run_here(
        run="losses.py:quadratic",
        search={"x": {"low": 0.0, "high": 50.0}},
        seeds=list(range(12)),
        trials=8,
        sampler="random",
        pruner={"name": "wilcoxon", "p_threshold": 0.2},
    )
    statuses = {run.status for run in study.runs.values()}
    assert statuses == {Status.COMPLETE, Status.PRUNED}
    stopped = next(run for run in study.runs.values() if run.status is Status.PRUNED)
    assert 0 < len(stopped.reports) < 12


def test_wilcoxon_by_the_name_of_its_class_judges_whole_seeds_too(folder: Path) -> None:
    study = run_here(
        run="losses.py:reporting",
        metric="loss",
        search={"x": [1.0, 2.0]},
        seeds=[1, 2, 3],
        trials=1,
        pruner={"name": "optuna.pruners:WilcoxonPruner"},
    )
    (run,) = study.runs.values()
    assert list(run.reports) == [0, 1, 2]  # of the seeds, and none of the function's own


def test_population_based_training_goes_on_from_better_runs(folder: Path) -> None:
    name = own_function("""
        import json
        def f(options, report):
            start, level = 0, 0.0
            if report.inherited:
                start = report.inherited["step"]
                level = json.loads((report.inherited["directory"] / "state.json").read_text())[str(start)]
            states = {}
            for step in range(start + 1, 11):
                level += options["speed"]
                states[str(step)] = level
                (report.directory / "state.json").write_text(json.dumps(states))
                report(step, level)
            return {"score": level}
    """)
    study = run_here(
        run=name,
        metric="score",
        direction="maximize",
        search={"speed": {"low": 0.0, "high": 1.0}},
        trials=20,
        sampler="random",
        pruner={"name": "pbt", "interval": 3, "max_t": 10},
    )
    assert len(study.runs) == 20  # the number of runs stays
    heirs = [run for run in study.runs.values() if run.reports and min(run.reports) > 1]
    assert heirs and {run.status for run in study.runs.values()} == {Status.COMPLETE, Status.PRUNED}


# The project's own runs, and landscapes


def test_own_runs_are_run_directories(folder: Path) -> None:
    study = run_here(
        metric=["avg_bounded_slowdown", "energy_joules"],
        options={"workload_file_path": "gaia_like.swf", "platform_file_path": "mc2", "nb_jobs": 30},
        grid={"selection": ["first-high_gflops", "shortest-low_power"]},
        seeds=[3],
    )
    assert study.missing == {}
    for number, run in study.runs.items():
        place = folder / "study" / "runs" / f"{number:04d}"
        assert json.loads((place / "run.json").read_text())["status"] == "complete"
        options = json.loads((place / "options.json").read_text())
        assert options["seed"] == 3 and options["env"]["actions"]["selection"] == [
            run.point["env.actions.selection"]
        ]
        assert (
            json.loads((place / "metrics.json").read_text())["energy_joules"] == run.metrics["energy_joules"]
        )


TRAINING: dict[str, Any] = {
    "workload_file_path": "gaia_like.swf",
    "platform_file_path": "learning",
    "nb_jobs": 20,
    "agent.name": "reinforce",
    "training.num_envs": 1,
}


def test_training_reports_at_each_hundredth_however_fast_it_is(folder: Path) -> None:
    pytest.importorskip("torch")
    study = run_here(options={**TRAINING, "training.episodes": 20}, seeds=[1])
    (run,) = study.runs.values()
    assert run.status is Status.COMPLETE, run.error
    assert list(run.reports) == list(range(5, 101, 5))
    again = Study("again.toml", options={**TRAINING, "training.episodes": 20}, seeds=[1])
    again.run(workers=0)
    assert again.runs[0].reports == run.reports


def test_training_that_is_pruned_is_marked_incomplete(folder: Path) -> None:
    pytest.importorskip("torch")
    study = run_here(
        options={**TRAINING, "training.episodes": 4},
        seeds=[1],
        pruner={"name": "optuna.pruners:ThresholdPruner", "upper": -1e12},
    )
    (run,) = study.runs.values()
    assert run.status is Status.PRUNED and list(run.reports) == [25]
    state = json.loads((folder / "study/runs/0000/run.json").read_text())
    assert state["status"] == "incomplete" and state["reason"].startswith("pruned at step 25 with ")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_training_that_was_broken_off_goes_on_where_it_was(folder: Path, number: signal.Signals) -> None:
    pytest.importorskip("torch")
    text = """
        [options]
        workload_file_path = "gaia_like.swf"
        platform_file_path = "learning"
        nb_jobs = 20
        agent.name = "reinforce"
        training.episodes = 1000
        training.num_envs = 1
    """
    path = write(folder, text)
    worker = command("worker", path, OMP_NUM_THREADS="1")
    while not (folder / "study/runs/0000/checkpoints/last.pt").exists():
        assert worker.poll() is None
        time.sleep(0.05)
    while len(Study(path).runs[0].reports) < 12:
        time.sleep(0.05)
    worker.send_signal(number)
    worker.communicate(timeout=PATIENCE)
    assert worker.returncode == (143 if number == signal.SIGTERM else -number)
    study = Study(path)
    assert study.runs[0].status is not Status.COMPLETE
    study.run("local", workers=1)
    state = json.loads((folder / "study/runs/0000/run.json").read_text())
    assert study.runs[0].status is Status.COMPLETE and study.runs[0].attempt == 2
    assert state["status"] == "complete" and len(state["resumed"]) == 1
    assert not (folder / "study/runs/0000-1").exists()
    whole = Study("whole.toml", options=study.file.options)
    whole.run("local", workers=1)
    assert study.runs[0].reports == whole.runs[0].reports and len(whole.runs[0].reports) == 100
    assert study.runs[0].metrics == whole.runs[0].metrics


def test_a_search_on_a_landscape(folder: Path) -> None:
    study = run_here(
        run="landscape", landscape={"num_arms": 8, "num_epochs": 5}, grid={"arm": list(range(8))}, seeds=[1]
    )
    assert study.missing == {} and study.best is not None
    assert [len(run.reports) for run in study.runs.values()] == [5] * 8
    assert study.best.metrics["loss"] == min(run.metrics["loss"] for run in study.runs.values())


def test_a_landscape_of_a_file_beside_the_study(folder: Path) -> None:
    place = folder / "elsewhere"
    place.mkdir()
    (place / "flat.json").write_text('{"beta0": 0.25}')
    study = Study(place / "study.toml", run="landscape", landscape={"shape": "flat.json"}, grid={"arm": [0]})
    study.run(workers=0)
    assert set(study.runs[0].reports.values()) == {0.25}


def test_a_successor_on_a_landscape_goes_on_where_its_parent_was(folder: Path) -> None:
    study = run_here(
        run="landscape",
        landscape={"num_arms": 30, "num_epochs": 12},
        search={"arm": {"low": 0, "high": 29}},
        trials=30,
        sampler="random",
        pruner={"name": "pbt", "interval": 3, "max_t": 12},
    )
    heirs = [run for run in study.runs.values() if min(run.reports) > 1]
    assert heirs and all((min(run.reports) - 1) % 3 == 0 for run in heirs)
    assert {max(run.reports) for run in heirs if run.status is Status.COMPLETE} == {12}


def squared(options: dict[str, Any]) -> dict[str, float]:
    return {"loss": (options["x"] - 0.3) ** 2}


def test_a_sampler_learns_from_the_runs_so_far(tmp_path: Path) -> None:
    """After its first runs, which are random, TPE looks where the best ones were."""
    picked = {}
    for sampler in ("random", "tpe"):
        study = Study(
            tmp_path / f"{sampler}.toml",
            run=squared,
            search={"x": {"low": 0.0, "high": 1.0}},
            metric="loss",
            trials=40,
            sampler=sampler,
        )
        study.run(workers=0)
        picked[sampler] = [float(row["x"]) for row in study.rows().rows]
    assert picked["random"][:10] == picked["tpe"][:10]
    near = {name: sum(abs(x - 0.3) < 0.1 for x in values[10:]) for name, values in picked.items()}
    assert near["tpe"] >= 1.5 * near["random"]
