"""Figures of races and landscapes: what they show is what was measured, and groups can be told apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from hdeeprm.errors import StudyError
from hdeeprm.plots.style import group_styles
from hdeeprm.studies.landscapes import Group, new_landscape, race_groups
from hdeeprm.studies.plots.compare import plot_compare
from hdeeprm.studies.plots.curves import Curve, plot_curves
from hdeeprm.studies.plots.importance import plot_importance
from hdeeprm.studies.plots.landscape import plot_landscape
from hdeeprm.studies.plots.loss_curves import plot_loss_curves
from hdeeprm.studies.plots.moving_loss import plot_moving_loss
from hdeeprm.studies.plots.pareto import plot_pareto
from hdeeprm.studies.plots.progress import plot_progress
from hdeeprm.studies.plots.regret import plot_regret
from hdeeprm.studies.plots.slices import plot_slice

pytest.importorskip("optuna")
matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")

from matplotlib import pyplot  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.collections import LineCollection  # noqa: E402
from matplotlib.colors import to_rgb  # noqa: E402
from matplotlib.patches import StepPatch  # noqa: E402

DEUTERANOPIA = [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
]
"""What is seen of red, green and blue without green cones [Machado et al. 2009, "A Physiologically-based
Model for Simulation of Color Vision Deficiency"]."""


@pytest.fixture
def axes() -> Iterator[Axes]:
    figure, axes = pyplot.subplots(layout="constrained")
    yield axes
    figure.canvas.draw()  # what cannot be drawn fails here
    pyplot.close(figure)


@pytest.fixture(scope="module")
def groups() -> dict[str, Group]:
    return race_groups(["none", "asha", "median"], seeds=(1, 2, 3), num_arms=30, num_epochs=12)


def labels(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("kind", ["cumulative", "mean"])
def test_regrets_of_several_groups(axes: Axes, groups: dict[str, Group], kind: str) -> None:
    assert plot_regret(axes, groups.values(), kind) is axes
    assert labels(axes) == ["none", "asha", "median"]
    for line, area, group in zip(axes.lines, axes.collections, groups.values(), strict=True):
        band = getattr(group, f"{kind}_regret")
        assert np.array_equal(line.get_ydata(), band.mean)
        assert np.array_equal(line.get_xdata(), range(1, 13))
        bounds = area.get_paths()[0].get_extents()
        assert bounds.ymax == pytest.approx((band.mean + band.deviation).max())
        assert bounds.ymin == pytest.approx((band.mean - band.deviation).min())
    assert axes.get_ylabel() == f"{kind} regret"


def test_unknown_kinds_of_regret_are_refused(axes: Axes) -> None:
    with pytest.raises(StudyError, match=r"kind: 'means' is not allowed; .* Did you mean 'mean'\?"):
        plot_regret(axes, [], "means")


def test_moving_losses_of_several_groups(axes: Axes, groups: dict[str, Group]) -> None:
    assert plot_moving_loss(axes, groups.values()) is axes
    assert labels(axes) == ["none", "asha", "median"]
    for line, group in zip(axes.lines, groups.values(), strict=True):
        assert np.array_equal(line.get_ydata(), group.moving_loss.mean)
    assert "mean of the 4 smallest losses" in axes.get_ylabel()


def test_a_landscape_with_how_far_each_arm_got(axes: Axes, groups: dict[str, Group]) -> None:
    course = groups["asha"].courses[0]
    losses = course.landscape.true
    assert plot_landscape(axes, losses, course.epochs_of_arms) is axes
    (image,) = axes.images
    shown = np.asarray(image.get_array())
    order = np.argsort(losses[-1])
    assert np.array_equal(shown, losses[:, order])
    veil, stair = (patch for patch in axes.patches if isinstance(patch, StepPatch))
    for patch in (veil, stair):
        assert np.array_equal(patch.get_data().values, course.epochs_of_arms[order] + 0.5)
    assert veil.get_data().baseline == 12.5
    assert len(axes.figure.axes) == 2, "with its colour bar"


def test_a_landscape_alone(axes: Axes) -> None:
    plot_landscape(axes, new_landscape("overfit", 1, 1, np.random.default_rng(0)).true)
    assert not axes.patches


def test_loss_curves_end_where_training_ended(axes: Axes) -> None:
    losses = new_landscape("default", 3, 6, np.random.default_rng(0)).observed
    assert plot_loss_curves(axes, losses, np.array([6, 0, 2])) is axes
    (lines,) = axes.collections
    assert isinstance(lines, LineCollection)
    drawn = [segment.tolist() for segment in lines.get_segments()]
    expected = [
        list(zip(range(1, 7), losses[:, 0], strict=True)),
        list(zip((1, 2), losses[:2, 2], strict=True)),
    ]
    assert [np.allclose(a, b) for a, b in zip((d for d in drawn if d), expected, strict=True)] == [True, True]


def test_all_loss_curves(axes: Axes) -> None:
    losses = new_landscape("default", 9, 6, np.random.default_rng(0)).observed
    plot_loss_curves(axes, losses)
    assert [len(segment) for segment in axes.collections[0].get_segments()] == [6] * 9
    low, high = axes.get_ylim()
    assert low <= losses.min() < losses.max() <= high


@pytest.mark.parametrize("number", [0, 1, 4, 7, 8, 30])
def test_no_two_groups_look_alike(number: int) -> None:
    styles = group_styles(number)
    assert len(set(styles)) == number
    assert len({style.color for style in styles}) == number
    for (_, first), (_, second) in itertools.pairwise(styles):
        assert first != second, "neighbours differ in their dashes too"


def test_colours_differ_for_the_colour_blind() -> None:
    seen = [np.clip(np.array(DEUTERANOPIA) @ to_rgb(style.color), 0, 1) for style in group_styles(7)]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.15


def test_progress_is_the_best_so_far_with_a_band_over_searches(axes: Axes) -> None:
    searches = {"a": [[3.0, 1.0, 2.0], [5.0, np.nan, 3.0]], "b": [[4.0]]}
    assert plot_progress(axes, searches, "loss") is axes
    assert labels(axes) == ["a", "b"]
    assert axes.lines[0].get_ydata().tolist() == [4.0, 3.0, 2.0]  # means of 3 1 1 and 5 5 3
    bounds = axes.collections[0].get_paths()[0].get_extents()
    assert (bounds.ymin, bounds.ymax) == (1.0, 5.0)
    assert axes.get_ylabel() == "best loss so far"


def test_progress_of_what_is_better_when_it_is_higher(axes: Axes) -> None:
    plot_progress(axes, {"a": [[1.0, 3.0, 2.0]]}, "gain", "maximize")
    assert axes.lines[0].get_ydata().tolist() == [1.0, 3.0, 3.0]
    assert axes.get_ylim()[1] > 3.0


@pytest.mark.parametrize(
    ("direction", "rows"), [("minimize", ["b (1)", "a (3)"]), ("maximize", ["a (3)", "b (1)"])]
)
def test_groups_side_by_side_the_best_on_top(axes: Axes, direction: str, rows: list[str]) -> None:
    assert plot_compare(axes, {"a": [2.0, 4.0, 6.0], "b": [3.0]}, "loss", direction) is axes
    assert [text.get_text() for text in axes.get_yticklabels()] == rows
    row = rows.index("a (3)")
    bar = axes.containers[row].lines
    assert bar[0].get_xydata().tolist() == [[4.0, row]]
    assert bar[2][0].get_segments()[0][:, 0].tolist() == [2.0, 6.0]  # a deviation of 2 around the mean
    assert axes.get_ylim() == (1.5, -0.5)


def test_curves_end_where_runs_ended_and_a_mean_is_there_for_equal_steps_only(axes: Axes) -> None:
    whole = [Curve({1: 4.0, 2: 2.0}), Curve({2: 4.0, 1: 6.0})]
    groups = {"whole": whole, "stopped": [Curve({1: 5.0, 2: 5.0}), Curve({1: 9.0}, was_stopped=True)]}
    assert plot_curves(axes, groups) is axes
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert list(drawn["whole"]) == [5.0, 3.0] and list(drawn["stopped"]) == [5.0, 5.0]
    (cross,) = (line for line in axes.lines if line.get_marker() == "x")
    assert cross.get_xydata().tolist() == [[1.0, 9.0]]
    assert len(axes.lines) == 2 + 1 + 2 + 1


def test_importances_as_bars(axes: Axes) -> None:
    plot_importance(axes, {"a": {"x": 0.2, "y": 0.8}, "b": {"x": 1.0}}, "importance")
    assert [text.get_text() for text in axes.get_yticklabels()] == ["y", "x"]
    assert [[bar.get_width() for bar in bars] for bars in axes.containers] == [[0.8, 0.2], [0.0, 1.0]]
    assert labels(axes) == ["a", "b"]


def test_slices_of_numbers_and_of_text(axes: Axes) -> None:
    plot_slice(axes, {"a": [(0.1, 3.0), (0.01, 4.0)]}, "lr", "loss", is_log=True)
    assert axes.collections[0].get_offsets().tolist() == [[0.1, 3.0], [0.01, 4.0]]
    assert axes.get_xscale() == "log" and axes.get_xlabel() == "lr"
    _, other = pyplot.subplots()
    plot_slice(other, {"a": [("ppo", 3.0)], "b": [("dqn", 2.0), ("ppo", 1.0)]}, "agent", "loss")
    assert [text.get_text() for text in other.get_xticklabels()] == ["ppo", "dqn"]
    assert other.collections[1].get_offsets().tolist() == [[1.0, 2.0], [0.0, 1.0]]
    pyplot.close(other.figure)


@pytest.mark.parametrize(
    ("directions", "front"),
    [
        (("minimize", "minimize"), [[1.0, 5.0], [2.0, 3.0]]),
        (("maximize", "minimize"), [[4.0, 4.0], [2.0, 3.0]]),
        (("maximize", "maximize"), [[4.0, 4.0], [2.0, 5.0]]),
    ],
)
def test_fronts_are_what_no_run_beats(
    axes: Axes, directions: tuple[str, str], front: list[list[float]]
) -> None:
    values = [[2.0, 3.0], [1.0, 5.0], [4.0, 4.0], [2.0, 3.0], [2.0, 5.0]]
    assert plot_pareto(axes, {"a": values}, ("wait", "energy"), directions) is axes
    assert axes.lines[0].get_xydata().tolist() == front
    assert axes.get_title(loc="left") == "a: 2 on the front"
    assert len(axes.collections[0].get_offsets()) == 5
