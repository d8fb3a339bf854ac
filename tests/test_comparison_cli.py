"""``hdeeprm compare`` as its users meet it: the table, JSON and CSV, and one clear error for bad input."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import pytest

from hdeeprm.cli import main
from hdeeprm.metrics import METRICS
from waiting import PATIENCE, wait_until

compiled_only = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="long without compilation")

OPTIONS: dict[str, Any] = {
    "seed": 3,
    "platform_file_path": "equal_256",
    "workload_file_path": "lublin_256_like.swf",
    "workload": {"mem_bw": "none", "window": {"length": 30, "split": [0.6, 0.1, 0.3], "load": 1.2}},
    "env": {"objective": "avg_bounded_slowdown", "observation": "minimal"},
}
AGENTS = ("shortest-high_gflops", "first-high_gflops", "random")
SLOW = """
import os
import time
from hdeeprm.agents import Agent
class Slow(Agent):
    def decide(self, observation, action_mask):
        open(f"{os.getpid()}.started", "w").close()
        time.sleep(0.1)
        return 0
"""
FAILING = """
from hdeeprm.agents import Agent
class Failing(Agent):
    def begin(self, environment):
        self.job = environment.env.simulator.first_job
    def decide(self, observation, action_mask):
        print("I decide")
        return 99 if self.job > 360 else 0
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "options.json").write_text(json.dumps(OPTIONS), encoding="utf-8")
    return tmp_path


def run(*arguments: str, agents: tuple[str, ...] = AGENTS, windows: int = 4) -> int:
    named = ["--agents", *agents, "--windows", str(windows), "--workers", "1"]
    return main(["compare", "options.json", *named, *arguments])


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str, **named: Any) -> str:
    assert run(*arguments, **named) > 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ") and "Traceback" not in captured.err
    return captured.err


# What works


def test_the_table_says_who_was_compared_on_what(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        "4 windows of 30 jobs of lublin_256_like.swf (part test, load 1.2) on equal_256 (256 cores), 1 seed"
    )
    assert "95 % interval" in shown and "p (Holm)" in shown
    places = [shown.index(f"│ {name}") for name in ("shortest-high_gflops", "first-high_gflops")]
    assert places == sorted(places)
    assert "mean_bounded_slowdown, lower is better; gain over shortest-high_gflops, paired by window" in shown


def test_json_holds_the_table_and_all_values(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "--seeds", "2") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["setting"]["starts"] == [350, 390, 430, 470]
    assert found["metric"] == "mean_bounded_slowdown" and found["baseline"] == "shortest-high_gflops"
    assert {standing["name"] for standing in found["standings"]} == set(AGENTS)
    assert set(found["values"]) == set(AGENTS)
    assert set(found["values"]["random"]) == set(METRICS)
    windows = found["values"]["random"]["mean_bounded_slowdown"]
    assert [len(seeds) for seeds in windows] == [2, 2, 2, 2]
    standing = next(one for one in found["standings"] if one["name"] == "random")
    assert standing["mean"] == pytest.approx(sum(map(sum, windows)) / 8)
    assert standing["metrics"]["mean_bounded_slowdown"] == pytest.approx(standing["mean"])
    base = next(one for one in found["standings"] if one["name"] == found["baseline"])
    assert base["p_value"] is None


def test_csv_has_a_row_for_each_episode(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--csv", "all.csv", "--seeds", "2", "--json") == 0
    values = json.loads(capsys.readouterr().out)["values"]
    rows = list(csv.DictReader(io.StringIO((folder / "all.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 4 + 4 + 8
    row = next(row for row in rows if (row["contender"], row["window"], row["seed"]) == ("random", "1", "1"))
    assert row["first_job"] == "390" and row["num_jobs"] == "30"
    assert float(row["makespan"]) == values["random"]["makespan"][1][1]
    assert list(row) == ["contender", "window", "first_job", "seed", *METRICS]


@compiled_only
def test_the_same_comparison_has_the_same_bytes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for name, workers in (("a.csv", "1"), ("b.csv", "2")):
        agents = (*AGENTS, "rollout:num_futures=2", "shortest-fit")
        assert run("--csv", name, "--workers", workers, agents=agents, windows=2) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert (folder / "a.csv").read_bytes() == (folder / "b.csv").read_bytes()


def test_an_older_csv_file_is_kept_unless_forced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "all.csv").write_text("mine", encoding="utf-8")
    assert "all.csv exists; give another name with --csv, or replace it with --force" in error_of(
        capsys, "--csv", "all.csv"
    )
    assert (folder / "all.csv").read_text(encoding="utf-8") == "mine"
    assert run("--csv", "all.csv", "--force") == 0
    assert (folder / "all.csv").read_text(encoding="utf-8").startswith("contender,")
    assert sorted(path.name for path in folder.iterdir()) == ["all.csv", "options.json"]


def test_a_csv_file_goes_into_a_folder_that_is_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "there is no folder 'missing'" in error_of(capsys, "--csv", "missing/all.csv")
    assert "give another name with --csv" in error_of(capsys, "--csv", ".", "--force")


def test_another_workload_can_be_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("-cw", "gaia_like.swf", agents=AGENTS[:1]) == 0
    assert "of gaia_like.swf" in capsys.readouterr().out


def test_a_metric_of_more_digits_and_another_baseline(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--metric", "energy_consumption", "--baseline", "random", "--part", "all") == 0
    shown = capsys.readouterr().out
    assert (
        "energy_joules, lower" in shown
        and "mean (J)" in shown
        and "gain over random" in shown
        and "(part all" in shown
    )


def test_one_window_has_a_table_without_intervals(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(windows=1, agents=AGENTS[:2]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "first-high" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][2::2] == ["-", "-", "-"]


# What does not


def test_a_failing_contender_does_not_cost_the_others_theirs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "failing.py").write_text(FAILING, encoding="utf-8")
    assert run("--csv", "all.csv", "--json", agents=("failing.py", *AGENTS)) == 1
    captured = capsys.readouterr()
    found = json.loads(captured.out)  # what an agent prints goes elsewhere
    assert {standing["name"] for standing in found["standings"]} == set(AGENTS)
    assert [failure["contender"] for failure in found["failures"]] == ["failing.py"]
    assert "error: contender 'failing.py': window 1 (from job 390), seed 0: " in captured.err
    assert "I decide" in captured.err
    rows = (folder / "all.csv").read_text(encoding="utf-8").splitlines()
    assert sum(row.startswith("failing.py,") for row in rows) == 1
    assert len(rows) == 1 + 1 + 3 * 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metric", "slowness"], "metric: 'slowness' is not known; one of num_jobs"),
        (["--baseline", "nobody"], "baseline: 'nobody' is not among the contenders"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in error_of(capsys, *arguments)


def test_a_wrong_contender(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "contender 'shortest-fitt': 'shortest-fitt' is no agent" in error_of(
        capsys, agents=("random", "shortest-fitt")
    )


def test_a_part_without_a_split(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "options.json").write_text(json.dumps(OPTIONS | {"workload": {}}), encoding="utf-8")
    assert "part: 'test' needs a split" in error_of(capsys, "--part", "test")


@pytest.mark.parametrize("arguments", [["--windows", "0"], ["--part", "tests"], ["--workers", "x"]])
def test_arguments_of_a_wrong_kind_end_with_2(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2


@compiled_only
@pytest.mark.parametrize("to_all", [True, False])
def test_an_interrupt_ends_all_workers(to_all: bool, folder: Path) -> None:
    (folder / "slow.py").write_text(SLOW, encoding="utf-8")
    command = [sys.executable, "-m", "hdeeprm", "compare", "options.json", "--workers", "2"]
    process = subprocess.Popen(
        [*command, "--agents", "slow.py", "--windows", "8"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that Ctrl-C, which goes to a whole group, can be sent
    )
    workers = wait_for_workers(folder, 2)
    if to_all:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGTERM)
    shown, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert shown == "" and "Traceback" not in errors and "interrupted; nothing is written" in errors
    assert not any(is_running(worker) for worker in workers)


def wait_for_workers(folder: Path, count: int) -> list[int]:
    """Process ids of the workers, once so many have begun to play."""
    wait_until(lambda: len(list(folder.glob("*.started"))) == count)
    return [int(path.stem) for path in folder.glob("*.started")]


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
