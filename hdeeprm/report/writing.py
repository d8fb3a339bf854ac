"""From run directories to the file of the page."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from hdeeprm.results.atomic import check_unused, open_atomically
from hdeeprm.results.reading import read_run

from .page import report_html


def write_report(directories: Sequence[str | Path], path: str | Path, force: bool = False) -> None:
    """Write one page about runs.

    Args:
        directories: Of the runs, at least one.
        path: Where to.
        force: Replace a file that is there.

    Raises:
        RunDirectoryError: If a directory is none of a run, a file of one is damaged, or the page cannot be
            written. What a run did not leave is told in the page instead.
    """
    path = Path(path)
    check_unused(path, force, "-o")
    runs = [read_run(directory) for directory in directories]
    command = shlex.join(["hdeeprm", "report", *map(str, directories), "-o", str(path)])
    page = report_html(runs, command).encode("utf-8", "backslashreplace")
    with open_atomically(path) as file:
        file.write(page)
