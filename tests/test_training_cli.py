"""Training from the command line: arguments, progress, interrupts of real processes, and going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hdeeprm.cli import launch
from hdeeprm.results import read_status
from scenarios import JOBS, options, selection, workload_file
from waiting import PATIENCE, wait_until

torch = pytest.importorskip("torch")

EXAMPLE = Path(__file__).parents[1] / "examples" / "agent.py"
PPO = {"name": "ppo", "hidden": 8, "settings": {"rollout_steps": 8, "epochs": 1, "num_minibatches": 2}}
WRITTEN = ("checkpoints/last.pt", "checkpoints/best.pt", "losses.csv", "episodes.csv", "decisions.csv")
WORKLOAD = workload_file([(3.0 * k, *job[1:]) for k, job in enumerate(JOBS)])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_options(folder: Path, **changes: Any) -> str:
    env = selection("first-high_gflops", "shortest-low_power", observation="minimal")
    training = {"num_envs": 2, "total_steps": 64, "validations": 2}
    sections = {"workload_file_path": WORKLOAD, "env": env, "agent": PPO, "training": training}
    path = folder / "options.json"
    path.write_text(json.dumps(options(**{**sections, **changes})), encoding="utf-8")
    return str(path)


def errors_of(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ") and "Traceback" not in captured.err
    return captured.err


# What works


def test_training_shows_what_came_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch([write_options(folder), "-o", "out", "-om", "model.pt"]) == 0
    shown = capsys.readouterr()
    for part in (
        "Trained for 64 steps",
        "best in validation at step",
        "under ppo",
        "mean_wait_time",
        "Last checkpoint: out/checkpoints/last.pt",
        f"Model written: {folder}/model.pt",
    ):
        assert part in shown.out, part
    assert "training: 64 of 64 steps, return " in shown.err
    assert (folder / "model.pt").read_bytes() == (folder / "out/checkpoints/best.pt").read_bytes()


def test_json_has_metrics_and_facts_of_training(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch([write_options(folder), "-o", "out", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    facts = printed.pop("training")
    assert printed == json.loads((folder / "out/metrics.json").read_text())
    assert (facts["steps"], facts["updates"]) == (64, 4)
    assert facts["best_checkpoint"] == "out/checkpoints/best.pt"
    recorded = read_status(folder / "out")["training"]
    assert recorded == {key: value for key, value in facts.items() if key in recorded}


def test_a_file_is_trained_for_a_number_of_episodes_and_tested(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_options(folder)
    (folder / "mine").mkdir()
    (folder / "mine/agent.py").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    os.chdir(folder / "mine")
    assert launch([path, "-a", "agent.py", "-nr", "3", "-om", "model.pt", "-o", "out", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["training"]["episodes"] == 3
    test = json.loads(Path(path).read_text())
    test["agent"] = {"run": "test", "file": "nowhere.py", "hidden": 8}
    Path(path).write_text(json.dumps(test))
    assert launch([path, "-a", "agent.py", "-im", "model.pt", "-nr", "2", "-o", "test"]) == 0
    assert "2 runs" in capsys.readouterr().out
    rows = [Path(f"test/{k}/decisions.csv").read_bytes() for k in range(2)]
    assert rows[0] == rows[1] == Path("out/decisions.csv").read_bytes()


def test_number_of_episodes_takes_the_place_of_steps(folder: Path) -> None:
    path = write_options(folder)
    assert launch([path, "-nr", "4", "-o", "out", "--json"]) == 0
    training = json.loads((folder / "out/options.json").read_text())["training"]
    assert (training["episodes"], training["total_steps"]) == (4, None)


def test_classic_runs_are_repeated_as_ever(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_options(folder, agent={"name": "random"})
    assert launch([path, "-nr", "2", "-o", "out"]) == 0
    assert "2 runs" in capsys.readouterr().out


# Processes that are stopped


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    script = "import sys; from hdeeprm.cli import launch; sys.exit(launch(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments, "--json"],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for_save(process: subprocess.Popen[str], run: Path) -> None:
    """Until training has gone on beyond its first checkpoint."""
    best, last = run / "checkpoints/best.pt", run / "checkpoints/last.pt"
    wait_until(lambda: (best.exists() and last.exists()) or process.poll() is not None, pause=0.005)


PLUGIN = {"file": str(EXAMPLE), "hidden": 8}
LONG = {
    "ppo": {"agent": PPO, "training": {"num_envs": 2, "total_steps": 3200, "validations": 5}},
    "plugin": {"agent": PLUGIN, "training": {"episodes": 150, "validations": 5}},
}


@pytest.mark.parametrize(
    ("kind", "number"),
    [("ppo", signal.SIGINT), ("plugin", signal.SIGTERM), ("plugin", signal.SIGKILL)],
)
def test_a_stopped_process_goes_on_to_the_same_bytes(folder: Path, kind: str, number: signal.Signals) -> None:
    path = write_options(folder, **LONG[kind])
    assert launch([path, "-o", "whole", "--json"]) == 0
    process = start(folder, path, "-o", "run")
    wait_for_save(process, folder / "run")
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    status = read_status(folder / "run")["status"]
    if number == signal.SIGKILL:
        assert (process.returncode, status) == (-signal.SIGKILL, "running")
    else:
        assert (process.returncode, status) == (130, "incomplete"), err
        assert "go on with it: hdeeprm-launch --resume run" in err and "Traceback" not in err
    assert not (folder / "run/metrics.json").exists()
    assert launch(["--resume", "run", "--json"]) == 0
    for name in WRITTEN:
        assert (folder / "whole" / name).read_bytes() == (folder / "run" / name).read_bytes(), name


def test_an_interrupt_leaves_the_model_so_far(folder: Path) -> None:
    path = write_options(folder, **LONG["ppo"])
    process = start(folder, path, "-o", "run", "-om", "model.pt")
    wait_for_save(process, folder / "run")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert (folder / "model.pt").read_bytes() == (folder / "run/checkpoints/best.pt").read_bytes()


# What does not


def test_divergence_exits_with_1_and_keeps_the_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    text += "\n    def loss(self):\n        return super().loss() * float('inf')\n"
    (folder / "agent.py").write_text(text, encoding="utf-8")
    path = write_options(folder, agent={"file": "agent.py"}, training={"episodes": 3})
    assert launch([path, "-o", "out", "--json"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and "in episode 0" in shown.err and "Traceback" not in shown.err
    assert read_status(folder / "out")["status"] == "failed"
    assert (folder / "out/checkpoints/last.pt").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["-o", "x"], 2, "--resume RUN_DIR"),
        (["--resume", "nowhere"], 1, "holds no run"),
        (["--resume", "whole"], 1, "is complete"),
        (["--resume", "half", "-o", "other"], 2, "stays in its directory"),
        (["--resume", "half", "--seed", "9"], 2, "another seed"),
        (["--resume", "half", "-nr", "9"], 2, "another training.episodes"),
        (["options.json", "-a", "nowhere.py"], 1, "nowhere.py: no such file"),
        (["options.json", "-im", "nowhere.pt"], 1, "nowhere.pt: no such file"),
        (["options.json", "-om", "no/where.pt"], 1, "no/where.pt"),
        (["options.json", "--agent", "first-high_gflops", "-om", "m.pt"], 2, "does not learn"),
    ],
)
def test_wrong_arguments(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, part: str
) -> None:
    path = write_options(folder)
    launch([path, "-o", "whole", "--json"])
    (folder / "half").mkdir()
    for name in ("run.json", "options.json"):
        text = (folder / "whole" / name).read_text().replace('"complete"', '"incomplete"')
        (folder / "half" / name).write_text(text)
    capsys.readouterr()
    assert launch(arguments) == code
    assert part in errors_of(capsys)
    assert not (folder / "runs").exists()
