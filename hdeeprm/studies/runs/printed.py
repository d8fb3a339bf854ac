"""What a function prints: kept in its run's directory."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TextIO

STDOUT = "stdout.txt"


class PrintedTo(io.TextIOBase):
    """A file that is made when something is written to it.

    Args:
        directory: Of the run, which is made then too.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file: TextIO | None = None

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Write, line by line."""
        if self._file is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._file = open(self._directory / STDOUT, "a", encoding="utf-8", buffering=1)  # noqa: SIM115
        return self._file.write(text)

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
        super().close()
