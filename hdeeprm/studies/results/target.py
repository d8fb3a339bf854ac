"""Where tables and figures may be written to: nowhere over what the study itself is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hdeeprm.errors import RunDirectoryError, StudyError

if TYPE_CHECKING:
    from hdeeprm.studies.file import StudyFile

OWN = ("journal.log*", "*.log", "runs")
"""What a study's folder holds by itself; see :class:`pathlib.PurePath.match`."""


def check_target(file: StudyFile, path: Path) -> None:
    """Refuse a file that belongs to a study, or that has no folder to be in.

    Args:
        file: The study.
        path: The file that is to be written.

    Raises:
        StudyError: If it is the study's file, or one of those that the study keeps in its folder.
        RunDirectoryError: If its folder is not there.
    """
    if not path.parent.is_dir():
        raise RunDirectoryError(f"{path}: there is no folder {str(path.parent)!r}; make it, or name another")
    target, folder = _place(path), _place(file.folder)
    if target == _place(file.path):
        raise StudyError(f"{path}: is the study's own file; name another")
    if folder not in target.parents:
        return
    first = Path(target.relative_to(folder).parts[0])
    if any(first.match(pattern) for pattern in OWN):
        raise StudyError(f"{path}: is where the study keeps its runs and its journal; name another file")


def _place(path: Path) -> Path:
    """Where a file lies, whatever links lead there."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return path.absolute()
