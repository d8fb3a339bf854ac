"""A figure to be filled: what it is to show of which studies, and its axes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hdeeprm.errors import StudyError
from hdeeprm.metrics import METRICS

from .captions import caption
from .sources import Entry, Source, in_groups, nothing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 6.4, 4.0  # in, of one axes
LETTER, LETTERS_INSIDE = 0.085, 20  # in; and how many of a label the width has room for
COLUMNS = 3
NO_UNITS = ("", "1", "jobs")  # the name says it
NO_RUN = "no run is complete and has a value"


@dataclass(frozen=True)
class Drawing:
    """A figure to be filled.

    Attributes:
        figure: With nothing in it.
        kind: Its kind, for errors.
        sources: Studies, at least one.
        by: Options that make groups.
        metrics: What is drawn; empty: what the files name.
    """

    figure: Figure
    kind: str
    sources: list[Source]
    by: tuple[str, ...]
    metrics: tuple[str, ...]

    @property
    def metric(self) -> str:
        """The one metric, which all studies have."""
        if len(self.metrics) > 1:
            raise StudyError(f"metric: {len(self.metrics)} were given; {self.kind} draws one of them")
        names = [source.metric(self.metrics[0] if self.metrics else None) for source in self.sources]
        if len(set(names)) > 1:
            listed = ", ".join(dict.fromkeys(names))
            raise StudyError(f"{self.kind}: the studies count by {listed}; name one that all have: --metric")
        return names[0]

    def label(self, metric: str) -> str:
        """A metric as an axis names it, with its unit where it is one of the project's."""
        is_own = all(source.file.is_own for source in self.sources) and metric in METRICS
        unit = METRICS[metric].unit if is_own else ""
        return caption(metric) if unit in NO_UNITS else f"{caption(metric)} in {unit}"

    @property
    def direction(self) -> str:
        """Whether less or more of it is better, as the first study says."""
        return self.sources[0].file.direction_of(self.metric)

    def groups(self) -> dict[str, list[Entry]]:
        """All runs by the label of their group."""
        return in_groups(self.sources, self.by)

    def complete(self) -> dict[str, list[Entry]]:
        """Those with a value.

        Raises:
            StudyError: If there is none.
        """
        metric = self.metric
        groups = {
            name: [entry for entry in entries if not math.isnan(entry.value(metric))]
            for name, entries in self.groups().items()
        }
        groups = {name: entries for name, entries in groups.items() if entries}
        if not groups:
            raise nothing(self.kind, self.sources, NO_RUN)
        return groups

    def axes(self, number: int = 1, height: float = HEIGHT, labels: Iterable[str] = ()) -> list[Axes]:
        """So many axes, row by row; the figure takes its size from them.

        Args:
            number: Of the axes.
            height: Of each, in in.
            labels: What stands beside them; long ones make the figure wider.
        """
        columns = min(number, COLUMNS)
        rows = math.ceil(number / columns)
        width = columns * (WIDTH if columns == 1 else 0.7 * WIDTH)
        longest = max(map(len, labels), default=0)
        self.figure.set_size_inches(width + LETTER * max(0, longest - LETTERS_INSIDE), rows * height)
        return [self.figure.add_subplot(rows, columns, index + 1) for index in range(number)]
