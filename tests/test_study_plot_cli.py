"""``hdeeprm study plot`` and ``Study.plot``: what is drawn is what the runs returned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hdeeprm.cli import main
from hdeeprm.errors import FigureError, StudyError
from hdeeprm.studies import Study
from hdeeprm.studies.landscapes import race_groups
from study_files import write

pytest.importorskip("optuna")
pytest.importorskip("matplotlib")

FUNCTIONS = """
def f(options, report):
    value = options["x"] + {"a": 0.0, "b": 10.0}[options["kind"]] + options.get("seed", 0) / 10
    for step in (1, 2, 3):
        report(step, value / step)
    return {"loss": value, "energy": 20.0 - value, "name": options["kind"]}
"""
GRID = 'run = "f.py:f"\nmetric = "loss"\nseeds = [1, 2]\n[grid]\nx = [1, 2, 3]\nkind = ["a", "b"]\n'
SEARCH = """
run = "f.py:f"
metric = "loss"
trials = 20
sampler = "random"
[search]
x = {low = 0.1, high = 10.0, log = true}
kind = ["a", "b"]
"""
ARMS = 'run = "landscape"\nmetric = "loss"\nseeds = [1, 2]\nworkers = 3\n'
TABLE = f"[landscape]\nnum_arms = 12\nnum_epochs = 8\n[grid]\narm = {list(range(12))}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plots")
    (folder / "f.py").write_text(FUNCTIONS)
    two = SEARCH.replace('metric = "loss"', 'metric = ["loss", "energy"]')
    for name, text in (("grid", GRID), ("search", SEARCH), ("two", two), ("none", ARMS + TABLE)):
        Study(write(folder, text, f"{name}.toml")).run(workers=0)
    return folder


def legend(axes: object) -> list[str]:
    found = axes.get_legend()  # type: ignore[attr-defined]
    return [] if found is None else [text.get_text() for text in found.get_texts()]


def test_compare_has_the_points_of_the_grid(folder: Path) -> None:
    (axes,) = Study(folder / "grid.toml").plot().axes
    rows = [text.get_text() for text in axes.get_yticklabels()]
    assert rows == [f"x = {x}, {kind} (2)" for kind in "ab" for x in (1, 2, 3)]
    means = [container.lines[0].get_xdata()[0] for container in axes.containers]
    assert means == pytest.approx([1.15, 2.15, 3.15, 11.15, 12.15, 13.15])


def test_compare_by_an_option_and_between_studies(folder: Path) -> None:
    study = Study(folder / "grid.toml")
    (axes,) = study.plot("compare", by="kind", metric="energy").axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["b (6)", "a (6)"]
    (axes,) = study.plot("compare", Study(folder / "search.toml")).axes
    assert {text.get_text() for text in axes.get_yticklabels()} == {"grid (12)", "search (20)"}


def test_progress_of_a_search_and_over_seeds(folder: Path) -> None:
    study = Study(folder / "search.toml")
    (axes,) = study.plot().axes
    assert legend(axes) == [], "there is one thing to name"
    values = [run.metrics["loss"] for run in study.runs.values()]
    assert axes.lines[0].get_ydata().tolist() == np.minimum.accumulate(values).tolist()
    (axes,) = Study(folder / "grid.toml").plot("progress", study, by="kind").axes
    assert sorted(legend(axes)) == ["grid, a", "grid, b", "search, a", "search, b"]
    assert axes.lines[0].get_ydata() == pytest.approx([1.15] * 3)


def test_curves_are_what_was_reported(folder: Path) -> None:
    (axes,) = Study(folder / "grid.toml").plot("curves", by="kind").axes
    bold = {line.get_label(): line.get_ydata() for line in axes.lines if line.get_linewidth() == 2}
    assert bold["a"] == pytest.approx([2.15, 2.15 / 2, 2.15 / 3])
    assert bold["b"] == pytest.approx([12.15, 12.15 / 2, 12.15 / 3])
    assert len(axes.lines) == 12 + 2


def test_importance_is_the_share_of_the_variance_on_a_grid(folder: Path) -> None:
    (axes,) = Study(folder / "grid.toml").plot("importance").axes
    names = [text.get_text() for text in axes.get_yticklabels()]
    shares = [bar.get_width() for bar in axes.containers[0]]
    # Variances by hand: of 0 and 10: 25, of 1, 2, 3: 2/3, of 0.1 and 0.2: 0.0025; they add up.
    assert names == ["kind", "x", "seed"]
    assert shares == pytest.approx(np.array([25, 2 / 3, 0.0025]) / (25 + 2 / 3 + 0.0025))


def test_importance_of_a_search(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (axes,) = Study(folder / "search.toml").plot("importance").axes
    shares = [bar.get_width() for bar in axes.containers[0]]
    assert sorted(text.get_text() for text in axes.get_yticklabels()) == ["kind", "x"]
    assert sum(shares) == pytest.approx(1) and min(shares) >= 0
    assert capfd.readouterr() == ("", "")


def test_slices_have_axes_for_each_option(folder: Path) -> None:
    study = Study(folder / "search.toml")
    first, second = study.plot("slices").axes
    assert (first.get_xlabel(), first.get_xscale()) == ("x", "log")
    points = [[run.params["x"], run.metrics["loss"]] for run in study.runs.values()]
    assert first.collections[0].get_offsets().tolist() == points
    assert {text.get_text() for text in second.get_xticklabels()} == {"a", "b"}
    figure = study.plot("slices", Study(folder / "grid.toml"))
    (beside_all,) = figure.legends
    assert [text.get_text() for text in beside_all.get_texts()] == ["search", "grid"]
    assert not any(map(legend, figure.axes))


def test_the_front_is_that_of_the_study(folder: Path) -> None:
    study = Study(folder / "two.toml")
    (axes,) = study.plot().axes
    front = [[run.metrics["loss"], run.metrics["energy"]] for run in study.front]
    assert axes.lines[0].get_xydata().tolist() == front
    (axes,) = Study(folder / "grid.toml").plot("pareto", metric=["energy", "loss"]).axes
    assert axes.get_xlabel() == "energy (less is better)"


def test_regrets_of_a_finished_study_are_those_of_the_race(folder: Path) -> None:
    (axes,) = Study(folder / "none.toml").plot().axes
    race = race_groups(["none"], workers=3, seeds=(1, 2), num_arms=12, num_epochs=8)["none"]
    assert axes.lines[0].get_ydata() == pytest.approx(race.cumulative_regret.mean)
    (axes,) = Study(folder / "none.toml").plot("moving-loss").axes
    assert axes.lines[0].get_ydata() == pytest.approx(race.moving_loss.mean)
    heat, _ = Study(folder / "none.toml").plot("landscape").axes
    shown = np.asarray(heat.images[0].get_array())
    losses = race.courses[0].landscape.true
    assert np.array_equal(shown, losses[:, np.argsort(losses[-1], kind="stable")])


def test_arms_that_were_stopped_end_early(folder: Path, tmp_path: Path) -> None:
    study = Study(write(tmp_path, ARMS.replace("[1, 2]", "[1]") + 'pruner = "asha"\n' + TABLE))
    study.run(workers=0)
    heat = study.plot("landscape").axes[0]
    reached = sorted(max(run.reports) for run in study.runs.values())
    assert sorted(heat.patches[1].get_data().values - 0.5) == reached
    assert reached[0] < 8 == reached[-1]


@pytest.mark.parametrize(("ending", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_files_of_each_kind(
    folder: Path, tmp_path: Path, ending: str, magic: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"out.{ending}"
    words = [str(folder / "grid.toml"), str(folder / "search.toml"), "--kind", "progress", "-o", str(path)]
    assert main(["study", "plot", *words]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    first = path.read_bytes()
    assert first.startswith(magic)
    main(["study", "plot", *words])
    assert path.read_bytes() == first, "the same figure has the same bytes"


def test_a_file_of_another_kind_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FigureError, match=r"out\.gif: a file ending in \.svg, \.png, \.pdf is wanted"):
        Study(folder / "grid.toml").plot(out=tmp_path / "out.gif")
    assert list(tmp_path.iterdir()) == []


def test_without_a_file_name_it_goes_to_the_folder_of_the_study(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HDEEPRM_STUDY_KIND", "importance")
    assert main(["study", "plot", str(folder / "search.toml"), "--kind", "slices"]) == 0
    assert capsys.readouterr().out == f"{folder / 'search' / 'importance.svg'}\n"
    assert (folder / "search" / "importance.svg").exists()


def test_no_display_takes_part(folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom hdeeprm.studies import Study\n"
        f"Study({str(folder / 'grid.toml')!r}).plot(out={str(tmp_path / 'out.png')!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'tkinter' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PATH": ""})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["grid", "--kind", "progres"], "kind: 'progres' is not known; one of progress, "),
        (["grid", "--kind", "progres"], "Did you mean 'progress'?"),
        (
            ["grid", "-o", "out.svgg"],
            "out.svgg: a file ending in .svg, .png, .pdf is wanted. Did you mean '.svg'?",
        ),
        (["grid", "--by", "knd"], "'knd' is no column of the table"),
        (["grid", "--metric", "lss"], "'lss' is no column of the table"),
        (["grid", "--metric", "x"], "'x' is no metric; one of loss, energy, name"),
        (
            ["grid", "--metric", "loss", "--metric", "energy"],
            "metric: 2 were given; compare draws one of them",
        ),
        (["grid", "--metric", "name"], "no run is complete and has a value"),
        (["grid", "--kind", "pareto"], "two metrics are wanted, and there are 1"),
        (["grid", "--kind", "regret"], 'its runs are no landscape; it needs run = "landscape"'),
        (["new"], "new: the study was not started yet; start it with: hdeeprm study run"),
    ],
)
def test_one_clear_error_for_each_mistake(
    folder: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, GRID, "new.toml")
    assert main(["study", "plot", str(folder / f"{words[0]}.toml"), *words[1:]]) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.startswith("error: ") and captured.out == ""


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("compare", "no run is complete and has a value"),
        ("progress", "no run is complete and has a value"),
        ("curves", "no run reported a value on the way"),
        ("importance", "options must differ"),
    ],
)
def test_why_there_is_nothing_to_draw(tmp_path: Path, kind: str, message: str) -> None:
    (tmp_path / "g.py").write_text("def g(options):\n    raise ValueError('no')\n")
    study = Study(write(tmp_path, 'run = "g.py:g"\nmetric = "loss"\n[grid]\nx = [1, 2]\n'))
    study.run(workers=0)
    with pytest.raises(StudyError, match=message):
        study.plot(kind)


def test_studies_of_one_name_are_told_apart(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(FUNCTIONS)
    other = Study(write(tmp_path, GRID, "grid.toml"))
    other.run(workers=0)
    (axes,) = Study(folder / "grid.toml").plot("progress", other).axes
    assert legend(axes) == [f"{folder.name}/grid", f"{tmp_path.name}/grid"]
