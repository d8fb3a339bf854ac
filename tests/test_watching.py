"""Watching runs: what they tell while they go on, and how that is shown."""

from __future__ import annotations

import io
import json
import math
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numba
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from hdeeprm.cli import clean, launch, main
from hdeeprm.errors import RunDirectoryError
from hdeeprm.experiment import run_experiment
from hdeeprm.options import load_options
from hdeeprm.results import RunDirectory, heartbeat
from hdeeprm.results.directory import MARKER
from hdeeprm.results.heartbeat import FILE, MAX_PAST, Beat, Heart, read_beat
from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.training.stopping import RunStopped
from hdeeprm.watching import following
from hdeeprm.watching.following import Outlook, follow
from hdeeprm.watching.glimpse import Glimpse, glimpse
from hdeeprm.watching.sparkline import ASCII, BLOCKS, sparkline
from hdeeprm.watching.view import gauge_text, headline, view
from scenarios import options
from waiting import PATIENCE

NAN = math.nan


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beat at every occasion, and an occasion at every decision."""
    monkeypatch.setattr(heartbeat, "SECONDS_BETWEEN", 0.0)
    monkeypatch.setattr(EmbeddedSimulator, "decisions_at_once", 1)


def beat_of(done: int, unit: str = "jobs", **gauges: float) -> Beat:
    return Beat("simulating", unit, done, 100, gauges or {"waiting jobs": float(done)})


def text_of(seen: Glimpse, width: int = 100, **settings: Any) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False, **settings)
    console.print(view(seen, BLOCKS))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# Beats ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("eager")
def test_a_beat_comes_back_as_it_was(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    assert read_beat(directory.path) is None
    heart = Heart(directory)
    heart.beat(beat_of(1, queue=3.0, loss=NAN))
    heart.beat(beat_of(2, queue=0.1, loss=0.25))
    found = read_beat(directory.path)
    assert found is not None
    assert (found.stage, found.unit, found.done, found.total) == ("simulating", "jobs", 2, 100)
    assert found.gauges == {"queue": 0.1, "loss": 0.25}
    assert found.past["queue"] == [3.0, 0.1] and math.isnan(found.past["loss"][0])
    assert "NaN" not in (directory.path / FILE).read_text()
    heart.stop()
    heart.stop()
    assert [path.name for path in directory.path.iterdir()] == [MARKER]


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("num_beats", [1, MAX_PAST, MAX_PAST + 1, 5 * MAX_PAST])
def test_the_past_is_thinned_out_evenly(tmp_path: Path, num_beats: int) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    heart = Heart(directory)
    for number in range(num_beats):
        heart._past.add(beat_of(number))
    heart._past.add(beat_of(num_beats))
    kept = heart._past.readings["waiting jobs"]
    assert min(num_beats, MAX_PAST // 2) <= len(kept) <= MAX_PAST
    strides = {late - early for early, late in pairwise(kept)}
    assert kept[0] == 0.0 and len(strides) == 1 and kept[-1] + max(strides) > num_beats
    heart._past.add(beat_of(0, "steps", waiting=7.0))
    assert heart._past.readings == {"waiting": [7.0]}


def test_beats_are_a_second_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [50.0]
    monkeypatch.setattr(heartbeat.time, "monotonic", lambda: now[0])
    heart = Heart(RunDirectory.create(tmp_path / "run"))
    assert not heart.is_due
    now[0] += 1.0
    assert heart.is_due
    heart.beat(beat_of(1))
    assert not heart.is_due
    now[0] += 0.99
    assert not heart.is_due


@pytest.mark.usefixtures("eager")
def test_a_disk_that_takes_no_beat_stops_no_run(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    (directory.path / FILE).mkdir()
    Heart(directory).beat(beat_of(1))
    assert read_beat(directory.path) is None


@pytest.mark.parametrize("content", ["", "7", "{}", '{"stage": 1}', "[" * 100_000, '{"done": null}'])
def test_what_is_no_beat_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    assert read_beat(tmp_path) is None


# Runs that tell -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("eager")
def test_a_simulation_tells_and_leaves_no_trace_of_it(folder: Path) -> None:
    seen: list[Beat] = []

    def watch(env: Any, num_decisions: int) -> None:
        beat = read_beat(folder / "run")
        if beat is not None:
            seen.append(beat)

    run_experiment(load_options(options(agent={"name": "random"})), folder / "run", watch=watch)
    assert seen[0].stage == "simulating" and seen[0].unit == "jobs"
    assert {beat.total for beat in seen} == {13}
    assert [beat.done for beat in seen] == sorted(beat.done for beat in seen) and seen[-1].done > 5
    expected = {"waiting jobs", "running jobs", "utilization", "power", "simulated time", "decisions/s"}
    assert set(seen[0].gauges) == expected
    assert max(beat.gauges["utilization"] for beat in seen) == 1.0
    assert len(seen[-1].past["waiting jobs"]) == len(seen)
    assert (folder / "run" / "metrics.json").exists() and not (folder / "run" / FILE).exists()


def test_a_short_run_writes_no_beat(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Heart, "beat", lambda heart, beat: pytest.fail("a beat of a short run"))
    monkeypatch.setattr(heartbeat, "SECONDS_BETWEEN", 3600.0)
    run_experiment(load_options(options()), folder / "run")


@pytest.mark.usefixtures("eager")
def test_a_run_broken_off_keeps_its_last_beat(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def watch(env: Any, num_decisions: int) -> None:
        if num_decisions == 6:
            raise RunStopped("enough")

    with pytest.raises(RunStopped):
        run_experiment(load_options(options(agent={"name": "random"})), folder / "run", watch=watch)
    seen = glimpse(folder / "run")
    assert seen.is_over and seen.beat is not None and seen.beat.total == 13
    assert f"run: incomplete: enough, simulating: {seen.beat.done} of 13 jobs" in text_of(seen, width=300)
    assert main(["watch", "run"]) == 1
    assert "incomplete: enough" in capsys.readouterr().out
    assert clean(["run"]) == 0  # which knows the file
    assert not (folder / "run").exists()


@pytest.mark.usefixtures("eager")
def test_training_tells_returns_and_losses(folder: Path) -> None:
    pytest.importorskip("torch")
    seen: list[Beat | None] = []
    agent = {"name": "ppo", "hidden": 8, "settings": {"rollout_steps": 8, "epochs": 1, "num_minibatches": 2}}
    content = options(
        env={"observation": "minimal"}, agent=agent, training={"num_envs": 2, "total_steps": 64}
    )
    run_experiment(
        load_options(content),
        folder / "run",
        training_watch=lambda progress: seen.append(read_beat(folder / "run")),
    )
    beats = [beat for beat in seen if beat is not None]
    assert {beat.unit for beat in beats} == {"steps"} and beats[-1].total == 64
    assert max(beat.done for beat in beats) > 0
    last = beats[-1]
    assert {"return", "validation objective", "steps/s", "policy_loss"} <= set(last.gauges)
    assert last.gauges["mean wait"] > 0.0 and 0.0 < last.gauges["utilization"] <= 1.0
    assert last.gauges["return"] < 0.0 and len(last.past["return"]) > 1
    assert not (folder / "run" / FILE).exists()


# Glimpses -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("eager")
def test_a_run_that_goes_on(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    heart = Heart(directory)
    gauges = {"waiting jobs": 12.0, "utilization": 0.5, "power": 1500.0, "loss": NAN}
    heart.beat(beat_of(20, **gauges | {"waiting jobs": 0.0}))
    heart.beat(beat_of(25, **gauges))
    seen = glimpse(directory.path)
    assert not seen.is_over
    lines = [line.rstrip() for line in text_of(seen, width=300).splitlines()]
    started = re.escape(f"{directory.path}: running for ")
    assert re.fullmatch(rf"{started}\d+\.\d+ s, simulating: 25 of 100 jobs", lines[0])
    assert lines[1].split()[:2] == ["simulating", "25.0%"] and "━" in lines[1]
    rows = {line.split("  ")[0].strip(): line for line in lines[2:]}
    assert rows["waiting jobs"].endswith("12  ▁█") and "1.50 kW" in rows["power"]
    assert "50.0%" in rows["utilization"] and "loss" not in rows
    assert headline(seen, seconds_left=600.0).endswith("of 100 jobs, 10 min left")


@pytest.mark.usefixtures("eager")
def test_readings_have_room_on_a_narrow_terminal(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    heart = Heart(directory)
    for number in range(60):
        heart.beat(beat_of(number, **{"waiting jobs": 1000.0 + number, "power": 5.0}))
    lines = text_of(glimpse(directory.path), width=36).splitlines()
    assert all(len(line) <= 36 for line in lines)
    rows = [line for line in lines if line.startswith(("simulating ", "waiting jobs", "power"))]
    assert [row.split("  ")[0].strip() for row in rows] == ["simulating", "waiting jobs", "power"]
    assert "59.0%" in rows[0] and "1,059" in rows[1] and "0.01 kW" in rows[2]


def test_a_run_that_has_died(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    state = json.loads((directory.path / MARKER).read_text())
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    (directory.path / MARKER).write_text(json.dumps(state | {"pid": child.pid}))
    seen = glimpse(directory.path)
    assert seen.is_over and "incomplete: its process is gone" in text_of(seen, width=300)


@pytest.mark.usefixtures("eager")
def test_a_run_that_is_quiet(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    Heart(directory).beat(beat_of(1))
    before = time.time() - 60
    os.utime(directory.path / FILE, (before, before))
    assert re.search(r"quiet for 6\d s$", headline(glimpse(directory.path)))


def test_runs_to_come(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / MARKER).touch()
    for name in ("nothing", "empty", "taken"):
        seen = glimpse(tmp_path / name)
        assert seen.run is None and not seen.is_over
        assert "waiting for a run to begin here" in text_of(seen, width=300)


def test_a_complete_run_shows_its_metrics(folder: Path) -> None:
    run_experiment(load_options(options()), folder / "run")
    metrics = json.loads((folder / "run" / "metrics.json").read_text())
    shown = text_of(glimpse(folder / "run"), width=300)
    assert shown.startswith(f"{folder / 'run'}: complete\n")
    assert f"num_jobs 13, makespan {metrics['makespan']:,.6g} s, mean_wait_time" in shown


def test_a_metric_without_a_value_is_left_out(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run")
    run.write("metrics.json", json.dumps({"num_jobs": 0, "utilization": None}))
    run.finish("complete")
    assert text_of(glimpse(run.path), width=300).splitlines()[1].rstrip() == "num_jobs 0"


@given(st.lists(st.floats(-1e9, 1e9) | st.just(NAN), max_size=200), st.integers(1, 50))
def test_curves(values: list[float], width: int) -> None:
    drawn = sparkline(values, ASCII, width)
    assert len(drawn) <= width and set(drawn) <= {*ASCII, " "}
    known = [value for value in values if not math.isnan(value)]
    assert bool(drawn.strip()) == bool(known)
    if len(values) <= width and len(set(known)) > 1:
        assert len(drawn) == len(values)
        assert drawn[values.index(min(known))] == ASCII[0]
        assert drawn[values.index(max(known))] == ASCII[-1]


def test_gauges_have_units() -> None:
    shown = {
        "waiting jobs": (1234.0, "1,234"),
        "power": (21169.191, "21.17 kW"),
        "simulated time": (7.2e4, "20.00 h"),
        "policy_loss": (-0.000123456, "-0.00012346"),
        "steps/s": (12345.6, "12,346"),
    }
    for name, (value, text) in shown.items():
        assert gauge_text(name, value) == text


def test_what_remains_is_judged_by_the_pace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now, outlook = [10.0], Outlook()
    monkeypatch.setattr(following.time, "monotonic", lambda: now[0])

    def left(*beat: Any) -> float | None:
        return outlook.seconds_left(Glimpse(tmp_path, beat=beat_of(*beat)))

    assert outlook.seconds_left(Glimpse(tmp_path)) is None
    assert left(20) is None
    now[0] += 4.0
    assert left(20) is None
    assert left(30) == pytest.approx(28.0)  # 70 more at 10 in 4 s
    assert left(40, "steps") is None  # counted in something else
    now[0] += 1.0
    assert left(50, "steps") == pytest.approx(5.0)


# Following ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_terminal", [False, True])
def test_followed_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    """One look each: nothing there yet, running, telling, complete."""
    path = tmp_path / "run"

    def life() -> Iterator[None]:
        directory = RunDirectory.create(path)
        yield
        directory.write(FILE, json.dumps(vars(beat_of(5))))
        yield
        (path / FILE).unlink()
        directory.finish("complete")
        yield

    alive = life()
    monkeypatch.setattr(following.time, "sleep", lambda seconds: next(alive))
    file = io.StringIO()
    console = Console(file=file, force_terminal=is_terminal, width=300, highlight=False, markup=False)
    seen = follow(path, console)
    assert seen.is_over and seen.run is not None and seen.run.status == "complete"
    order = ["waiting for a run", "running for", "simulating: 5 of 100 jobs", "run: complete"]
    places = [file.getvalue().find(part) for part in order]
    assert -1 not in places and places == sorted(places)
    if not is_terminal:
        assert len(file.getvalue().splitlines()) == 4


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="looks at a compiled run from another process")
def test_a_real_run_is_watched_and_left(folder: Path) -> None:
    """A long run of its own process, watched on a terminal; Ctrl-C leaves the watch and not the run."""
    jobs = (f"{k + 1} {k} -1 100000 1 -1 -1 1 100 -1 1 -1 -1 -1 -1 -1 -1 -1\n" for k in range(400_000))
    (folder / "trace.swf").write_text("".join(jobs), encoding="utf-8")
    content = options(workload_file_path="trace.swf", agent={"name": "random"})
    (folder / "options.json").write_text(json.dumps(content), encoding="utf-8")
    script = "import sys; from hdeeprm.cli import main; sys.exit(main(sys.argv[1:]))"
    start = [sys.executable, "-c", script]
    run = subprocess.Popen([*start, "launch", "options.json", "-o", "run"], stderr=subprocess.DEVNULL)
    master, slave = pty.openpty()
    try:
        while not (folder / "run" / FILE).exists() and run.poll() is None:
            time.sleep(0.1)
        watch = subprocess.Popen([*start, "watch", "run"], stdout=slave, stderr=slave)
        os.close(slave)
        shown, end = "", time.monotonic() + PATIENCE
        while "waiting jobs" not in shown and time.monotonic() < end:
            shown += os.read(master, 4096).decode()
        watch.send_signal(signal.SIGINT)
        while "the run is left alone" not in shown and time.monotonic() < end:
            shown += os.read(master, 4096).decode()
        assert watch.wait(PATIENCE) == 130
        assert "utilization" in shown and "simulating" in shown
        assert run.poll() is None
    finally:
        os.close(master)
        run.kill()
        run.wait()
    assert main(["watch", "run", "--once"]) == 1  # it was killed


# What cannot be watched -----------------------------------------------------------------------------------


def errors_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["watch", *arguments]) == 1
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err and shown.err.startswith("error: ")
    return shown.err


def test_what_is_no_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "file").write_text("mine")
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.tex").touch()
    assert "mine holds no run" in errors_of(capsys, "mine")
    assert "file" in errors_of(capsys, "file")
    assert "later holds no run yet; leave --once out" in errors_of(capsys, "later", "--once")
    assert "no run here and none in runs/" in errors_of(capsys)


def test_a_run_of_a_newer_format(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunDirectory.create(folder / "run").finish("complete")
    state = json.loads((folder / "run" / MARKER).read_text())
    (folder / "run" / MARKER).write_text(json.dumps(state | {"format_version": 99}))
    assert "another version" in errors_of(capsys, "run")


def test_a_run_that_vanishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunDirectory.create(tmp_path / "gone")
    monkeypatch.setattr(following.time, "sleep", lambda _: shutil.rmtree(run.path, ignore_errors=True))
    with pytest.raises(RunDirectoryError, match="gone: the run is gone, its directory was removed"):
        follow(run.path, Console(file=io.StringIO()))


def test_a_directory_that_will_never_hold_a_run(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.mkdir()
    (path / "notes.txt").touch()
    with pytest.raises(RunDirectoryError, match="holds no run"):
        follow(path, Console(file=io.StringIO()))


def test_without_a_name_the_latest_run_is_watched(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "options.json").write_text(json.dumps(options()), encoding="utf-8")
    assert launch(["options.json"]) == 0
    capsys.readouterr()
    assert main(["watch"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("runs/options-") and "complete" in shown and "num_jobs 13" in shown
