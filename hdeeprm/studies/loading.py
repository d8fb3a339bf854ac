"""Functions and classes of the user's own by name: ``module:name`` or ``file.py:name``."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import Any

from hdeeprm.errors import StudyError, did_you_mean

_IMPORTED: ContextVar[str] = ContextVar("imported", default="")
"""The user's file or module that is being imported."""


def load_object(key: str, name: str, folder: Path | None = None) -> Any:
    """What a name stands for.

    Args:
        key: Of the study file, for messages.
        name: ``module:name`` or ``file.py:name``; what follows the colon may have dots.
        folder: Of the study file, where files are and modules are looked for first; None: as Python does.

    Raises:
        StudyError: If it cannot be imported; the message says why.
    """
    place, _, attribute = name.rpartition(":")
    if folder is not None:
        _look_in(folder)
    found: Any = _imported(key, name, place, folder or Path())
    for part in attribute.split("."):
        if not hasattr(found, part):
            nearest = did_you_mean(part, vars(found) if hasattr(found, "__dict__") else ())
            raise StudyError(f"{key}: {name!r}: {place} has no {attribute!r}.{nearest}")
        found = getattr(found, part)
    return found


def refuse_while_imported(what: str) -> None:
    """Refuse what a file does that is imported for its function only, or every worker would do it again.

    Args:
        what: Is refused, such as "Study(...)".

    Raises:
        StudyError: If such a file is being imported.
    """
    if place := _IMPORTED.get():
        raise StudyError(
            f"{what} is reached while {place} is imported, as every worker does it; "
            'put what makes and runs studies under: if __name__ == "__main__":'
        )


def _look_in(folder: Path) -> None:
    if str(folder.resolve()) not in sys.path:
        sys.path.insert(0, str(folder.resolve()))


def _imported(key: str, name: str, place: str, folder: Path) -> ModuleType:
    is_file = place.endswith(".py")
    if is_file and not (folder / place).exists():
        raise StudyError(f"{key}: {name!r}: there is no file {str(folder / place)!r}")
    if is_file:
        _look_in((folder / place).parent)  # as Python does for a file that it runs
    try:
        with _importing(place):
            return _module_of_file(folder / place) if is_file else importlib.import_module(place)
    except StudyError as error:  # such as by the function below
        raise StudyError(f"{key}: {name!r}: {error}") from error
    except (Exception, SystemExit) as error:  # what the user wrote may fail in any way
        text = f"{type(error).__name__}: {error}"
        raise StudyError(
            f"{key}: {name!r} cannot be imported: {text}; correct the name, or lay it beside the study"
        ) from error


@contextmanager
def _importing(place: str) -> Iterator[None]:
    token = _IMPORTED.set(place)
    try:
        yield
    finally:
        _IMPORTED.reset(token)


def _module_of_file(path: Path) -> ModuleType:
    """A file as a module of a private name, so that its ``if __name__ == "__main__"`` does not run."""
    name = "_hdeeprm_study_" + hashlib.blake2b(str(path.resolve()).encode(), digest_size=8).hexdigest()
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:  # such as where the ending is none of Python's
        raise ImportError(f"{path} is no Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
