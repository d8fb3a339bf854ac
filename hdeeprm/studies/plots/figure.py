"""A whole figure of one study or of several: its kind and its axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from hdeeprm.errors import StudyError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hdeeprm.studies.file import StudyFile
    from hdeeprm.studies.queue import Run

    from .drawing import Drawing

KINDS = (
    "progress",
    "compare",
    "curves",
    "importance",
    "slices",
    "pareto",
    "landscape",
    "regret",
    "moving-loss",
)


def draw(
    studies: Iterable[tuple[StudyFile, Mapping[int, Run]]],
    kind: str | None = None,
    by: Sequence[str] = (),
    metrics: Sequence[str] = (),
) -> Figure:
    """A figure of studies; no display takes part.

    Args:
        studies: Files and runs.
        kind: One of ``KINDS``; None: what suits the first study.
        by: Options that make groups of runs.
        metrics: What is drawn, two for the kind "pareto"; empty: what the files name.

    Raises:
        StudyError: If the kind is not known, or there is nothing to draw.
        FigureError, DependencyNotInstalled: Without a matplotlib that starts.
    """
    check_kind(kind)
    from hdeeprm.plots.saving import check_matplotlib

    check_matplotlib()
    from matplotlib.figure import Figure

    from .drawing import Drawing
    from .sources import sources_of

    sources = sources_of(studies)
    kind = kind or suitable_kind(sources[0].file)
    figure = Figure(layout="constrained")
    _drawers()[kind](Drawing(figure, kind, sources, tuple(by), tuple(metrics)))
    return figure


def check_kind(kind: str | None) -> None:
    """Refuse a kind that there is not.

    Raises:
        StudyError: If it is not known.
    """
    if kind is not None and kind not in KINDS:
        raise StudyError(
            f"kind: {kind!r} is not known; one of {', '.join(KINDS)}.{did_you_mean(kind, KINDS)}"
        )


def suitable_kind(file: StudyFile) -> str:
    """What shows most of a study: its front, its regret, how its search went, or its groups."""
    from hdeeprm.studies.file.model import LANDSCAPE

    if len(file.metrics) > 1:
        return "pareto"
    if file.run == LANDSCAPE:
        return "regret"
    return "progress" if file.search else "compare"


def _drawers() -> Mapping[str, Callable[[Drawing], None]]:
    from . import kinds

    functions = (getattr(kinds, f"draw_{kind.replace('-', '_')}") for kind in KINDS)
    return dict(zip(KINDS, functions, strict=True))
