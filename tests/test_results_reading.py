"""What is read back from a run directory, what is said of what is missing, and what follows over time."""

from __future__ import annotations

import gzip
import json
import math
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import GOLDEN
from hdeeprm import load_options, run_experiment
from hdeeprm.errors import RunDirectoryError
from hdeeprm.results import RunDirectory, read_run
from hdeeprm.results.columns import read_columns
from hdeeprm.results.directory import MARKER
from hdeeprm.results.finding import default_run, with_repeats
from hdeeprm.results.placements import as_text, from_text
from hdeeprm.results.series import (
    bandwidth_loads,
    busy_cores,
    contended_processors,
    core_loads,
    cumulated,
    energy,
    memory_loads,
    node_bandwidth,
    power,
    processor_loads,
    queue_length,
    total,
)
from hdeeprm.shipped import shipped_file
from recorded_runs import JOBS, many_jobs, write_run

P_STATES = [
    {"speed": speed, "power": power} for speed, power in ((1.0, 1.0), (0.7, 0.6), (0.0, 0.2), (0.0, 0.1))
]


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


# What is there -------------------------------------------------------------------------------------------


def test_a_run_is_read_back(run_path: Path) -> None:
    run = read_run(run_path)
    assert (run.name, run.status, run.mark) == ("run", "complete", "")
    assert run.jobs.job_ids == ("a", "b", "c", "d")
    assert run.jobs.start_time.tolist()[:3] == [0, 0, 30]
    assert run.jobs.ended.tolist() == [True, True, True, False]
    rows = list(zip(*(column.tolist() for column in run.placements), strict=True))
    assert rows == [(0, 0, 1), (1, 2, 2), (2, 0, 0), (2, 2, 3)]
    assert (run.platform.name, run.num_cores, run.options.agent.name) == ("learning", 4, "first-high_gflops")
    assert run.schedule == {"consumed_joules": 1000.0, "makespan": 40.0, "nb_computing_machines": 4.0}
    assert run.workload.job_ids[2] == "c" and run.workload_rows.tolist() == [0, 1, 2, 3]


def test_tables_are_columns(tmp_path: Path) -> None:
    text = (
        'decision,time,action,action_name,blocked_by,reward\n0,0.5,1,"a,b",core,-1\n1,2,0,void,nothing,nan\n'
    )
    run = read_run(
        write_run(tmp_path / "run", tables=[("decisions.csv", text), ("rewards.csv", "reward\n2\n")])
    )
    assert run.decisions["action_name"].tolist() == ["a,b", "void"]
    assert run.decisions["time"].tolist() == [0.5, 2.0]
    assert math.isnan(run.decisions["reward"][1]) and run.rewards.tolist() == [2.0]


def test_metrics_are_those_of_the_file_or_follow_from_the_jobs(run_path: Path, tmp_path: Path) -> None:
    metrics = read_run(run_path).metrics
    assert (metrics["num_finished"], metrics["num_rejected"], metrics["makespan"]) == (3, 1, 40.0)
    assert metrics["utilization"] == pytest.approx((20 + 30 + 30) / 160)
    other = write_run(tmp_path / "other", tables=[("metrics.json", '{"makespan": 7, "edp": null}')])
    assert read_run(other).metrics["makespan"] == 7 and math.isnan(read_run(other).metrics["edp"])


def test_files_of_batsim_without_a_mark_are_read_packed_too(run_path: Path) -> None:
    (run_path / MARKER).unlink()
    (run_path / "options.json").unlink()
    jobs = run_path / "out_jobs.csv"
    (run_path / "out_jobs.csv.gz").write_bytes(gzip.compress(jobs.read_bytes()))
    jobs.unlink()
    run = read_run(run_path)
    assert (run.status, run.jobs.num_jobs, run.num_cores) == ("complete", 4, 4)


@given(st.lists(st.sets(st.integers(0, 40), max_size=12), max_size=8))
def test_placements_are_read_as_they_are_written(cores: list[set[int]]) -> None:
    texts = [" ".join(map(str, sorted(ids))) for ids in cores]
    intervals = from_text(texts)
    held = [
        [
            core
            for job, first, last in zip(*intervals, strict=True)
            if job == place
            for core in range(first, last + 1)
        ]
        for place in range(len(cores))
    ]
    assert held == [sorted(ids) for ids in cores]
    assert as_text(from_text(["0-3 7", "", "9"]), 3) == ["0-3 7", "", "9"]


# What is missing -----------------------------------------------------------------------------------------


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"holds no run: it has no run.json; name a run directory"):
        read_run(tmp_path)
    with pytest.raises(RunDirectoryError, match="holds no run"):
        read_run(tmp_path / "nowhere")


def test_a_run_of_another_version(run_path: Path) -> None:
    state = json.loads((run_path / MARKER).read_text())
    (run_path / MARKER).write_text(json.dumps(state | {"format_version": 2}))
    with pytest.raises(RunDirectoryError, match=r"another version of the format, 2; this one reads 1\. Use"):
        read_run(run_path)


@pytest.mark.parametrize("name", ["losses", "episodes", "action_preferences"])
def test_what_training_would_have_recorded(run_path: Path, name: str) -> None:
    with pytest.raises(RunDirectoryError, match=f"no {name}.csv in this run; training records it.*train"):
        getattr(read_run(run_path), name)


def test_what_a_simulation_would_have_written(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", jobs=(), status="failed", reason="no job fits"))
    assert run.mark == "failed: no job fits"
    message = r"no out_jobs.csv .* hdeeprm-launch has come to its end. This run is failed: no job fits"
    with pytest.raises(RunDirectoryError, match=message):
        _ = run.jobs


def test_a_run_goes_on_or_has_died(tmp_path: Path) -> None:
    path = RunDirectory.create(tmp_path / "run").path
    assert (read_run(path).status, read_run(path).mark) == ("running", "running")
    state = json.loads((path / MARKER).read_text())
    (path / MARKER).write_text(json.dumps(state | {"pid": 2**22 + 1}))
    assert (read_run(path).status, read_run(path).mark) == ("incomplete", "incomplete: its process is gone")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("decision,reward\n0,1\n1\n", r"rewards.csv:3: 1 cells for 2 columns; the file is damaged"),
        ("decision,reward\n0,1\n1,x\n", r"rewards.csv:3: reward: 'x' is no number; the file is damaged"),
        ("decision,reward\n0,\x00", r"rewards.csv"),
    ],
)
def test_damaged_tables(tmp_path: Path, text: str, message: str) -> None:
    run = read_run(write_run(tmp_path / "run", tables=[("rewards.csv", text)]))
    with pytest.raises(RunDirectoryError, match=message):
        _ = run.rewards


def test_damaged_cores_and_versions(tmp_path: Path) -> None:
    jobs = [JOBS[0]._replace(cores="0-x")]
    run = read_run(write_run(tmp_path / "run", jobs, tables=[("versions.json", "[1]")]))
    with pytest.raises(RunDirectoryError, match=r"allocated_resources: .*the file is damaged"):
        _ = run.placements
    with pytest.raises(RunDirectoryError, match=r"versions.json: an object .* is wanted"):
        _ = run.versions


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("rewards.csv", "", "rewards.csv: no column reward; the file is damaged"),
        ("decisions.csv", "time\n1\n", "decisions.csv: no column action"),
        ("decisions.csv", "time,action\n1,nan\n", "decisions.csv:2: action: nan is no figure of a run"),
        ("decisions.csv", "time,action\n1,-1\n", "decisions.csv:2: action: -1.0 is no figure of a run"),
        ("over_utilization_core.csv", "time\n1\ninf\n", "core.csv:3: time: inf is no figure of a run"),
        ("out_schedule.csv", "makespan\n", "one row about a whole run is wanted, 0 were found"),
        ("out_schedule.csv", "makespan\n1\n", "out_schedule.csv: no column nb_computing_machines"),
        ("out_schedule.csv", "nb_computing_machines\nnan\n", "nb_computing_machines: nan is no number"),
    ],
)
def test_tables_that_mean_nothing(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = write_run(tmp_path / "run")
    (path / name).write_text(text)
    run = read_run(path)
    read: dict[str, Callable[[], object]] = {
        "rewards.csv": lambda: run.rewards,
        "decisions.csv": lambda: run.decisions["action"],
        "over_utilization_core.csv": lambda: run.core_shortages,
        "out_schedule.csv": lambda: run.num_cores,
    }
    with pytest.raises(RunDirectoryError, match=message):
        read[name]()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"finish": math.inf}, r"out_jobs.csv:2: not a job: inf is no figure of a run"),
        ({"requested": 10**20}, r"out_jobs.csv:2: not a job: 1e\+20 is no figure of a run"),
        ({"cores": "9-2"}, r"allocated_resources: cores 9 to 2 run backwards"),
        ({"cores": "9" * 20}, r"allocated_resources: .*the file is damaged"),
    ],
)
def test_jobs_that_cannot_be(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    run = read_run(write_run(tmp_path / "run", [JOBS[0]._replace(**change)]))
    with pytest.raises(RunDirectoryError, match=message):
        _ = run.jobs, run.placements


def test_packed_files_that_were_cut_short(run_path: Path) -> None:
    jobs = run_path / "out_jobs.csv"
    packed = bytearray(gzip.compress(jobs.read_bytes()))
    jobs.unlink()
    for spoilt in (packed[:-20], packed[:20] + b"\xff" * 20 + packed[40:]):
        (run_path / "out_jobs.csv.gz").write_bytes(spoilt)
        for read in ("jobs", "placements"):
            with pytest.raises(RunDirectoryError, match=r"out_jobs\.csv\.gz cannot be read"):
                getattr(read_run(run_path), read)


def test_a_pipe_is_not_waited_on(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RunDirectoryError, match="pipe cannot be read: it is no regular file"):
        read_columns(tmp_path / "pipe")


def test_files_that_have_changed_since(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", [*JOBS[:3], JOBS[0]._replace(id="z", cores="4000")])
    run = read_run(path)
    with pytest.raises(RunDirectoryError, match="a job has core 4000, and there are 4, from 0 on"):
        processor_loads(run)
    (tmp_path / "jobs.json").write_text((tmp_path / "jobs.json").read_text().replace('"z"', '"y"'))
    with pytest.raises(
        RunDirectoryError, match=r"job 'z' is not in the workload .* put back the workload file"
    ):
        _ = run.workload_rows
    (path / "over_utilization_mem_bw.csv").write_text("processor,start,duration\n7,0,1\n")
    with pytest.raises(RunDirectoryError, match="processor 7 had no bandwidth left, and there are 2, from 0"):
        contended_processors(run)
    options = path / "options.json"
    options.write_text(options.read_text().replace('"learning"', '"gaia"'))
    with pytest.raises(RunDirectoryError, match="ran on 4 cores, and the platform 'gaia' now has 2280"):
        _ = read_run(path).platform


def test_columns_that_are_wanted(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b,c\n1,x,\n")
    found = read_columns(path, text={"b"}, only={"a", "b"})
    assert {name: column.tolist() for name, column in found.items()} == {"a": [1.0], "b": ["x"]}
    with pytest.raises(RunDirectoryError, match="cannot be read"):
        read_columns(tmp_path)


# Which run is meant --------------------------------------------------------------------------------------


def test_the_working_directory_or_the_latest_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunDirectoryError, match=r"no run here and none in runs/; name a run directory"):
        default_run()
    for name, started in (("new", "2026-02-01"), ("old", "2026-01-01")):
        path = write_run(tmp_path / "runs" / name)
        state = json.loads((path / MARKER).read_text())
        (path / MARKER).write_text(json.dumps(state | {"started": started}))
    assert default_run() == Path("runs/new")
    repeat = (tmp_path / "runs" / "new").rename(tmp_path / "runs" / "7")
    (tmp_path / "runs" / "many").mkdir()
    repeat.rename(tmp_path / "runs" / "many" / "7")
    assert default_run() == Path("runs/many/7") and read_run(default_run()).name == "many/7"
    monkeypatch.chdir(tmp_path / "runs" / "old")
    assert default_run() == Path()


def test_a_directory_of_repeats_stands_for_them(tmp_path: Path) -> None:
    for name in ("many/10", "many/2", "many/other", "one"):
        write_run(tmp_path / name)
    (tmp_path / "many" / "5").mkdir()
    paths = [tmp_path / name for name in ("many", "one", "absent")]
    names = [str(path.relative_to(tmp_path)) for path in with_repeats(paths)]
    assert names == ["many/2", "many/10", "one", "absent"]


# Over time -----------------------------------------------------------------------------------------------


def test_queue_and_cores_over_time(run_path: Path) -> None:
    run = read_run(run_path)
    queue, busy = queue_length(run), busy_cores(run)
    assert dict(zip(*map(np.ndarray.tolist, queue), strict=True)) == {0: 0, 5: 1, 30: 0}
    assert dict(zip(*map(np.ndarray.tolist, busy), strict=True)) == {0: 3, 10: 1, 30: 3, 40: 0}


def test_power_and_energy_follow_from_the_p_states(run_path: Path) -> None:
    time, watts = power(read_run(run_path))
    assert time.tolist() == [0, 10, 30, 40]
    both, one_of_50, idle_40, one_of_40 = 80.0, 50 + 12.5, 4.0, 40 + 10.0
    assert watts.tolist() == [both + one_of_50, idle_40 + one_of_50, one_of_40 + 100, 9.0]
    assert energy(read_run(run_path))[1].tolist() == [0, 1425, 1425 + 1330, 1425 + 1330 + 1500]


def test_memory_and_bandwidth_of_nodes(run_path: Path) -> None:
    run = read_run(run_path)
    assert total(memory_loads(run)).value.tolist() == [24.0, 8.0, 24.0, 0.0]  # GB: 8 for each core
    assert total(bandwidth_loads(run)).value.tolist() == [36.0, 12.0, 36.0, 0.0]
    assert node_bandwidth(run.platform).tolist() == [64.0]
    loads, job = processor_loads(run)
    assert list(zip(job, loads.place, loads.amount, strict=True)) == [
        (0, 0, 2),
        (1, 1, 1),
        (2, 0, 1),
        (2, 1, 2),
    ]
    whole, _ = core_loads(run, np.zeros(4, np.int64))
    assert whole.amount.tolist() == [2, 1, 1, 2]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(-5, 5)), max_size=30))
def test_changes_are_added_up(changes: list[tuple[int, int]]) -> None:
    steps = cumulated([time for time, _ in changes], [change for _, change in changes])
    assert steps.time[0] == 0 and all(one < other for one, other in pairwise(steps.time))
    for time, value in zip(*steps, strict=True):
        assert value == sum(change for when, change in changes if when <= time)


def test_energy_is_that_of_the_simulator_also_where_bandwidth_is_short(tmp_path: Path) -> None:
    platform = json.loads(shipped_file("platforms", "learning").read_text()) | {"p_states": P_STATES}
    platform["clusters"][0]["nodes"][0]["number"] = 8
    (tmp_path / "platform.json").write_text(json.dumps(platform))
    options = load_options(
        {
            "platform_file_path": str(tmp_path / "platform.json"),
            "workload_file_path": "lublin_256_like.swf",
            "workload": {"mem_bw": "draw", "oversized": "reject"},
            "nb_jobs": 300,
            "seed": 3,
            "agent": {"name": "smallest-high_mem_bw"},
        }
    )
    run_experiment(options, tmp_path / "run")
    run = read_run(tmp_path / "run")
    assert run.jobs.rejected.any() and len(run.oversubscriptions["start"]) > 10
    assert energy(run)[1][-1] == pytest.approx(run.schedule["consumed_joules"], rel=1e-9)
    assert power(run).value.max() <= run.platform.max_watts
    assert run.metrics["num_jobs"] == 300 and set(run.versions) >= {"hdeeprm", "numpy"}


@pytest.mark.skipif(not GOLDEN.exists(), reason="the recordings are not beside this checkout")
@pytest.mark.parametrize("name", ["learning60_first-high_gflops", "das2_hpc2n_1000_low_mem-low_power"])
def test_runs_of_the_original(name: str) -> None:
    run = read_run(GOLDEN / "runs" / name)
    assert queue_length(run).value.min() == 0 and busy_cores(run).value[-1] == 0
    assert run.metrics["mean_wait_time"] == pytest.approx(run.schedule["mean_waiting_time"])
    assert energy(run)[1][-1] == pytest.approx(run.schedule["consumed_joules"], rel=0.02)
    assert total(memory_loads(run)).value.max() <= run.platform.memory_gb


def test_many_jobs_are_read_fast_enough(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", many_jobs(5000)))
    assert busy_cores(run).value.max() == 3 and len(run.placements.job) == 5000
