"""The grid of eight metrics: reading schedules, names, the table, the figure and the command line."""

from __future__ import annotations

import gzip
import itertools
import json
import math
import shutil
from pathlib import Path

import pytest

from hdeeprm.cli import main, metrics
from hdeeprm.errors import HDeepRMError, OptionsError, RunDirectoryError
from hdeeprm.experiment import run_experiment
from hdeeprm.metric_grid import GRID, names_of, read_schedule
from hdeeprm.options import load_options

GOLDEN = Path(__file__).parents[2] / "shared" / "golden" / "runs"
COLUMNS = ("batsim_version", *GRID, "nb_jobs")


def write_schedule(folder: Path, *values: float, version: str = "v4.1.0") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "out_schedule.csv"
    row = ",".join([version, *map(str, values), "3"])
    path.write_text(f"{','.join(COLUMNS)}\n{row}\n", "utf-8")
    return path


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """Schedules of two runs; the second has half the energy and no waiting."""
    first = write_schedule(tmp_path / "fcfs", 5000, 100, 4, 80, 60, 2.5, 40, 20)
    second = write_schedule(tmp_path / "sjf", 2500, 110, 4, 80, 60, 2.0, 30, 0)
    return [first, second]


# Reading ---------------------------------------------------------------------------------------------------


def test_a_schedule_is_read_by_the_names_of_its_columns(two: list[Path]) -> None:
    assert list(read_schedule(two[0]).values()) == [5000, 100, 4, 80, 60, 2.5, 40, 20]
    header, row = two[0].read_text("utf-8").splitlines()
    turned = [",".join(reversed(line.split(","))) for line in (header, row)]
    two[0].write_text("\n".join(turned), "utf-8")
    assert read_schedule(two[0])["mean_slowdown"] == 2.5


def test_a_packed_schedule_is_read(two: list[Path]) -> None:
    packed = two[0].with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(two[0].read_bytes()))
    assert read_schedule(packed) == read_schedule(two[0])


def test_an_energy_that_was_not_measured_is_none(tmp_path: Path) -> None:
    path = write_schedule(tmp_path, -1, 100, 4, 80, 60, 2.5, 40, 20)
    assert math.isnan(read_schedule(path)["consumed_joules"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "one row about a whole run is wanted, 0 were found"),
        ("a,b\n", "one row about a whole run is wanted, 0 were found"),
        ("a,b\n1,2\n3,4\n", "one row about a whole run is wanted, 2 were found"),
        ("consumed_joules,makespan\n1,2\n", "no column max_slowdown, max_turnaround_time"),
        ("makespan\nlong\n", "'long' is no number"),
    ],
)
def test_what_is_no_schedule(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(RunDirectoryError, match=said):
        read_schedule(path)


def test_a_directory_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="name a run directory"):
        read_schedule(tmp_path)
    with pytest.raises(RunDirectoryError, match="cannot be read"):
        read_schedule(tmp_path / "gone.csv")


def test_a_run_of_ours_is_read_by_its_directory(tmp_path: Path) -> None:
    content = {"platform_file_path": "learning", "workload_file_path": "learning.json"}
    done = run_experiment(load_options(content), tmp_path / "run")
    found = read_schedule(tmp_path / "run")
    assert found == read_schedule(tmp_path / "run" / "out_schedule.csv")
    assert found["mean_turnaround_time"] == pytest.approx(done.metrics["mean_turnaround_time"])
    assert found["consumed_joules"] == pytest.approx(done.metrics["energy_joules"])


@pytest.mark.skipif(not GOLDEN.is_dir(), reason="needs the recorded runs")
def test_schedules_of_batsim_are_read() -> None:
    found = [read_schedule(path) for path in sorted(GOLDEN.glob("learning60_*/out_schedule.csv"))]
    assert len(found) > 10
    assert all(run["mean_slowdown"] >= 1 and run["consumed_joules"] > 0 for run in found)


# Names -----------------------------------------------------------------------------------------------------


def test_runs_are_called_by_their_directories(two: list[Path], tmp_path: Path) -> None:
    assert names_of(two) == names_of([path.parent for path in two]) == ["fcfs", "sjf"]
    assert names_of([two[0], two[0]]) == ["A1", "A2"]
    with pytest.raises(OptionsError, match="1 names for 2 runs"):
        names_of(two, ["one"])


# The command line ------------------------------------------------------------------------------------------


def test_the_table_of_two_runs(two: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert metrics([*map(str, two), "-n1", "FCFS"]) == 0
    shown = capsys.readouterr()
    rows = {
        cells[1].strip(): cells[2:4] for line in shown.out.splitlines() if len(cells := line.split("│")) > 3
    }
    assert [name.strip() for name in shown.out.splitlines()[1].split("┃")[2:4]] == ["FCFS", "sjf"]
    assert [cell.strip() for cell in rows["Energy (J)"]] == ["5,000.00", "2,500.00 (-50.0 %)"]
    assert [cell.strip() for cell in rows["Makespan (s)"]] == ["100.00", "110.00 (+10.0 %)"]
    assert [cell.strip() for cell in rows["Mean waiting time (s)"]] == ["20.00", "0.00 (-100.0 %)"]
    assert len(rows) == len(GRID)


def test_more_runs_stand_one_below_the_other(two: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    names = ["a", "a very long name that is not cut short", "c", "d"]
    assert main(["metrics", *map(str, two * 2), "--names", *names]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("│")[1].strip() for line in lines if line.startswith("│")] == names


def test_json_has_null_for_what_is_not_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_schedule(tmp_path / "run", -1, 100, 4, 80, 60, 2.5, 40, 20)
    assert metrics([str(path), "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert (run["name"], run["consumed_joules"], run["makespan"]) == ("run", None, 100)


def test_without_a_display_the_table_is_shown_all_the_same(
    two: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("MPLBACKEND", "agg")
    assert metrics([str(two[0])]) == 0
    shown = capsys.readouterr()
    assert "Makespan (s)" in shown.out
    assert "there is no display" in shown.err and "-s FILE" in shown.err


def test_bad_arguments(two: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in (
        ([str(two[0]), "-n", "a", "b"], "2 names for 1 runs"),
        ([str(tmp_path)], "name a run directory"),
        ([str(two[0]), "-s", "out.gif"], "a file ending in .svg, .png, .pdf is wanted"),
    ):
        assert metrics(arguments) != 0
        captured = capsys.readouterr()
        assert said in captured.err
        assert captured.out == ""


def test_a_run_that_was_broken_off_says_so(tmp_path: Path) -> None:
    content = {"platform_file_path": "learning", "workload_file_path": "learning.json"}
    run_experiment(load_options(content), tmp_path / "run")
    (tmp_path / "run" / "out_schedule.csv").unlink()
    marker = tmp_path / "run" / "run.json"
    marker.write_text(json.dumps({**json.loads(marker.read_text("utf-8")), "status": "incomplete"}), "utf-8")
    with pytest.raises(HDeepRMError, match=r"no out_schedule\.csv in this run; .*This run is incomplete"):
        read_schedule(tmp_path / "run")


# The figure ------------------------------------------------------------------------------------------------


def test_the_figure_holds_the_metrics(two: list[Path]) -> None:
    pytest.importorskip("matplotlib")
    from hdeeprm.metric_grid import draw_grid

    runs = [read_schedule(path) for path in two]
    figure = draw_grid(runs, ["_fcfs$", "sjf"])
    assert [axes.get_title() for axes in figure.axes] == [metric.title for metric in GRID.values()]
    for axes, (name, metric) in zip(figure.axes, GRID.items(), strict=True):
        lengths = [bar.get_width() for bar in axes.patches]
        size = {"J": 1000.0}.get(metric.unit, 1.0)
        assert lengths == pytest.approx([run[name] / size for run in runs])
        assert axes.get_xlim()[1] > max(lengths)  # room for the values
        assert axes.get_xlabel() == {"J": "kJ", "s": "s", "1": ""}[metric.unit]
        assert len({bar.get_facecolor() for bar in axes.patches}) == 2
    assert [text.get_text() for text in figure.axes[0].texts] == ["5", "2.5"]
    figure.draw_without_rendering()
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [r" _fcfs\$", "sjf"]
    first, second = figure.axes[0].patches
    assert (
        figure.axes[0].transData.transform((0, first.get_y()))[1]
        > (figure.axes[0].transData.transform((0, second.get_y()))[1])
    )  # the first run is above


def test_what_is_no_number_has_no_bar() -> None:
    pytest.importorskip("matplotlib")
    from hdeeprm.metric_grid.figure import metric_bars
    from hdeeprm.plots.saving import new_figure

    axes = metric_bars(new_figure(3, 2).add_subplot(), "makespan", [math.nan, math.inf, 7200.0, 36000.0])
    assert [bar.get_width() for bar in axes.patches] == [0, 0, 2, 10] and axes.get_xlabel() == "h"
    assert [text.get_text() for text in axes.texts] == ["none", "none", "2", "10"]


def test_any_number_of_runs_has_room(two: list[Path]) -> None:
    pytest.importorskip("matplotlib")
    from hdeeprm.metric_grid import draw_grid

    runs = [read_schedule(two[0])] * 30
    figure = draw_grid(runs, [f"run {number}" for number in range(30)])
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert all(not first.overlaps(second) for first, second in itertools.pairwise(boxes))


def test_the_figure_is_written(two: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "grid.png"
    shutil.copy(two[0], out)  # what was there is replaced
    assert metrics([*map(str, two), "-s", str(out)]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out.endswith(f"{out}\n")
