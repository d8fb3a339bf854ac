"""Figures of runs: what they hold is what happened, and the colour-blind see it too."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import GOLDEN
from hdeeprm.errors import FigureError, RunDirectoryError
from hdeeprm.plots.binning import Bins, binned_loads, binned_steps, blocks_of, edges_of
from hdeeprm.plots.style import OKABE_ITO, group_styles, plain
from hdeeprm.results import RecordedRun, read_run
from hdeeprm.results.series import Loads, Steps, cumulated, total
from hdeeprm.time_units import time_unit
from recorded_runs import JOBS, Job, many_jobs, write_run

matplotlib = pytest.importorskip("matplotlib")

from matplotlib.axes import Axes  # noqa: E402
from matplotlib.collections import PolyCollection  # noqa: E402
from matplotlib.colors import to_rgb  # noqa: E402

from hdeeprm.plots.drawing import draw  # noqa: E402
from hdeeprm.plots.images import rows_of  # noqa: E402
from hdeeprm.plots.kinds import KINDS  # noqa: E402
from hdeeprm.plots.saving import save  # noqa: E402

ORIGINAL = (
    "queue_size utilization lifecycle gantt gantt_no_label core_bubbles mem_bubbles "
    "mem_bw_overutilization losses rewards action_preferences"
)
DECISIONS = (
    "decision,time,action,action_name,num_waiting,num_started,blocked_by,reward\n"
    "0,0,0,first-high_gflops,2,2,nothing,-1\n"
    "1,5,0,first-high_gflops,1,0,core,-2\n"
    "2,30,1,void,1,1,nothing,-3\n"
)
TRAINING = {
    "losses.csv": "update,step,policy_loss,value_loss,entropy\n1,8,-0.5,100,1.5\n2,16,0.25,50,1.25\n",
    "episodes.csv": "episode,step,return,length\n0,4,-10,4\n1,8,-6,4\n2,12,-5,4\n",
    "action_preferences.csv": "episode,step,first-low_power,$x$\n0,0,0.5,0.5\n1,4,0.75,0.25\n",
}
LOGS = {
    "decisions.csv": DECISIONS,
    "rewards.csv": "decision,reward\n0,-1\n1,-2\n2,-3\n",
    "over_utilization_core.csv": "time\n5\n7\n",
    "over_utilization_mem.csv": "time\n",
    "over_utilization_mem_bw.csv": "processor,start,duration\n1,5,10\n0,20,2\n",
}


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return read_run(write_run(tmp_path / "run", tables=LOGS.items()))


@pytest.fixture
def trained(tmp_path: Path) -> RecordedRun:
    tables = [*LOGS.items(), *TRAINING.items()]
    return read_run(write_run(tmp_path / "trained", jobs=(), tables=tables, status="incomplete"))


@pytest.fixture
def other(tmp_path: Path) -> RecordedRun:
    """The same jobs: the first one waits 10 s, the third one 5 s less."""
    jobs = [JOBS[0]._replace(start=10, finish=20), JOBS[1], JOBS[2]._replace(start=25, finish=45), JOBS[3]]
    return read_run(write_run(tmp_path / "other", jobs, LOGS.items()))


@pytest.fixture
def long_run(tmp_path: Path) -> RecordedRun:
    return read_run(write_run(tmp_path / "long", many_jobs(6000)))


def axes_of(name: str, *runs: RecordedRun) -> Axes:
    figure = draw([name], runs)
    figure.draw_without_rendering()  # what cannot be drawn fails here
    return figure.axes[0]


def points(axes: Axes, line: int = 0) -> tuple[list[float], list[float]]:
    x, y = axes.lines[line].get_data()
    return np.asarray(x).tolist(), np.asarray(y).tolist()


def words(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


# Over time -----------------------------------------------------------------------------------------------


def test_waiting_jobs(run: RecordedRun) -> None:
    axes = axes_of("queue_size", run)
    assert points(axes) == ([0, 5, 30, 40], [0, 1, 0, 0])
    assert axes.lines[0].get_drawstyle() == "steps-post"
    assert axes.get_title(loc="left") == "Waiting jobs\nrun · first-high_gflops · 4 jobs"
    assert axes.get_xlabel() == "time since the first submission (s)"
    assert (axes.get_ylabel(), axes.get_xlim(), words(axes)) == ("waiting jobs", (0, 40), [])


def test_utilization_is_in_percent_of_the_cores(run: RecordedRun) -> None:
    axes = axes_of("utilization", run)
    assert points(axes) == ([0, 10, 30, 40, 40], [75, 25, 75, 0, 0])
    assert axes.get_ylabel() == "busy cores (%)"


def test_power_between_idle_and_busy(tmp_path: Path) -> None:
    axes = axes_of("power", read_run(write_run(tmp_path / "run")))
    assert points(axes) == ([0, 10, 30, 40, 40], [142.5, 66.5, 150, 9, 9])
    assert axes.get_ylabel() == "power of the platform (W)\ndotted: all cores idle, all busy"
    assert {line.get_ydata()[0] for line in axes.lines[1:]} == {9.0, 180.0}


def test_energy_adds_up(tmp_path: Path) -> None:
    axes = axes_of("energy", read_run(write_run(tmp_path / "run")))
    assert points(axes) == ([0, 10, 30, 40], pytest.approx([0, 1.425, 2.755, 4.255]))
    assert axes.get_ylabel() == "energy of the platform (kJ)"


@pytest.mark.parametrize(
    ("name", "last"), [("queue_size", 0), ("utilization", 0), ("core_bubbles", 2), ("energy", 4.255)]
)
def test_several_runs_share_the_axes(run: RecordedRun, other: RecordedRun, name: str, last: float) -> None:
    axes = axes_of(name, run, other)
    assert words(axes) == ["run", "other"]
    assert points(axes)[1][-1] == pytest.approx(last)
    assert axes.lines[0].get_color() != axes.lines[1].get_color()
    assert axes.lines[0].get_linestyle() != axes.lines[1].get_linestyle()
    assert axes.get_title(loc="left").endswith("\n2 runs")
    assert axes.get_xlim()[1] == 45


def test_legends_are_beside_the_data(run: RecordedRun, other: RecordedRun, trained: RecordedRun) -> None:
    for axes in (axes_of("queue_size", run, other), axes_of("lifecycle", run), axes_of("losses", trained)):
        legend = axes.get_legend()
        assert legend is not None
        assert legend.get_window_extent().x0 >= axes.get_window_extent().x1


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    runs = [read_run(write_run(tmp_path / folder / "_x")) for folder in "ab"]
    labels = words(axes_of("queue_size", *runs))
    assert [label[-5:] for label in labels] == ["/a/_x", "/b/_x"] and max(map(len, labels)) <= 40
    long = [read_run(write_run(tmp_path / f"{'n' * 60}-{end}")) for end in "ab"]
    assert [label[-4:] for label in words(axes_of("queue_size", *long))] == ["nn-a", "nn-b"]
    assert words(axes_of("queue_size", runs[0], runs[0])) == [" _x", " _x #2"]


def test_many_changes_are_a_mean_and_a_band(long_run: RecordedRun) -> None:
    axes = axes_of("utilization", long_run)
    assert axes.get_ylabel() == "busy cores (%)\nmean, and from least to most"
    x, y = points(axes)
    assert len(x) == 400 and np.mean(y[5:-5]) == pytest.approx(75, abs=0.5)
    bounds = axes.collections[0].get_paths()[0].get_extents()
    assert (bounds.ymin, bounds.ymax) == (0, 75)
    assert bounds.xmax == pytest.approx((5999 + 3.5) / 60) and axes.get_xlabel().endswith("(min)")


def test_lack_of_cores_and_memory(run: RecordedRun) -> None:
    axes = axes_of("core_bubbles", run)
    assert points(axes) == ([0, 5, 7, 40], [0, 1, 2, 2])
    assert axes.get_ylabel() == "decisions that lacked cores, so far"
    axes = axes_of("mem_bubbles", run)
    assert points(axes) == ([0, 40], [0, 0]) and axes.texts[0].get_text() == "none lacked any"


# Jobs ----------------------------------------------------------------------------------------------------


def boxes(axes: Axes) -> list[tuple[float, float, float, float]]:
    """Left, right, bottom and top of each."""
    (found,) = (item for item in axes.collections if isinstance(item, PolyCollection))
    extents = [path.get_extents() for path in found.get_paths()]
    return [(box.x0, box.x1, box.y0, box.y1) for box in extents]


def test_gantt_has_a_box_for_each_interval_of_cores(run: RecordedRun) -> None:
    axes = axes_of("gantt", run)
    assert boxes(axes) == [(0, 10, -0.5, 1.5), (0, 30, 1.5, 2.5), (30, 40, -0.5, 0.5), (30, 40, 1.5, 3.5)]
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c", "c"]
    assert axes.texts[1].get_position() == (15, 2)
    colors = axes.collections[0].get_facecolor()
    assert np.array_equal(colors[2], colors[3]) and not np.array_equal(colors[0], colors[1])
    assert (axes.get_ylabel(), axes.get_ylim()) == ("core", (-0.5, 3.5))


def test_gantt_labels_only_what_has_room(tmp_path: Path, run: RecordedRun) -> None:
    assert not axes_of("gantt_no_label", run).texts
    long = "a name that is longer than its box by far, and then some more of it"
    jobs = [Job(long, 0, 1, 0, 10, "0"), Job("$b$", 0, 1, 0, 100, "1"), Job("c", 1, 1, 0, 0.01, "2")]
    texts = axes_of("gantt", read_run(write_run(tmp_path / "names", jobs))).texts
    assert [text.get_text() for text in texts] == [r"\$b\$"]


def test_gantt_of_very_many_jobs_shows_shares_of_busy_cores(long_run: RecordedRun) -> None:
    figure = draw(["gantt"], [long_run])
    axes, bar = figure.axes
    image = axes.images[0]
    shares = np.asarray(image.get_array())
    assert shares.shape == (4, 600) and not axes.collections and bar.get_ylabel() == "busy cores (%)"
    assert shares.max() <= 100 and shares.mean() == pytest.approx(75, abs=0.5)
    assert image.get_clim() == (0, 100)
    assert image.get_extent()[2:] == [-0.5, 3.5]


def test_life_of_each_job(run: RecordedRun) -> None:
    axes = axes_of("lifecycle", run)
    assert words(axes) == ["waits", "runs"]
    waits, runs = ([(bar.get_x(), bar.get_width()) for bar in bars] for bars in axes.containers)
    assert waits == [(0, 0), (0, 0), (5, 25)]
    assert runs == [(0, 10), (0, 30), (30, 10)]
    assert not any(bar.get_snap() for bar in axes.patches)  # thin ones would be rounded away


def test_lives_of_many_jobs_are_means_from_their_own_submission(long_run: RecordedRun) -> None:
    axes = axes_of("lifecycle", long_run)
    waits, runs = ([(bar.get_x(), bar.get_width()) for bar in bars] for bars in axes.containers)
    assert waits == [(0, 0.5)] * 400 and runs == [(0.5, 3)] * 400
    assert axes.get_xlabel() == "time since its own submission (s)"
    assert axes.get_ylabel() == "job in order of submission, means of 15"
    assert axes.get_ylim() == (0, 6000)


def test_slowdown_by_size_and_length(run: RecordedRun) -> None:
    axes = axes_of("slowdown_by_size", run)
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1\n1", "2-3\n2"]
    medians = [line.get_ydata()[0] for line in axes.lines if line.get_linewidth() == 1.8]
    assert medians == [1, (1 + 3.5) / 2]
    means = [line.get_ydata()[0] for line in axes.lines if line.get_marker() == "D"]
    assert means == [1, (1 + 3.5) / 2]
    axes = axes_of("slowdown_by_length", run)
    assert [text.get_text() for text in axes.get_xticklabels()] == ["< 1 min\n3"]
    assert axes.get_yscale() == "linear"


def test_classes_of_lengths(tmp_path: Path) -> None:
    lengths = (59, 60, 599, 3600, 86399, 86400)
    jobs = [Job(str(n), 0, 1, 1e6 * n, 1e6 * n + length, "0") for n, length in enumerate(lengths)]
    axes = axes_of("slowdown_by_length", read_run(write_run(tmp_path / "run", jobs)))
    names = [text.get_text() for text in axes.get_xticklabels()]
    assert names == [
        "< 1 min\n1",
        "1 min\u201310 min\n2",
        "1 h\u20136 h\n1",
        "6 h\u20131 d\n1",
        "\u2265 1 d\n1",
    ]
    assert axes.get_yscale() == "log"


def test_wait_times_are_a_distribution(run: RecordedRun, other: RecordedRun) -> None:
    axes = axes_of("wait_times", run, other)
    third = 100 / 3
    assert points(axes, 0) == ([0, 0, 0, 25, 30], pytest.approx([0, third, 2 * third, 100, 100]))
    assert points(axes, 1) == ([0, 0, 10, 20, 30], pytest.approx([0, third, 2 * third, 100, 100]))
    assert axes.get_xscale() == "symlog" and words(axes) == ["run", "other"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "1 s", "10 s"]


# Nodes and processors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "shares"), [("memory", (75, 25, 75)), ("bandwidth", (56.25, 18.75, 56.25))])
def test_loads_of_nodes(run: RecordedRun, name: str, shares: tuple[float, ...]) -> None:
    figure = draw([name], [run])
    axes, bar = figure.axes
    values = np.asarray(axes.images[0].get_array())
    assert values.shape == (1, 600)
    assert values[0, [75, 300, 525]].tolist() == pytest.approx(shares)
    assert (axes.get_ylabel(), bar.get_ylabel()) == ("node", f"{name} of the node (%)")


def test_more_bandwidth_than_there_is_has_its_own_colour(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run")
    jobs = tmp_path / "jobs.json"
    jobs.write_text(jobs.read_text().replace('"mem_bw": 12', '"mem_bw": 30'))
    figure = draw(["bandwidth"], [read_run(path)])
    image = figure.axes[0].images[0]
    assert image.get_clim() == (0, 100) and np.asarray(image.get_array()).max() == pytest.approx(140.625)
    assert figure.axes[1].get_ylabel() == "bandwidth of the node (%); orange: more than 100"
    drawn = image.to_rgba(image.get_array())
    assert to_rgb("#D55E00") == pytest.approx(drawn[0, 10, :3])


def test_processors_without_bandwidth(run: RecordedRun, tmp_path: Path) -> None:
    axes = axes_of("mem_bw_overutilization", run)
    assert boxes(axes) == [(5, 15, 0.5, 1.5), (20, 22, -0.5, 0.5)]
    rows = "".join(f"1,{start},0.001\n" for start in np.linspace(0, 20, 5001))
    tables = [("over_utilization_mem_bw.csv", f"processor,start,duration\n{rows}")]
    figure = draw(["mem_bw_overutilization"], [read_run(write_run(tmp_path / "many", tables=tables))])
    shares = np.asarray(figure.axes[0].images[0].get_array())
    assert shares[0].max() == 0 and shares[1, :300].mean() == pytest.approx(25, rel=0.01)
    assert shares[1, 301:].max() == 0


# Agents --------------------------------------------------------------------------------------------------


def test_losses_of_an_incomplete_run_are_drawn_and_marked(trained: RecordedRun) -> None:
    axes = axes_of("losses", trained)
    assert words(axes) == ["policy_loss", "value_loss"]
    assert points(axes, 0) == ([1, 2], [-0.5, 0.25]) and points(axes, 1) == ([1, 2], [100, 50])
    assert axes.get_yscale() == "symlog" and axes.get_xlabel() == "update"
    assert axes.get_title(loc="left").endswith("trained · first-high_gflops · INCOMPLETE")


def test_returns_of_training_or_rewards_of_decisions(trained: RecordedRun, run: RecordedRun) -> None:
    axes = axes_of("rewards", trained)
    assert points(axes) == ([0, 1, 2], [-10, -6, -5])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("episode of training", "return")
    axes = axes_of("rewards", run)
    assert points(axes) == ([0, 1, 2], [-1, -2, -3])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("decision", "reward")


def test_many_rewards_are_means_with_a_band(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 2}\n" for n in range(30_000))
    run = read_run(write_run(tmp_path / "run", tables=[("rewards.csv", f"decision,reward\n{rows}")]))
    axes = axes_of("rewards", run)
    assert points(axes)[1] == [0.5] * 300
    bounds = axes.collections[0].get_paths()[0].get_extents()
    assert (bounds.ymin, bounds.ymax) == (0, 1)


def test_preferences_of_actions(trained: RecordedRun, tmp_path: Path) -> None:
    axes = axes_of("action_preferences", trained)
    assert words(axes) == ["first-low_power", r"\$x\$"]
    assert points(axes, 0) == ([0, 1], [0.5, 0.75]) and axes.get_ylim() == (0, 1)
    names = [f"a{number}" for number in range(12)]
    rows = "".join(f"{episode},0,{','.join(['0.0625'] * 11)},0.3125\n" for episode in range(5))
    table = f"episode,step,{','.join(names)}\n{rows}"
    many = read_run(write_run(tmp_path / "many", tables=[("action_preferences.csv", table)]))
    axes = axes_of("action_preferences", many)
    values = np.asarray(axes.images[0].get_array())
    assert values.shape == (12, 5) and values[:, 0].tolist() == [0.0625] * 11 + [0.3125]
    assert [text.get_text() for text in axes.get_yticklabels()] == names


def test_decisions_are_shares_in_bins_of_time(run: RecordedRun) -> None:
    axes = axes_of("decisions", run)
    shares = np.ma.filled(axes.images[0].get_array(), np.nan)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["first-high_gflops (2)", "void (1)"]
    decided = np.flatnonzero(np.isfinite(shares[0]))
    assert decided.tolist() == [0, 15, 90]  # at 0, 5 and 30 of 40 s, of 120 bins
    assert shares[:, decided].tolist() == [[100, 100, 0], [0, 0, 100]]


# Several runs --------------------------------------------------------------------------------------------


def test_comparison_shows_gains_over_the_first_run(run: RecordedRun, other: RecordedRun) -> None:
    axes = axes_of("comparison", run, other)
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "mean wait",
        "mean turnaround",
        "mean bounded slowdown",
        "makespan",
        "energy",
    ]
    gains = axes.containers[0].lines[0].get_xdata()
    waits, turnarounds = (25, 30), (10 + 30 + 35, 20 + 30 + 40)
    slowdowns = (1 + 1 + 3.5, 2 + 1 + 2)
    wanted = [100 * (1 - new / old) for old, new in (waits, turnarounds, slowdowns, (40, 45), (1, 1))]
    assert gains == pytest.approx(wanted)
    assert axes.get_xlabel().startswith("other:\nbetter than run by (%), on 3 jobs")


def test_nothing_can_be_some_percent_below_zero(tmp_path: Path) -> None:
    jobs = [Job(str(n), 10 * n, 1, 10 * n, 10 * n + 5, "0") for n in range(3)]
    later = [job._replace(start=job.start + 1, finish=job.finish + 1) for job in jobs]
    runs = [read_run(write_run(tmp_path / name, rows)) for name, rows in (("now", jobs), ("later", later))]
    axes = axes_of("comparison", *runs)
    gains = np.asarray(axes.containers[0].lines[0].get_xdata())
    assert np.isnan(gains[0]) and gains[1] == pytest.approx(-20)
    assert [text.get_text() for text in axes.texts] == ["0 in now: no %"]


def test_intervals_hold_the_gain(tmp_path: Path) -> None:
    jobs = many_jobs(200)
    rng = np.random.default_rng(1)
    faster = [
        job._replace(start=job.start - cut, finish=job.finish - cut)
        for job, cut in zip(jobs, rng.uniform(0, 0.5, len(jobs)), strict=True)
    ]
    runs = [read_run(write_run(tmp_path / name, rows)) for name, rows in (("slow", jobs), ("fast", faster))]
    axes = axes_of("comparison", *runs)
    bars = axes.containers[0].lines[2][0].get_segments()
    gain = axes.containers[0].lines[0].get_xdata()[0]
    (low, _), (high, _) = bars[0]
    assert gain == pytest.approx(50, abs=6)
    assert 40 < low < gain < high < 60


def test_differences_of_waits(run: RecordedRun, other: RecordedRun) -> None:
    axes = axes_of("differences", run, other)
    assert points(axes) == ([0, 0, 5, 5], [10, 0, -5, -5])
    assert axes.get_ylabel() == "other:\nwait longer than in run (s)\nmean, and from 5 to 95 %"


@pytest.mark.parametrize("name", ["comparison", "differences"])
def test_what_cannot_be_compared(run: RecordedRun, name: str, tmp_path: Path) -> None:
    with pytest.raises(FigureError, match="a comparison needs at least two runs; name another one"):
        draw([name], [run])
    stranger = read_run(write_run(tmp_path / "stranger", [JOBS[0]._replace(id="z")]))
    with pytest.raises(FigureError, match="have no job in common; compare runs of one workload"):
        draw([name], [run, stranger])
    changed = read_run(write_run(tmp_path / "changed", [JOBS[0]._replace(requested=1)]))
    with pytest.raises(FigureError, match="job a is submitted at another time, or asks for other cores"):
        draw([name], [run, changed])


# Whole figures -------------------------------------------------------------------------------------------


def test_the_figures_of_the_original_come_first() -> None:
    assert tuple(KINDS)[:11] == tuple(ORIGINAL.split())
    assert all((kind.draw_run is None) != (kind.draw_runs is None) for kind in KINDS.values())


def test_panels(run: RecordedRun, other: RecordedRun) -> None:
    figure = draw(["queue_size", "gantt"], [run, other])
    titles = [axes.get_title(loc="left").split("\n") for axes in figure.axes]
    assert [title for title, _ in titles] == ["Waiting jobs", "Gantt chart", "Gantt chart"]
    assert [told.partition(" ")[0] for _, told in titles] == ["2", "run", "other"]
    assert figure.axes[2].get_position().y0 < figure.axes[1].get_position().y0


def test_unknown_figures_and_nothing_to_draw(run: RecordedRun, tmp_path: Path) -> None:
    with pytest.raises(FigureError, match=r"'gant' is no figure; one of queue_size, .*Did you mean 'gantt'"):
        draw(["gantt", "gant"], [run])
    with pytest.raises(FigureError, match="nothing to draw: name at least one figure and one run"):
        draw(["gantt"], [])
    empty = read_run(write_run(tmp_path / "empty", [JOBS[3]], LOGS.items()))
    for name in ("queue_size", "gantt", "lifecycle", "slowdown_by_size", "wait_times", "memory", "power"):
        with pytest.raises(FigureError, match="no job of this run has ended, so there is nothing to draw"):
            draw([name], [empty])


def test_tables_without_rows(tmp_path: Path) -> None:
    heads = {name: text.split("\n")[0] + "\n" for name, text in (LOGS | TRAINING).items()}
    run = read_run(write_run(tmp_path / "run", tables=heads.items()))
    for name, message in {
        "losses": "never learned",
        "rewards": "no decision was taken",
        "decisions": "no decision was taken",
        "action_preferences": "told no probabilities",
    }.items():
        with pytest.raises(FigureError, match=message):
            draw([name], [run])


@pytest.mark.parametrize("name", [name for name in KINDS if name != "comparison"])
def test_the_shortest_runs_are_drawn(tmp_path: Path, name: str) -> None:
    tables = [*LOGS.items(), *TRAINING.items()]
    runs = [read_run(write_run(tmp_path / which, [Job("a", 0, 1, 0, 0, "0")], tables)) for which in "ab"]
    assert axes_of(name, *runs).get_title(loc="left")


def test_data_that_were_not_recorded(run: RecordedRun) -> None:
    with pytest.raises(RunDirectoryError, match=r"no losses.csv in this run; training records it"):
        draw(["losses"], [run])


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_the_same_run_gives_the_same_file(run: RecordedRun, tmp_path: Path, ending: str) -> None:
    files = [tmp_path / f"{number}.{ending}" for number in range(2)]
    for path in files:
        save(draw(["gantt"], [run]), path)
    assert files[0].read_bytes() == files[1].read_bytes()
    if ending == "svg":
        assert ElementTree.parse(files[0]).getroot().tag.endswith("svg")


@pytest.mark.skipif(not GOLDEN.exists(), reason="the recordings are not beside this checkout")
@pytest.mark.parametrize("name", ["learning60_low_mem-low_power", "padded_gaia_gaia_2000_first-high_gflops"])
def test_recorded_runs_of_the_original(name: str) -> None:
    run = read_run(GOLDEN / "runs" / name)
    names = ["queue_size", "lifecycle", "gantt", "power", "memory"]
    figure = draw(names, [run])
    figure.draw_without_rendering()
    assert sum(bool(axes.get_title(loc="left")) for axes in figure.axes) == len(names)


# What figures are made of --------------------------------------------------------------------------------

LOADS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 90), st.integers(0, 30), st.integers(0, 5)),
    min_size=1,
    max_size=20,
)


def loads_of(rows: Sequence[tuple[int, int, int, int]]) -> Loads:
    place, start, length, amount = np.array(rows).T
    return Loads(place, start.astype(float), (start + length).astype(float), amount.astype(float))


@given(LOADS, st.integers(1, 12))
def test_loads_in_bins_are_means_over_time(rows: list[tuple[int, int, int, int]], number: int) -> None:
    edges = edges_of(100.0, number)
    wanted = np.zeros((3, number))
    for place, start, length, amount in rows:
        inside = np.minimum(start + length, edges[1:]) - np.maximum(start, edges[:-1])
        wanted[place] += amount * np.maximum(inside, 0) / np.diff(edges)
    assert binned_loads(loads_of(rows), edges, 3) == pytest.approx(wanted, abs=1e-9)
    assert binned_steps(total(loads_of(rows)), edges).mean == pytest.approx(wanted.sum(axis=0), abs=1e-9)


@given(LOADS, st.integers(1, 12))
def test_steps_in_bins_reach_from_least_to_most(rows: list[tuple[int, int, int, int]], number: int) -> None:
    steps, edges = total(loads_of(rows)), edges_of(120.0, number)
    found = binned_steps(steps, edges)
    for index, (low, high) in enumerate(pairwise(edges)):
        before = steps.value[steps.time <= low][-1]
        inside = steps.value[(steps.time > low) & (steps.time < high)]
        values = [before, *inside]
        assert (found.least[index], found.most[index]) == (min(values), max(values))
    assert isinstance(found, Bins)


@pytest.mark.parametrize("time", [0.0, 3.0])
def test_a_value_that_never_changes(time: float) -> None:
    steps = cumulated([time], [2.0])
    found = binned_steps(Steps(steps.time, steps.value), edges_of(10.0, 2))
    assert found.mean.tolist() == ([2, 2] if time == 0 else [0.8, 2])


@given(st.integers(0, 10_000), st.integers(1, 500))
def test_blocks_hold_everything_once_and_are_of_a_size(number: int, at_most: int) -> None:
    sizes = np.diff(blocks_of(number, at_most))
    assert sizes.sum() == number and len(sizes) <= at_most
    assert not number or sizes.max() - sizes.min() <= 1


@given(st.integers(1, 3000))
def test_rows_of_an_image_hold_neighbours(num_places: int) -> None:
    rows = rows_of(num_places)
    assert rows[0] == 0 and set(np.diff(rows).tolist()) <= {0, 1} and rows[-1] == min(num_places, 400) - 1


@pytest.mark.parametrize(("seconds", "unit"), [(0, "s"), (179, "s"), (180, "min"), (4e4, "h"), (3e5, "d")])
def test_units_of_time(seconds: float, unit: str) -> None:
    assert time_unit(seconds).name == unit


def test_texts_of_users_are_drawn_as_they_are() -> None:
    assert (plain("$a_b$"), plain("_a"), plain("a_b")) == (r"\$a_b\$", " _a", "a_b")


MACHADO: dict[str, Callable[[], np.ndarray]] = {
    "no red": lambda: np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green": lambda: np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
}
"""What is seen without one kind of cones [Machado et al. 2009, "A Physiologically-based Model for Simulation
of Color Vision Deficiency"]."""


@pytest.mark.parametrize("kind", MACHADO)
def test_lines_are_told_apart_by_the_colour_blind(kind: str) -> None:
    seen = [MACHADO[kind]() @ to_rgb(color) for color in OKABE_ITO]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 0.15
    assert len(set(group_styles(20))) == 20
