"""Texts in figures of studies: drawn as they are, told apart, beside each other and not over each other."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdeeprm.cli import main
from hdeeprm.plots.saving import save
from hdeeprm.plots.style import MAX_ENTRIES
from hdeeprm.studies import Study
from hdeeprm.studies.plots.captions import LONGEST, caption
from hdeeprm.studies.plots.slices import plot_slice
from study_files import write

pytest.importorskip("optuna")
pytest.importorskip("matplotlib")

from matplotlib.axes import Axes
from matplotlib.figure import Figure

ODD = ["$a_{$", "_under", "two\nlines \x1b[31m", "$5 and $6", "", "a" * 80, "a" * 79 + "b"]
FUNCTION = """
def f(options, report):
    value = float(len(options["kind"]) + options["x"])
    for step in (1, 2, 3):
        report(step, value / step)
    return {"loss": value, "_cost in $": 100.0 - value, "seconds": value}
"""


def study_of(folder: Path, kinds: list[str], name: str = "_odd $tudy_{.toml") -> Study:
    (folder / "f.py").write_text(FUNCTION)
    text = f'run = "f.py:f"\nmetric = "loss"\n[grid]\nkind = {json.dumps(kinds)}\nx = [1, 2]\n'
    study = Study(write(folder, text, name))
    study.run(workers=0)
    return study


def axes() -> Axes:
    return Figure(layout="constrained").add_subplot()


def labels(owner: Any) -> list[str]:
    return [text.get_text() for text in owner.get_legend().get_texts()]


@pytest.mark.parametrize("kind", ["progress", "compare", "curves", "importance", "slices", "pareto"])
def test_names_are_drawn_as_they_are(tmp_path: Path, kind: str) -> None:
    study = study_of(tmp_path, ODD)
    metric = ["loss", "_cost in $"] if kind == "pareto" else "_cost in $"
    save(study.plot(kind, by="kind", metric=metric), tmp_path / "groups.png")
    save(study.plot(kind, study_of(tmp_path, ODD[:2], "_2.toml"), metric=metric), tmp_path / "two.svg")
    assert (tmp_path / "groups.png").exists() and (tmp_path / "two.svg").exists()


def test_groups_that_look_alike_stay_apart(tmp_path: Path) -> None:
    found = labels(study_of(tmp_path, ODD).plot("progress", by="kind").axes[0])
    assert len(set(found)) == len(ODD)
    assert [f"{'a' * (LONGEST - 1)}… ({number})" for number in (1, 2)] == found[-2:]
    assert found[:2] == [r"\$a_{\$", " _under"] and "kind = ''" in found


@given(st.text(), st.integers(2, 60))
def test_a_caption_has_no_formula_and_is_no_secret(text: str, longest: int) -> None:
    shown = caption(text, longest)
    assert "$" not in shown.replace(r"\$", "") and not shown.startswith("_")
    assert len(shown.replace(r"\$", "$")) <= longest + 1


def test_a_legend_of_many_names_the_first(tmp_path: Path) -> None:
    study = study_of(tmp_path, [f"kind {number}" for number in range(MAX_ENTRIES + 5)], "study.toml")
    (drawn,) = study.plot("curves", by="kind").axes
    assert labels(drawn) == [f"kind {number}" for number in range(MAX_ENTRIES)]
    assert drawn.get_legend().get_title().get_text() == f"the first {MAX_ENTRIES} of {MAX_ENTRIES + 5}"


def ticks(drawn: Axes) -> list[str]:
    """Texts of the ticks of the lower axis, seen to be beside each other."""
    figure = drawn.figure
    figure.draw_without_rendering()  # type: ignore[union-attr]
    low, high = sorted(drawn.get_xlim())
    shown = [
        (tick.label1.get_window_extent(), tick.label1.get_text())
        for tick in (*drawn.xaxis.get_major_ticks(), *drawn.xaxis.get_minor_ticks())
        if low <= tick.get_loc() <= high and tick.label1.get_text()
    ]
    shown.sort(key=lambda pair: pair[0].x0)
    if not drawn.xaxis.get_major_ticks()[0].label1.get_rotation():
        assert all(left.x1 < right.x0 for (left, _), (right, _) in pairwise(shown))
    return [text for _, text in shown]


@pytest.mark.parametrize(
    "high", [0.00015, 0.00016, 0.0003, 0.0005, 0.0006, 0.0007, 0.0008, 0.001, 0.0015, 0.007, 0.05, 0.9, 100.0]
)
def test_ticks_of_logarithmic_axes_have_room(high: float) -> None:
    drawn = plot_slice(axes(), {"a": [(0.00015, 1.0), (high, 2.0)]}, "lr", "loss", is_log=True)
    drawn.figure.set_size_inches(4.5, 4.0)
    assert 2 <= len(ticks(drawn)) <= 9


@pytest.mark.parametrize(
    ("values", "wanted"), [([1, 3], ["1", "2", "3"]), ([7], ["7"]), ([0, 1], ["0", "1"])]
)
def test_whole_numbers_have_ticks_at_whole_numbers(values: list[int], wanted: list[str]) -> None:
    drawn = plot_slice(axes(), {"a": [(value, 1.0) for value in values]}, "seed", "loss")
    assert ticks(drawn) == wanted


def test_names_of_many_values_are_cut_and_thinned_out() -> None:
    drawn = plot_slice(axes(), {"a": [(f"value number {n} of many", 1.0) for n in range(50)]}, "kind", "loss")
    found = ticks(drawn)
    assert len(found) == 10 and found[0] == "value number 0 …"


def test_runs_steps_and_epochs_are_whole_numbers(tmp_path: Path) -> None:
    study = study_of(tmp_path, ["a"], "study.toml")
    for kind in ("progress", "curves"):
        (drawn,) = study.plot(kind).axes
        found = ticks(drawn)
        assert found and all(text.isdigit() for text in found), kind


def test_a_single_value_is_seen(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def f(options):\n    return 1.0\n")
    study = Study(write(tmp_path, 'run = "f.py:f"\n[grid]\nx = [1]\n'))
    study.run(workers=0)
    assert study.plot("progress").axes[0].lines[0].get_marker() == "o"


def test_metrics_of_the_project_have_their_units(tmp_path: Path) -> None:
    options = '[options]\nworkload_file_path = "gaia_like.swf"\nplatform_file_path = "gaia"\nnb_jobs = 5\n'
    study = Study(
        write(tmp_path, f'metric = "makespan"\n{options}[grid]\nselection = ["first-high_gflops"]\n')
    )
    study.run(workers=0)
    assert study.plot("progress").axes[0].get_ylabel() == "best makespan in s so far"
    drawn = study.plot("compare", metric="mean_slowdown").axes[0]
    assert drawn.get_xlabel() == "mean_slowdown (mean, deviation; runs as dots)"


def test_a_figure_shows_what_was_run_whatever_the_file_says_now(tmp_path: Path) -> None:
    study = study_of(tmp_path, ["a"], "study.toml")
    study.path.write_text(study.path.read_text().replace('"a"', '"a", "b"').replace("x = [1, 2]", "y = [1]"))
    assert main(["study", "plot", str(study.path), "--by", "x", "-o", str(tmp_path / "out.svg")]) == 0


def test_no_figure_goes_where_runs_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = study_of(tmp_path, ["a"], "study.toml")
    (study.folder / "runs").mkdir(exist_ok=True)
    target = study.folder / "runs" / "out.svg"
    assert main(["study", "plot", str(study.path), "-o", str(target)]) == 2
    assert f"{target}: is where the study keeps its runs" in capsys.readouterr().err
    assert main(["study", "plot", str(study.path), "--kind", "pareto", "--metric=loss", "--metric=loss"]) == 2
    assert "two metrics are wanted, and there are 1" in capsys.readouterr().err


def test_options_that_do_not_differ_are_left_out_and_long_names_have_room(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def f(options):\n    return options['some.long_name_of_a_number'] / 3\n")
    same = "".join(f'"group.option_number_{number}" = [{number}]\n' for number in range(6))
    rest = '"some.long_name_of_a_number" = [1, 2]\n"other.long_name_of_a_text" = ["left", "right"]\n'
    study = Study(write(tmp_path, f'run = "f.py:f"\n[grid]\n{same}{rest}'))
    study.run(workers=0)
    (drawn,) = study.plot("compare").axes
    names = [text.get_text() for text in drawn.get_yticklabels()]
    assert names[0] == "long_name_of_a_number = 1, left (1)" and len(names) == 4
    drawn.figure.draw_without_rendering()  # type: ignore[union-attr]
    assert all(text.get_window_extent().x0 >= 0 for text in drawn.get_yticklabels())
    assert [each.get_xlabel() for each in study.plot("slices").axes] == [
        "long_name_of_a_number",
        "long_name_of_a_text",
    ]
