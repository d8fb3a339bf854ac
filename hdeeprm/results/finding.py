"""Which runs are meant."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from hdeeprm.errors import RunDirectoryError

from .directory import DEFAULT_ROOT, MARKER, is_run, read_status
from .reading import JOBS


def default_run() -> Path:
    """The working directory if it is that of a run, else the one in runs/ that was started last.

    Raises:
        RunDirectoryError: If there is neither.
    """
    here = Path()
    if any((here / name).exists() for name in (MARKER, JOBS)):
        return here
    runs = [run for place in _folders(DEFAULT_ROOT) for run in ([place] if is_run(place) else repeats(place))]
    if not runs:
        raise RunDirectoryError(
            f"no run here and none in {DEFAULT_ROOT}/; name a run directory, or make one with hdeeprm-launch"
        )
    return max(runs, key=lambda path: (str(read_status(path).get("started", "")), path.name))


def repeats(path: Path) -> list[Path]:
    """The runs in a directory that is none itself, as ``hdeeprm-launch -nr`` numbers them, in that order."""
    found = [place for place in _folders(path) if place.name.isdecimal() and is_run(place)]
    return sorted(found, key=lambda run: int(run.name))


def with_repeats(paths: Iterable[Path]) -> list[Path]:
    """Paths, with the runs in a directory of repeats in the place of that directory."""
    return list(chain.from_iterable(([] if is_run(path) else repeats(path)) or [path] for path in paths))


def _folders(path: Path) -> list[Path]:
    try:
        return [entry for entry in path.iterdir() if entry.is_dir()]
    except OSError:  # whoever reads it will say why
        return []
