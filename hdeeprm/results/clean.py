"""Removing run directories that the project made, and never anything else.

A directory is one of a run only by its run.json. In it, only files that a run may write (``FILES``) are
deleted, and the directory only once it is empty. Symbolic links are neither followed nor deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from hdeeprm.errors import RunDirectoryError

from .atomic import temporary_name
from .directory import FILES, MARKER, is_active, is_run, read_status

MAX_NAMED = 5
"""Kept files that are named, before the others are only counted."""


class Cleaned(NamedTuple):
    """What became of one run directory."""

    path: Path
    removed: bool  # the whole directory
    reason: str  # why it is still there, or what else there is to say; empty where nothing is


def find_runs(root: str | Path) -> list[Path]:
    """Run directories at and below a directory, nested ones before those that hold them.

    Raises:
        RunDirectoryError: If there is no such directory, or it is a symbolic link.
    """
    root = Path(root)
    if root.is_symlink() or not root.is_dir():
        kind = "a symbolic link" if root.is_symlink() else "no directory"
        raise RunDirectoryError(f"{root} is {kind}; name the directory that holds the runs")
    if root == Path():
        root = root.resolve()  # the working directory itself cannot be removed by the name "."
    folders = [Path(folder) for folder, _, _ in os.walk(root)]
    return sorted(filter(is_run, folders), key=lambda path: (-len(path.parts), path))


def clean(root: str | Path, dry_run: bool = False, force: bool = False) -> list[Cleaned]:
    """Remove the run directories at and below a directory.

    Args:
        root: A run directory, or one that holds some.
        dry_run: Only say what would be removed.
        force: Remove runs too that may still be going on.

    Returns:
        One entry per run directory found.

    Raises:
        RunDirectoryError: If there is no such directory, or it is a symbolic link.
    """
    gone: set[Path] = set()
    outcomes: list[Cleaned] = []
    for path in find_runs(root):
        if any(path in other.path.parents for other in outcomes if not other.removed):
            outcome = Cleaned(path, False, "it holds another run that is kept")
        else:
            outcome = _clean_run(path, gone, dry_run, force)
        if outcome.removed:
            gone.add(path)
        outcomes.append(outcome)
    return outcomes


def _clean_run(path: Path, gone: set[Path], dry_run: bool, force: bool) -> Cleaned:
    if not force and is_active(read_status(path)):
        return Cleaned(path, False, "it is still running; end it first, or use force")
    own = _own_files(path)
    foreign = _foreign_entries(path, own, gone)
    try:
        if not dry_run:
            _remove(path, own, whole=not foreign)
    except OSError as error:
        return Cleaned(path, False, f"{error.filename or path}: {error.strerror}")
    if foreign:
        more = f" and {len(foreign) - MAX_NAMED} more" if len(foreign) > MAX_NAMED else ""
        return Cleaned(path, False, f"kept what no run wrote: {', '.join(foreign[:MAX_NAMED])}{more}")
    return Cleaned(path, True, "")


def _own_files(path: Path) -> list[Path]:
    """Regular files that a run may have written, temporary ones too, run.json the last."""
    patterns = [
        *FILES,
        *(str(PurePosixPath(name).with_name(temporary_name(Path(name).name, "*"))) for name in FILES),
    ]
    found = {file for pattern in patterns for file in path.glob(pattern) if _is_own(path, file)}
    return sorted(found, key=lambda file: (file == path / MARKER, file))


def _is_own(path: Path, file: Path) -> bool:
    in_a_link = file.parent != path and file.parent.is_symlink()
    return file.is_file() and not file.is_symlink() and not in_a_link


def _foreign_entries(path: Path, own: list[Path], gone: set[Path]) -> list[str]:
    """What would stay, relative to the directory; directories of which nothing stays are not named."""
    return [str(entry.relative_to(path)) for entry in _leaves(path, gone) if entry not in own]


def _leaves(path: Path, gone: set[Path]) -> Iterator[Path]:
    """Everything below that is not a directory, and directories that are empty but not a run's own."""
    own_folders = {path / Path(name).parent for name in FILES}
    for entry in sorted(path.iterdir()):
        if entry in gone:
            continue
        if entry.is_symlink() or not entry.is_dir():
            yield entry
        else:
            inside = list(_leaves(entry, gone))
            yield from inside
            if not inside and entry not in own_folders:
                yield entry


def _remove(path: Path, own: list[Path], whole: bool) -> None:
    for file in own:
        file.unlink()
    for folder in sorted({path / Path(name).parent for name in FILES} - {path}):
        if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
            folder.rmdir()
    if whole:
        path.rmdir()
