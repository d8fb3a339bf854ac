"""The ends of text files that processes wrote."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_NUM_LINES = 20
_NUM_BYTES = 16_384


def tail(paths: Iterable[Path]) -> list[str]:
    """Last lines of files, each with the file's name, those of the file written last at the end.

    Args:
        paths: Files, which need not be there.
    """
    written = sorted((path for path in paths if path.is_file()), key=lambda path: path.stat().st_mtime)
    return [line for path in written for line in _last_lines(path)][-_NUM_LINES:]


def _last_lines(path: Path) -> list[str]:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _NUM_BYTES))
        text = file.read().decode(errors="replace")
    return [f"{path.name}: {line}" for line in text.splitlines()[-_NUM_LINES:]]
