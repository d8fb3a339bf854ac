"""Learning curves: what episodes of training brought, the losses, and what the agent preferred."""

from __future__ import annotations

from collections.abc import Sequence
from operator import methodcaller

from hdeeprm.plots.binning import places_shown
from hdeeprm.results.columns import Columns

from .curves import Curve, chart, finite, legend
from .entries import Entry
from .markup import Html, Section, element, section, table

TABLES: dict[str, tuple[str, ...] | None] = {
    "episodes.csv": ("return", "objective", "length"),
    "losses.csv": None,
    "action_preferences.csv": None,
}
"""Files of training, and which of their columns are drawn; None: all."""
NOT_DRAWN = ("episode", "update", "step")
NUM_ROWS = 12
"""Of the table that tells a curve to those who do not see it."""


def learning_section(entries: Sequence[Entry]) -> Section | None:
    """A figure for each quantity that any run recorded in training; None where none was trained."""
    curves: dict[str, list[Curve]] = {}
    for entry in entries:
        for name in TABLES:
            if entry.run.has(name) and (values := entry.found(methodcaller("table", name))):
                _collect(curves, entry, name, values)
    if not curves:
        return None
    trained = list(dict.fromkeys((curve.run, curve.place) for group in curves.values() for curve in group))
    figures = [chart(title, "steps of training", group) for title, group in curves.items()]
    return section(
        "learning",
        "Learning",
        element(
            "p",
            "Lines are means over neighbouring episodes or updates, in bands from the least to the largest.",
            class_="hint",
        ),
        legend(trained) if len(trained) > 1 else "",
        element("div", *figures, class_="figures"),
        _as_table(curves),
    )


def _collect(curves: dict[str, list[Curve]], entry: Entry, name: str, values: Columns) -> None:
    """Add the curves of a file to those of the other runs."""
    preferences = name == "action_preferences.csv"
    for column in TABLES[name] or [column for column in values if column not in NOT_DRAWN]:
        if column not in values:
            continue
        curve = finite(Curve(entry.name, entry.index, values["step"], values[column]))
        if len(curve.x):
            title = f"preference of {column}" if preferences else column.replace("_", " ")
            curves.setdefault(title, []).append(curve)


def _as_table(curves: dict[str, list[Curve]]) -> Html:
    """Some points of each curve."""
    rows = [
        [title, curve.run, float(curve.x[place]), float(curve.y[place])]
        for title, group in curves.items()
        for curve in group
        for place in places_shown(len(curve.x), NUM_ROWS)
    ]
    points = table("Points of the learning curves", ("quantity", "run", "step", "value"), rows)
    return element("details", element("summary", "Learning curves as a table"), points)
