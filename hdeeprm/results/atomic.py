"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from hdeeprm.errors import RunDirectoryError

_ELSEWHERE = "choose another place with -o"
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


def temporary_name(name: str) -> str:
    """Name that a file has until it is whole."""
    return f".{name}.tmp"


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
    temporary = path.with_name(temporary_name(path.name))
    try:
        with open(temporary, "wb") as file:
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
