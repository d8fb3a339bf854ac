"""The backend *batsim*, whole runs: over real ZeroMQ and the real PyBatsim, against a Batsim process.

Each run directory is the one that the embedded simulator gives with clock *batsim*. The Batsim is the
package's own; where the real one is on PATH, it has to give the same.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hdeeprm.batsim_files import write_batsim_files
from hdeeprm.cli import launch, main
from hdeeprm.options import load_options
from hdeeprm.scenario import load_scenario

pytest.importorskip("batsim", reason="PyBatsim is not installed")

OWN = str(Path(sys.executable).with_name("hdeeprm-batsim"))
BATSIMS = [
    pytest.param(OWN, id="own"),
    pytest.param(
        shutil.which("batsim") or "",
        id="real",
        marks=pytest.mark.skipif(shutil.which("batsim") is None, reason="batsim is not on PATH"),
    ),
]
SAME = (
    "decisions",
    "rewards",
    "out_jobs",
    "over_utilization_core",
    "over_utilization_mem",
    "over_utilization_mem_bw",
)
WALL_CLOCK = {"simulation_time", "scheduling_time", "batsim_version"}
EMBEDDED = {"clock": "batsim", "start_power": "p0"}
"""SimGrid 3.29 charges cores at P-state 0 at first, and so does a Batsim with it."""


def run(folder: Path, name: str, options: dict[str, Any], simulator: dict[str, Any]) -> Path:
    """Run directory of an experiment."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(options | {"simulator": simulator}))
    assert launch([str(path), "-o", str(folder / name)]) == 0
    return folder / name


def schedule(directory: Path) -> dict[str, str]:
    """What out_schedule.csv says but for the wall clock."""
    (row,) = csv.DictReader((directory / "out_schedule.csv").read_text().splitlines())
    return {name: value for name, value in row.items() if name not in WALL_CLOCK}


def assert_same(one: Path, other: Path) -> None:
    for name in SAME:
        assert (one / f"{name}.csv").read_bytes() == (other / f"{name}.csv").read_bytes(), name
    assert schedule(one) == schedule(other)
    assert json.loads((one / "metrics.json").read_text()) == json.loads((other / "metrics.json").read_text())


@pytest.mark.parametrize("batsim", BATSIMS)
@pytest.mark.parametrize(
    ("platform", "pair", "seed", "more"),
    [
        ("learning", "shortest-high_gflops", 0, {"workload": {"walltime": "requested"}}),
        ("learning", "random-random", 3, {}),
        ("das2", "smallest-high_mem_bw", 1, {}),
        ("gaia", "low_mem-high_cores", 2, {}),
        ("gaia", "first-low_power", 5, {"workload": {"window": {"start": 40, "length": 60}}}),
    ],
)
def test_classic_runs(
    tmp_path: Path, batsim: str, platform: str, pair: str, seed: int, more: dict[str, Any]
) -> None:
    options = {
        "platform_file_path": platform,
        "workload_file_path": "gaia_like.swf",
        "nb_jobs": 120,
        "seed": seed,
        "agent": {"name": pair},
    } | more
    real = {"backend": "batsim", "batsim_command": batsim}
    ours = run(tmp_path, "embedded", options, EMBEDDED)
    theirs = run(tmp_path, "batsim", options, real)
    assert_same(ours, theirs)


@pytest.mark.parametrize("batsim", BATSIMS)
@pytest.mark.parametrize(
    ("pair", "queue", "actions"),
    [
        ("first-high_gflops", {"backfilling": "easy"}, {}),
        (
            "F1-low_power",
            {"backfilling": "easy-strict", "discipline": "commit", "candidates": "submission"},
            {},
        ),
        ("wfp3-high_cores", {"backfilling": "rlscheduler", "discipline": "commit"}, {}),
        ("unicep-high_mem", {"backfilling": "conservative", "times": "true"}, {}),
        ("random", {"backfilling": "easy", "discipline": "commit"}, {"type": "jobs", "num_jobs": 4}),
    ],
)
def test_backfilling(
    tmp_path: Path, batsim: str, pair: str, queue: dict[str, Any], actions: dict[str, Any]
) -> None:
    """With requests that are too short for some jobs, too, and with the same reservations kept."""
    options = {
        "platform_file_path": "gaia_264",
        "workload_file_path": "gaia_like.swf",
        "nb_jobs": 120,
        "seed": 2,
        "workload": {"run_time": "synthetic", "walltime": "requested"},
        "queue": queue,
        "env": {"actions": actions},
        "agent": {"name": pair},
    }
    ours = run(tmp_path, "embedded", options, EMBEDDED)
    theirs = run(tmp_path, "batsim", options, {"backend": "batsim", "batsim_command": batsim})
    assert_same(ours, theirs)
    counts, known = (
        json.loads((directory / "run.json").read_text())["backfilling"] for directory in (ours, theirs)
    )
    assert counts == known
    assert known["backfilled"] > 0 and known["reservations"] > 0


@pytest.mark.parametrize("batsim", BATSIMS)
@pytest.mark.parametrize("agent", ["ppo", "reinforce"])
def test_learning_runs(tmp_path: Path, batsim: str, agent: str) -> None:
    """A fresh Batsim per episode, several at a time; the weights are the same in the end."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    options = {
        "platform_file_path": "learning",
        "workload_file_path": "gaia_like.swf",
        "nb_jobs": 20,
        "env": {"observation": "minimal", "reward": "integrated"},
        "agent": {"name": agent},
        "training": {"episodes": 4, "num_envs": 2},
    }
    ours = run(tmp_path, "embedded", options, EMBEDDED)
    theirs = run(tmp_path, "batsim", options, {"backend": "batsim", "batsim_command": batsim})
    assert_same(ours, theirs)
    one, other = (
        torch.load(place / "checkpoints" / "best.pt", weights_only=True)["model_state_dict"]
        for place in (ours, theirs)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("batsim", BATSIMS)
def test_comparison(tmp_path: Path, batsim: str, capsys: pytest.CaptureFixture[str]) -> None:
    tables = []
    for name, simulator in (
        ("embedded", EMBEDDED),
        ("batsim", {"backend": "batsim", "batsim_command": batsim}),
    ):
        path = tmp_path / f"{name}.json"
        path.write_text(
            json.dumps(
                {
                    "platform_file_path": "learning",
                    "workload_file_path": "gaia_like.swf",
                    "nb_jobs": 60,
                    "workload": {"window": {"length": 20}},
                    "simulator": simulator,
                }
            )
        )
        arguments = ["--agents", "first-low_power", "shortest-high_gflops", "--windows", "2", "--json"]
        capsys.readouterr()
        assert main(["compare", str(path), *arguments]) == 0
        tables.append(json.loads(capsys.readouterr().out))
    assert tables[0] == tables[1]


class TestFilesForBatsim:
    OPTIONS: ClassVar = {"platform_file_path": "gaia", "workload_file_path": "gaia_like.swf", "nb_jobs": 50}

    def test_the_workload_comes_back(self, tmp_path: Path) -> None:
        """What is exported and read again with -cw is the same experiment."""
        options = load_options(self.OPTIONS)
        _, path = write_batsim_files(options, tmp_path / "files")
        before, after = load_scenario(options).workload, load_scenario(options, path).workload
        for name in ("submit_time", "requested_cores", "requested_time", "memory_kb", "bandwidth_mb_per_s"):
            assert getattr(before, name).tolist() == getattr(after, name).tolist(), name
        speed = load_scenario(options).platform.reference_speed_flops
        assert (before.run_time * speed).tolist() == after.work_flop.tolist()
        assert before.job_ids == after.job_ids

    def test_by_the_command(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        options = tmp_path / "options.json"
        options.write_text(json.dumps(self.OPTIONS))
        assert main(["export", str(options), "-o", str(tmp_path / "files"), "--simgrid", "3.24"]) == 0
        assert capsys.readouterr().out.split() == [
            str(tmp_path / "files" / "platform.xml"),
            str(tmp_path / "files" / "workload.json"),
        ]
        assert "watt_per_state" in (tmp_path / "files" / "platform.xml").read_text()
        assert b'pstate="3"' in (tmp_path / "files" / "platform.xml").read_bytes()
        assert main(["export", str(options), "-o", str(tmp_path / "awake"), "--awake"]) == 0
        awake = (tmp_path / "awake" / "platform.xml").read_bytes()
        assert b'pstate="0"' in awake and b'pstate="3"' not in awake
        assert main(["export", str(options), "-o", str(tmp_path / "files")]) == 1
        assert (
            "platform.xml exists; give another name with -o, or replace it with --force"
            in capsys.readouterr().err
        )
        assert main(["export", str(options), "-o", str(tmp_path / "files"), "--force"]) == 0
        assert "wattage_per_state" in (tmp_path / "files" / "platform.xml").read_text()
        assert main(["export", str(options), "-o", str(options / "inside")]) == 1
        assert "choose another place" in capsys.readouterr().err
        assert main(["export", "--scheduler"]) == 0
        assert Path(capsys.readouterr().out.strip()).is_file()
        assert main(["export"]) == 2
        assert "no options.json is named" in capsys.readouterr().err
