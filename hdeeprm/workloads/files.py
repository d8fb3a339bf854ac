"""Reading of workload files, gzip or plain, and writing that never leaves half a file behind."""

from __future__ import annotations

import gzip
import os
import tempfile
import zlib
from pathlib import Path

from hdeeprm.errors import WorkloadError, did_you_mean

GZIP_MAGIC = b"\x1f\x8b"
"""First bytes of every gzip file [RFC 1952]; the name of a file says nothing reliable."""

JSON_OPENINGS = b"{", b"["
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PUBLIC_FILE_MODE = 0o644


def read_file(path: str | Path) -> bytes:
    """Content of a file, uncompressed where it is gzip by its first bytes.

    Args:
        path: File to read.

    Returns:
        The bytes, without a leading UTF-8 byte order mark.

    Raises:
        WorkloadError: If the file is missing, a directory, unreadable, empty or broken gzip.
    """
    path = Path(path)
    data = _read(path)
    if data.startswith(GZIP_MAGIC):
        data = _uncompress(data, path)
    data = data.removeprefix(BYTE_ORDER_MARK)
    if not data.strip():
        raise WorkloadError(f"{path}: the file is empty; give an SWF trace or a Batsim JSON workload")
    return data


def is_json(data: bytes) -> bool:
    """Whether the content of a workload file, not its name, says that it is JSON; else it is an SWF trace."""
    return data.lstrip().startswith(JSON_OPENINGS)


def write_file(path: str | Path, text: str) -> Path:
    """Writes a text whole or not at all: to a temporary name beside it, then renamed.

    Args:
        path: File to write; its directory is made where it is missing.
        text: Content, written as UTF-8 with Unix line ends.

    Returns:
        The path written.

    Raises:
        WorkloadError: If the file cannot be written.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text.encode("utf-8"))
    except OSError as error:
        reason = error.strerror or error
        raise WorkloadError(f"{path}: cannot be written ({reason}); give another path") from error
    return path


def _replace(path: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        os.chmod(temporary, PUBLIC_FILE_MODE)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise WorkloadError(f"{path}: is no regular file; give an SWF trace or a Batsim JSON workload")
        return path.read_bytes()
    except FileNotFoundError:
        hint = did_you_mean(path.name, _names_beside(path))
        raise WorkloadError(f"{path}: no such workload file.{hint} Name one that exists") from None
    except IsADirectoryError:
        raise WorkloadError(f"{path}: is a directory; name a workload file inside it") from None
    except OSError as error:
        reason = error.strerror or error
        raise WorkloadError(f"{path}: cannot be read ({reason}); check its permissions") from error


def _names_beside(path: Path) -> list[str]:
    try:
        return [item.name for item in path.parent.iterdir()]
    except OSError:
        return []


def _uncompress(data: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        message = f"{path}: the gzip data are damaged or cut off ({error}); fetch or copy the file again"
        raise WorkloadError(message) from error
