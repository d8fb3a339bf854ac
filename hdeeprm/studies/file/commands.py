"""What holds between the command of a study and its options."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator

from hdeeprm.errors import StudyError, did_you_mean
from hdeeprm.options.problems import Problem

from .model import StudyFile
from .taken import FOLDER, SEED

OF_COMMANDS = ("run", FOLDER)
"""Names in braces that are no options of a run."""


def command_problems(file: StudyFile, command: str) -> Iterator[Problem]:
    """Every name in braces is an option, and every option that varies is in braces."""
    from hdeeprm.studies.runs.program import words_of

    try:
        words_of(command)
    except StudyError as error:
        yield Problem(("command",), str(error).removeprefix("command: "))
        return
    try:
        used = [name for _, name, _, _ in string.Formatter().parse(command) if name is not None]
    except ValueError as error:
        yield Problem(("command",), f"{error}; a brace that is meant as such is written twice")
        return
    yield from _unknown_names(file, used)
    for name in file.sets:
        if name not in used:
            yield Problem(
                (_place(file, name), name), f"the command has no {{{name}}}.{did_you_mean(name, used)}"
            )


def _unknown_names(file: StudyFile, used: Collection[str]) -> Iterator[Problem]:
    """Names in braces that stand for nothing."""
    known = tuple(dict.fromkeys((*file.options, *file.sets, *([SEED] if file.seeds else []), *OF_COMMANDS)))
    for name in used:
        if name == SEED and name not in known:
            yield Problem(("command",), "{seed} is used, and there is none; add seeds = [...]")
        elif name not in known:
            text = f"there is no option {name!r}; one of {', '.join(known)}.{did_you_mean(name, known)}"
            yield Problem(("command",), text)


def _place(file: StudyFile, name: str) -> str:
    """Table of the file that an option varies in."""
    return next((key for key in ("grid", "search") if name in getattr(file, key)), "points")
