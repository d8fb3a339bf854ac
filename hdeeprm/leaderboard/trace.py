"""The trace that a user has to bring: where it is looked for, and how to get it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hdeeprm.errors import WorkloadError
from hdeeprm.results.atomic import make_folder, open_atomically
from hdeeprm.workloads.files import read_file
from hdeeprm.workloads.swf import parse_swf

TRACE = "lublin_256.swf"
DIGEST = "a394ab3d81179ebcf645a1cbd593a60b6dff7f11a510e1e6285c45f43310c962"
"""SHA-256 of the trace that the published numbers are of."""
PLACE = "https://github.com/DIR-LAB/deep-batch-scheduler, data/lublin_256.swf"


def prepared_trace(given: Path | None, folder: Path) -> list[str]:
    """Put the trace into the folder of the studies, so that they go on wherever they are run from.

    Args:
        given: The user's copy, plain or gzip; None: the one that is there already, or that of the working
            directory.
        folder: Of the studies.

    Returns:
        What the user should know.

    Raises:
        WorkloadError: If it is not found or is no trace, or studies of the folder were begun with another.
    """
    kept = folder / TRACE
    source = given or next((place for place in (kept, Path(TRACE)) if place.is_file()), None)
    if source is None:
        raise WorkloadError(
            f"{TRACE}: the tables lublin-1 and simulators are over this trace, which does not come with the "
            f"package, and is not in {str(Path().absolute())!r}; take it from {PLACE}, and name it with "
            "--trace FILE, or leave these tables out with --table platforms"
        )
    data = _content(source)
    if kept.exists() and kept.read_bytes() != data:
        raise WorkloadError(
            f"{source} is not the trace that {str(folder)!r} was begun with, {kept}; name another folder "
            "with --folder"
        )
    if not kept.exists():
        with open_atomically(make_folder(folder) / TRACE) as file:
            file.write(data)
    if hashlib.sha256(data).hexdigest() == DIGEST:
        return []
    return [f"{source} is not the trace that the published numbers are of (SHA-256 {DIGEST}); see {PLACE}"]


def _content(path: Path) -> bytes:
    """The trace as it is kept: plain, and one that can be read."""
    try:
        data = read_file(path)
        parse_swf(data, str(path))
    except WorkloadError as error:
        raise WorkloadError(f"--trace: {error}; {TRACE} is in {PLACE}") from None
    return data
