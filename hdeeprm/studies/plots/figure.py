"""A whole figure of one study or of several: its kind, its axes, its file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hdeeprm.errors import DependencyNotInstalled, StudyError, did_you_mean

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
ENDINGS = (".svg", ".png", ".pdf")
DPI = 150


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
        DependencyNotInstalled: Without matplotlib.
    """
    check_kind(kind)
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DependencyNotInstalled('figures need matplotlib: pip install "hdeeprm[plot]"') from error
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


def check_ending(path: Path) -> None:
    """Refuse a file that is no picture.

    Raises:
        StudyError: If its ending is none of ``ENDINGS``.
    """
    if path.suffix.lower() not in ENDINGS:
        nearest = did_you_mean(path.suffix, ENDINGS)
        raise StudyError(f"{path}: a file ending in {', '.join(ENDINGS)} is wanted.{nearest}")


def save(figure: Figure, path: Path) -> None:
    """Write a figure, whole or not at all; the same figure gives the same bytes.

    Raises:
        StudyError: If the file's ending is not known.
        RunDirectoryError: If it cannot be written.
    """
    import matplotlib

    from hdeeprm.results.atomic import open_atomically

    check_ending(path)
    ending = path.suffix.lower().removeprefix(".")
    content = io.BytesIO()
    no_date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(ending)
    with matplotlib.rc_context({"svg.hashsalt": "hdeeprm"}):
        figure.savefig(content, format=ending, dpi=DPI, metadata=no_date)
    with open_atomically(path) as file:
        file.write(content.getvalue())
