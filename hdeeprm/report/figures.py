"""The interactive figures: their places on the page, which the scripts fill."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .content import RunContent, TimeFigure, known_figures
from .curves import legend
from .markup import Html, Section, element, section, table


def gantt_section(template: Path) -> Section:
    """The Gantt chart with its controls."""
    return section("schedule", "Gantt chart", Html(template.read_text(encoding="utf-8")))


def series_section(contents: Sequence[RunContent]) -> Section:
    """A figure over time for each quantity that a run has."""
    panels = [_panel(figure) for figure in known_figures(contents)]
    names = [(content.facts["name"], content.facts["index"]) for content in contents]
    hint = (
        "All figures share the time axis of the Gantt chart: dragging one, or Ctrl and the wheel, moves all. "
        "Where it changes often, a line is the mean over a pixel, in a band from the least to the largest."
    )
    return section(
        "over-time",
        "Over time",
        element("p", hint, class_="hint on-screen"),
        legend(names) if len(names) > 1 else "",
        *panels,
        _as_table(contents),
    )


def _panel(figure: TimeFigure) -> Html:
    title = f"{figure.title} ({figure.unit})"
    name = f"{title} over time; the table below tells its values"
    return element(
        "figure",
        element("figcaption", title, " ", element("span", data_readout=True, class_="readout")),
        element("canvas", role="img", aria_label=name),
        id=f"series-{figure.key}",
        class_="series",
    )


def _as_table(contents: Sequence[RunContent]) -> Html:
    """Mean, largest value and when it was reached, of each figure of each run."""
    rows = [
        [f"{figure.title} ({figure.unit})", content.facts["name"], *content.summaries[figure.key]]
        for figure in known_figures(contents)
        for content in contents
        if figure.key in content.summaries
    ]
    header = ("figure", "run", "mean over time", "largest", "reached at (s)")
    whole = table("Figures over time", header, rows)
    return element("details", element("summary", "Figures over time as a table"), whole)
