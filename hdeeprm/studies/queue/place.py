"""Where a study keeps what it finds: a folder of its own beside its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hdeeprm.errors import JournalError, RunDirectoryError, StudyError

from .records import FILE_NAME

JOURNAL = "journal.log"


def is_study(folder: Path) -> bool:
    """Whether a folder is one that a study has made."""
    return (folder / JOURNAL).is_file()


def check_place(folder: Path) -> None:
    """See that a folder is a study's, empty, or not there yet.

    Raises:
        StudyError: If it is the user's own, which nothing may be written to.
        JournalError: If something else than a file has the journal's name.
    """
    journal = folder / JOURNAL
    if journal.exists() and not journal.is_file():
        raise JournalError(f"{journal}: is no file, and no journal therefore; move it away")
    if folder.exists() and not folder.is_dir():
        raise StudyError(
            f"{folder}: is a file, where the study's folder is to be; name the study file otherwise, with "
            f"an ending, such as {folder.name}-study.toml"
        )
    if folder.exists() and not is_study(folder) and any(folder.iterdir()):
        raise StudyError(
            f"{folder}/: is there, has no {JOURNAL}, and so is no study's folder; move it away, or name the "
            f"study file otherwise, such as {folder.name}-study.toml"
        )


def make_folder(folder: Path) -> None:
    """Make the folder of a study, unless it is there.

    Raises:
        RunDirectoryError: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(
            f"{folder}: cannot be made: {error.strerror}; lay the study file where you may write"
        ) from error


def check_name(facts: Mapping[str, Any], path: Path) -> None:
    """See that a folder is not that of another study file, whose name differs in its ending only.

    Args:
        facts: What the journal says of the study.
        path: The study file.

    Raises:
        StudyError: If so.
    """
    other = path.with_name(str(facts.get(FILE_NAME, path.name)))
    if other.name != path.name and other.stem == path.stem and other.exists():
        raise StudyError(
            f"{path}: {path.with_suffix('')}/ is the folder of {other.name}, which is there too; name one of "
            "the two files otherwise"
        )
