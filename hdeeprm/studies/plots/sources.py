"""The runs of one study or of several as figures need them: one metric, in groups with labels."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from hdeeprm.errors import StudyError
from hdeeprm.studies.queue.records import Status
from hdeeprm.studies.results import table_of

from .captions import caption, last_word

if TYPE_CHECKING:
    from hdeeprm.studies.file import StudyFile
    from hdeeprm.studies.queue import Run
    from hdeeprm.studies.results import Table


LONGEST_STUDY = 40  # characters of a study's name, with its folder


@dataclass(frozen=True)
class Source:
    """A study and its runs.

    Attributes:
        file: The study.
        runs: In the order of their numbers.
        label: What it is called in a figure.
    """

    file: StudyFile
    runs: tuple[Run, ...]
    label: str

    @cached_property
    def table(self) -> Table:
        """Its table."""
        return table_of(self.runs, self.file.sets, self.file.metrics)

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """The options, and the seed, that differ from run to run."""
        rows = self.table.rows
        return tuple(
            name for name in self.table.option_columns if len({json.dumps(row.get(name)) for row in rows}) > 1
        )

    def metric(self, asked: str | None) -> str:
        """The name of the metric that is asked for; by default the first that counts.

        Raises:
            StudyError: If no run returned one of this name.
        """
        name = self.check(asked or self.file.metrics[0])
        if name not in self.table.metric_columns:
            listed = ", ".join(self.table.metric_columns)
            raise StudyError(f"{self.file.path}: {name!r} is no metric; one of {listed}")
        return name

    def check(self, column: str) -> str:
        """The whole name of a column.

        Raises:
            StudyError: If there is none of this name.
        """
        try:
            return self.table.check(column)
        except StudyError as error:
            raise StudyError(f"{self.file.path}: {error}") from None


class Entry(NamedTuple):
    """A run with its row of the table."""

    source: Source
    run: Run
    row: Mapping[str, Any]

    def value(self, metric: str) -> float:
        """Its metric; NaN unless it is complete and that is a number."""
        found = self.row.get(metric)
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        return float(found) if is_number and self.run.status is Status.COMPLETE else math.nan  # type: ignore[arg-type]


def sources_of(studies: Iterable[tuple[StudyFile, Mapping[int, Run]]]) -> list[Source]:
    """Studies with labels that differ: the file's name, and where two are alike its folder too."""
    pairs = list(studies)
    stems = Counter(file.path.stem for file, _ in pairs)
    sources = []
    for file, runs in pairs:
        path = file.path.absolute()
        label = path.stem if stems[path.stem] == 1 else f"{path.parent.name}/{path.stem}"
        sources.append(
            Source(file, tuple(runs[number] for number in sorted(runs)), caption(label, LONGEST_STUDY))
        )
    return sources


def in_groups(sources: Sequence[Source], by: Sequence[str]) -> dict[str, list[Entry]]:
    """All runs by the label of their group.

    Args:
        sources: Studies; where there are several, labels begin with theirs.
        by: Options that make the groups; empty: each study is one.

    Raises:
        StudyError: If a study has no such option.
    """
    members: dict[str, list[Entry]] = {}
    labels: dict[str, str] = {}
    for number, source in enumerate(sources):
        names = [source.check(name) for name in by]
        own = [source.label] if len(sources) > 1 or not names else []
        for run, row in zip(source.runs, source.table.rows, strict=True):
            key = json.dumps([number, *(row.get(name) for name in names)])
            labels[key] = ", ".join((*own, *(_word(name, row.get(name)) for name in names)))
            members.setdefault(key, []).append(Entry(source, run, row))
    apart = _told_apart(list(labels.values()))
    return dict(zip(apart, members.values(), strict=True))


def _told_apart(labels: Sequence[str]) -> list[str]:
    """Labels with numbers where values that differ look alike, cut or rounded as they are shown."""
    seen: Counter[str] = Counter()
    counts = Counter(labels)
    found = []
    for label in labels:
        seen[label] += 1
        found.append(f"{label} ({seen[label]})" if counts[label] > 1 else label)
    return found


def _word(name: str, value: object) -> str:
    """Text speaks for itself, a number needs its name."""
    if isinstance(value, str) and value:
        return caption(value)
    shown = f"{value:.4g}" if isinstance(value, float) else caption(repr(value))
    return f"{last_word(name)} = {shown}"


def nothing(kind: str, sources: Sequence[Source], why: str) -> StudyError:
    """The error where there is nothing to draw."""
    files = ", ".join(str(source.file.path) for source in sources)
    return StudyError(f"{kind}: nothing to draw of {files}: {why}")
