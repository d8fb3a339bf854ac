"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hdeeprm.errors import RunDirectoryError

_ELSEWHERE = "choose another place"
_CURES = {
    errno.ENOSPC: f"free some space, or {_ELSEWHERE}",
    errno.EDQUOT: f"free some of your quota, or {_ELSEWHERE}",
    errno.EFBIG: f"raise the limit on the size of files (ulimit -f), or {_ELSEWHERE}",
    errno.EACCES: f"make it writable, or {_ELSEWHERE}",
    errno.EROFS: f"it is mounted read-only; {_ELSEWHERE}",
    errno.EEXIST: f"it is a file, not a directory; {_ELSEWHERE}",
    errno.ENOTDIR: f"a part of it is a file, not a directory; {_ELSEWHERE}",
    errno.ENOENT: f"its directory is gone or cannot be made; {_ELSEWHERE}",
}


MAX_STEM = 40
"""Characters of a file's name that its temporary name has: there is a limit on the length of names."""


def temporary_name(name: str, token: str) -> str:
    """Name that a file has until it is whole; the token makes sure that nobody else's file is called so."""
    return f".{name[:MAX_STEM]}.{token}.tmp"


def check_unused(path: Path, force: bool, option: str) -> None:
    """Refuse a file that would take the place of another.

    Args:
        path: The file.
        force: Whether a plain file may be replaced.
        option: By which another name is given, for the message.

    Raises:
        RunDirectoryError: If it is there and ``force`` is false or it is no plain file.
    """
    plain = path.is_file() and not path.is_symlink()
    if os.path.lexists(path) and not (force and plain):
        cure = ", or replace it with --force" if plain else ""
        raise RunDirectoryError(f"{path} exists; give another name with {option}{cure}")


def check_folder(path: Path) -> None:
    """Refuse a file whose folder is missing or read-only, before its content costs any time.

    Raises:
        RunDirectoryError: If it cannot be written there.
    """
    folder = str(path.parent)
    if not path.parent.is_dir():
        raise RunDirectoryError(f"{path}: there is no folder {folder!r}; make it, or name another")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise RunDirectoryError(f"{path}: the folder {folder!r} is read-only; name another")


def make_folder(folder: Path) -> Path:
    """Make a folder, and those that it lies in, unless it is there.

    Raises:
        RunDirectoryError: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def cannot_write(path: Path, error: OSError) -> RunDirectoryError:
    """The error that says where, why and what to do about it."""
    cure = _CURES.get(error.errno or 0, _ELSEWHERE)
    return RunDirectoryError(f"{path} cannot be written: {error.strerror or error}; {cure}")


@contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes its name only once all of it is on disk.

    An older file of that name stays as it was until then, and for ever if writing fails.

    Raises:
        RunDirectoryError: If it cannot be written, nothing of it is left then; or if something else than a
            regular file has the name, such as a device or a link, which it would take the place of.
    """
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise RunDirectoryError(f"{path} is no regular file, and is left as it is; choose another name")
    temporary = path.with_name(temporary_name(path.name, secrets.token_hex(8)))
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, RunDirectoryError):
            raise cannot_write(path, error) from error
        raise


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write several files, all of them or none.

    Raises:
        RunDirectoryError: If one cannot be written.
    """
    with ExitStack() as stack:
        files = {path: stack.enter_context(open_atomically(path)) for path in contents}
        for path, file in files.items():
            file.write(contents[path])
