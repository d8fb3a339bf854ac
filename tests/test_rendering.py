"""Pictures of an episode: that each pixel shows what the simulation did, and where they are shown."""

from __future__ import annotations

import subprocess
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import RecordVideo
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hdeeprm.env import WorkloadManagementEnv, WorkloadManagementVectorEnv, learning_environment
from hdeeprm.env.rendering import LiveView, live, render_frame
from hdeeprm.env.rendering.axes import axis_end, ticks
from hdeeprm.env.rendering.canvas import GLYPH_HEIGHT, GLYPH_WIDTH, WHITE, Canvas, _glyphs
from hdeeprm.env.rendering.frame import (
    BLUE,
    CORES,
    FIGURES,
    GANTT,
    GREEN,
    HEIGHT,
    IDLE,
    JOB_COLOURS,
    MEMORY,
    ORANGE,
    QUEUE,
    WIDTH,
)
from hdeeprm.env.rendering.history import FREE, loads, queue_lengths, rectangles
from hdeeprm.errors import OptionsError
from hdeeprm.simulator import EmbeddedSimulator, JobStatus
from scenarios import ENV_ID, JOBS, LEARNING_ID, options

STARTED = (JobStatus.RUNNING, JobStatus.SUCCESS, JobStatus.WALLTIME_REACHED)


def played(num_steps: int, clock: str = "exact", **arguments: Any) -> WorkloadManagementEnv:
    """An environment over jobs that contend, some decisions on; all of them where there are fewer."""
    content = options(JOBS, simulator={"clock": clock})
    env = WorkloadManagementEnv(content, **{"recording": True} | arguments)
    env.reset(seed=0)
    actions = cycle([3, 36, 10, 0, 25, 14])
    for _ in range(num_steps):
        if env.simulator.over:
            break
        env.step(next(actions))
    return env


def written(pixels: np.ndarray, left: int, top: int, scale: int = 1) -> str:
    """The text that starts at a place, read glyph by glyph up to where two characters are blank."""
    known = {mask.tobytes(): character for character, mask in _glyphs().items()}
    text = ""
    while not text.endswith("    ") and left + GLYPH_WIDTH * scale <= pixels.shape[1]:
        cell = pixels[top : top + GLYPH_HEIGHT * scale : scale, left : left + GLYPH_WIDTH * scale : scale]
        mask = (cell != WHITE).any(axis=2)
        text += known[mask.tobytes()] if mask.any() else " "
        left += (GLYPH_WIDTH + 1) * scale
    return text.rstrip()


# What has happened ----------------------------------------------------------------------------------------


def job_at(simulator: EmbeddedSimulator, core: int, time: float) -> int:
    """The job that a core ran at a time, looked for one by one."""
    records = simulator.job_records()
    for placement in simulator.placements():
        job = records[placement["job"]]
        finish = simulator.now if job["status"] == JobStatus.RUNNING else job["end_time"]
        if placement["first_core"] <= core <= placement["last_core"] and job["start_time"] <= time < finish:
            return int(placement["job"])
    return FREE


@settings(max_examples=40)
@given(
    num_steps=st.integers(0, 30),
    rows=st.integers(1, 9),
    columns=st.integers(1, 40),
    room=st.floats(1.0, 3.0),
    clock=st.sampled_from(["exact", "batsim"]),
)
def test_each_pixel_of_the_gantt_chart(
    num_steps: int, rows: int, columns: int, room: float, clock: str
) -> None:
    simulator = played(num_steps, clock).simulator
    end = max(1.0, simulator.now) * room
    chart = np.full((rows, columns), FREE)
    for job, top, bottom, left, right in zip(*rectangles(simulator, rows, columns, end), strict=True):
        assert (chart[top:bottom, left:right] == FREE).all()  # no core runs two jobs
        chart[top:bottom, left:right] = job
    for row in range(rows):
        for column in range(columns):
            core = int((row + 0.5) / rows * simulator.platform.num_cores)
            assert chart[row, column] == job_at(simulator, core, (column + 0.5) * (end / columns))


@settings(max_examples=40)
@given(num_steps=st.integers(0, 30), columns=st.integers(1, 60), room=st.floats(1.0, 3.0))
@example(num_steps=15, columns=51, room=1.02)  # now is at the edge of a column, but for rounding
def test_each_column_of_the_queue(num_steps: int, columns: int, room: float) -> None:
    simulator = played(num_steps).simulator
    end = max(1.0, simulator.now) * room
    records, submitted = simulator.job_records(), simulator.submit_times()
    started = np.isin(records["status"], STARTED)
    counted = started | (records["status"] == JobStatus.WAITING)
    starts = np.where(started, records["start_time"], np.inf)

    def waiting(time: float) -> int:
        return int((counted & (submitted <= time) & (starts > time)).sum())

    lengths = queue_lengths(simulator, columns, end)
    instants = np.concatenate([submitted[counted], starts[started]])
    for column, length in enumerate(lengths):
        begin = column * (end / columns)
        finish = (column + 1) * (end / columns) if column < columns - 1 else np.inf
        within = instants[(instants >= begin) & (instants < finish)]
        at_first = waiting(begin) if begin <= simulator.now else 0
        assert length == max([at_first, *map(waiting, within)])
    edges = np.arange(columns) * (end / columns)
    assert lengths[np.searchsorted(edges, simulator.now, side="right") - 1] >= simulator.num_waiting


def test_the_loads_of_rows_are_means_over_their_cores() -> None:
    jobs = [(0.0, 12, 60.0, 60.0, 1000, 0), (0.5, 1, 1.0, 1.0, 0, 0)]
    content = options(jobs, platform_file_path="unequal_256")
    env = WorkloadManagementEnv(content)
    env.reset(seed=0)
    env.step(env.actions.names.index("first-high_gflops"))
    nodes = env.simulator.node_records()
    busy = 1.0 - nodes["free_cores"] / nodes["num_cores"]
    memory = 1.0 - nodes["free_memory"] / nodes["memory_kb"]
    assert loads(env.simulator, 1).cores[0] == pytest.approx(12 / 256)
    fine = loads(env.simulator, 256)  # a row per core
    np.testing.assert_allclose(fine.cores, np.repeat(busy, nodes["num_cores"]), atol=1e-12)
    np.testing.assert_allclose(fine.memory, np.repeat(memory, nodes["num_cores"]), atol=1e-12)
    assert loads(env.simulator, 7).cores.mean() == pytest.approx(12 / 256)


@given(st.floats(1e-3, 1e9))
def test_axes_end_soon_after_what_they_show(value: float) -> None:
    end = axis_end(value)
    assert value <= end <= 1.34 * value
    marks = ticks(end)
    assert 2 <= len(marks) <= 6 and marks[0] == 0.0 and marks[-1] <= end * (1 + 1e-9)


# Frames ---------------------------------------------------------------------------------------------------


def test_a_frame_of_a_state() -> None:
    jobs = [(0.0, 3, 60.0, 60.0, 4000, 0), (10.0, 2, 30.0, 30.0, 1000, 0)]
    env = WorkloadManagementEnv(options(jobs), render_mode="rgb_array")
    env.reset(seed=0)
    env.step(env.actions.names.index("first-high_gflops"))
    frame = env.render()
    assert isinstance(frame, np.ndarray) and (frame.shape, frame.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    assert written(frame, GANTT.left, 8, scale=2).startswith("10.00 s   1 waiting, 1 running, 0 of 2 ended")
    figures = [written(frame, FIGURES.left, FIGURES.top + 16 * line) for line in range(3)]
    assert figures == ["3 of 4 cores busy", "75.0% in use", "150.0 W"]

    chart = frame[GANTT.top : GANTT.bottom, GANTT.left : GANTT.left + GANTT.width]
    is_job = (chart == JOB_COLOURS[0]).all(axis=2)
    assert is_job.mean() == pytest.approx(0.75, abs=0.01)  # 3 of 4 cores from 0 to 10 s
    assert (chart == IDLE).all(axis=2).mean() == pytest.approx(0.25, abs=0.01)
    queue = frame[QUEUE.top : QUEUE.bottom, QUEUE.left : QUEUE.left + QUEUE.width]
    filled = (queue == ORANGE).all(axis=2)
    assert filled[:, -1].all() and not filled[:, 1:-1].any()  # job 1 has come just now
    for panel, colour, share in ((CORES, BLUE, 0.75), (MEMORY, GREEN, 12 / 32)):
        bars = frame[panel.top : panel.bottom, panel.left : panel.left + panel.width]
        assert (bars == colour).all(axis=2).mean() == pytest.approx(share, abs=0.01)


def test_what_is_to_come_is_white() -> None:
    env = played(12, recording=False, render_mode="rgb_array")
    frame = env.render()
    assert isinstance(frame, np.ndarray)
    now = env.simulator.now
    assert now < 120.0  # shown in s
    begin = GANTT.left + round(GANTT.width * now / axis_end(now))
    assert begin < GANTT.left + GANTT.width - 10
    for panel in (GANTT, QUEUE):
        rest = frame[panel.top : panel.bottom, begin + 1 : panel.left + panel.width]
        assert (rest == WHITE).all()
        assert not (frame[panel.top : panel.bottom, panel.left : begin] == WHITE).all(axis=2).any()


@pytest.mark.parametrize("clock", ["exact", "batsim"])
def test_all_states_have_frames_and_nothing_changes(clock: str) -> None:
    env, twin = played(0, clock), played(0, clock, recording=False)
    while not env.simulator.over:
        frame = render_frame(env.simulator)
        assert written(frame, GANTT.left, 8, scale=2)
        assert np.array_equal(frame, render_frame(env.simulator))
        action = 36 if env.simulator.may_wait() else 0
        assert env.step(action)[1] == twin.step(action)[1]
    assert env.summary() == twin.summary()
    assert f"{len(JOBS)} of {len(JOBS)} ended" in written(render_frame(env.simulator), GANTT.left, 8, scale=2)


def test_a_frame_after_coming_back_is_the_one_before() -> None:
    env = played(6)
    frame, snapshot = render_frame(env.simulator), env.snapshot()
    env.step(36)
    env.step(3)
    assert not np.array_equal(frame, render_frame(env.simulator))
    env.restore(snapshot)
    assert np.array_equal(frame, render_frame(env.simulator))


@pytest.mark.parametrize("platform", ["gaia", "mc2", "ricc"])
def test_large_platforms_have_frames(platform: str) -> None:
    content = options(JOBS, platform_file_path=platform, nb_resources=None)
    env = WorkloadManagementEnv(content, render_mode="rgb_array")
    env.reset(seed=0)
    env.step(0)
    frame = env.render()
    assert isinstance(frame, np.ndarray)
    num_cores = env.scenario.platform.num_cores
    assert written(frame, GANTT.left, GANTT.top - 12) == f"jobs on {num_cores:,} cores"


def test_text_is_drawn_as_its_glyphs() -> None:
    canvas = Canvas(200, 40)
    canvas.write(3, 2, "0.5 kW")
    canvas.write_before(200, 20, "75%")
    assert written(canvas.pixels, 3, 2) == "0.5 kW"
    assert written(canvas.pixels, 200 - 17, 20) == "75%"
    canvas.write(190, 30, "beyond the edge")  # is cut off
    untouched = canvas.pixels.copy()
    canvas.write(3, 30, "éß")
    assert np.array_equal(canvas.pixels, untouched)


def test_frames_need_no_matplotlib() -> None:
    code = (
        "import sys; from hdeeprm.env import learning_environment as make; "
        "env = make(render_mode='rgb_array'); env.reset(seed=0); assert env.render().any(); "
        "assert not {'matplotlib', 'PIL'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Gymnasium ------------------------------------------------------------------------------------------------


def test_gymnasium_finds_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_has_display", lambda: False)
    for mode in ("ansi", "rgb_array", "human"):
        env = gymnasium.make(LEARNING_ID, render_mode=mode)
        check_env(env.unwrapped)
        env.close()


def test_frames_are_collected() -> None:
    env = gymnasium.make(ENV_ID, options=options(), render_mode="rgb_array_list")
    env.reset(seed=0)
    env.step(0)
    frames: Any = env.render()
    assert [frame.shape for frame in frames] == [(HEIGHT, WIDTH, 3)] * 2
    assert not np.array_equal(*frames)


def test_a_video(tmp_path: Path) -> None:
    moviepy = pytest.importorskip("moviepy")
    folder = tmp_path / "videos"
    env = RecordVideo(gymnasium.make(LEARNING_ID, render_mode="rgb_array"), str(folder), disable_logger=True)
    num_frames, is_over = 1, False
    env.reset(seed=0)
    while not is_over:
        is_over = env.step(0)[2]
        num_frames += 1
    last: Any = env.render()
    env.close()
    (path,) = folder.glob("*.mp4")
    with moviepy.VideoFileClip(str(path)) as clip:
        assert (clip.w, clip.h, clip.fps) == (WIDTH, HEIGHT, 10)
        assert clip.n_frames == num_frames
        seen = clip.get_frame((num_frames - 0.5) / 10)
    assert np.abs(seen.astype(int) - last).mean() < 3.0  # compressed, but this picture


# Live -----------------------------------------------------------------------------------------------------


class Screen:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, float]] = []

    def show(self, simulator: EmbeddedSimulator) -> None:
        self.calls.append(("show", simulator.now))

    def wait(self, seconds: float) -> None:
        self.calls.append(("wait", seconds))

    def close(self) -> None:
        self.calls.append(("close", 0.0))


def test_each_decision_is_shown_for_as_long_as_the_rate_says(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, now = Screen(), [100.0]
    monkeypatch.setattr(live, "new_screen", lambda: screen)
    monkeypatch.setattr(live.time, "monotonic", lambda: now[0])
    simulator, view = played(3).simulator, LiveView(frames_per_second=10)
    view.show(simulator)
    now[0] += 0.03
    view.show(simulator)
    now[0] += 5.0
    view.show(simulator)
    view.close()
    view.close()
    shown = ("show", simulator.now)
    waits = [seconds for what, seconds in screen.calls if what == "wait"]
    assert waits == pytest.approx([0.0, 0.07, 0.0])
    assert [call for call in screen.calls if call[0] != "wait"] == [shown, shown, shown, ("close", 0.0)]


def test_human_shows_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr(live, "new_screen", lambda: screen)
    with learning_environment(render_mode="human") as env:
        env.reset(seed=0)
        times = [env.simulator.now]
        is_over = False
        while not is_over:
            is_over = env.step(0)[2]
            times.append(env.simulator.now)
        assert env.render() is None
    times.append(times[-1])
    assert [time for what, time in screen.calls if what == "show"] == times
    assert screen.calls[-1] == ("close", 0.0)


def test_without_a_display_the_terminal_shows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(live.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with learning_environment(render_mode="human") as env:
        env.reset(seed=0)
        env.step(env.actions.names.index("first-high_mem_bw"))
    shown = capsys.readouterr().out
    assert "2 ended" in shown and "0/4 cores busy" in shown
    assert "2 waiting" not in shown  # no terminal: only the last state
    assert shown.endswith("\n") and not shown.endswith("\n\n")


def test_where_windows_cannot_be_opened_the_terminal_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    from hdeeprm.env.rendering.terminal import Terminal

    monkeypatch.setenv("DISPLAY", ":77")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    screen = live.new_screen()
    assert isinstance(screen, Terminal)
    screen.close()


def test_without_matplotlib_the_terminal_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    from hdeeprm.env.rendering.window import open_window

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    assert open_window() is None


def test_a_window_holds_the_frame_until_it_is_closed() -> None:
    figures = pytest.importorskip("matplotlib.figure")
    from matplotlib.backend_bases import CloseEvent
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from hdeeprm.env.rendering.window import DPI, Window

    figure = figures.Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI)
    canvas = FigureCanvasAgg(figure)
    window, env = Window(figure), played(8)
    window.show(env.simulator)
    window.wait(0.01)
    canvas.draw()
    frame = render_frame(env.simulator)
    assert np.array_equal(np.asarray(canvas.buffer_rgba())[..., :3], frame)  # pixel by pixel
    canvas.callbacks.process("close_event", CloseEvent("close_event", canvas))
    env.step(36)
    window.show(env.simulator)
    window.wait(1000.0)  # nobody looks
    assert np.array_equal(figure.axes[0].images[0].get_array(), frame)
    window.close()


# What cannot be had ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("rgb_aray", "None, 'human', 'ansi', 'rgb_array'. Did you mean 'rgb_array'"),
        ("Human", "Did you mean 'human'"),
        ("rgb_array_list", "'rgb_array_list' is not known"),
    ],
)
def test_an_unknown_mode_is_an_error(mode: str, message: str) -> None:
    with pytest.raises(OptionsError, match=message):
        WorkloadManagementEnv(options(), render_mode=mode)


@pytest.mark.parametrize("mode", ["human", "rgb_array"])
def test_vector_environments_have_no_pictures(mode: str) -> None:
    with pytest.raises(OptionsError, match=f"{mode!r} is not known here; one of None, 'ansi'; a single"):
        WorkloadManagementVectorEnv(options(), render_mode=mode)
