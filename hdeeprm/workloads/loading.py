"""From the name of a workload file to the workload: where it lies, and of which kind it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hdeeprm.errors import WorkloadError, did_you_mean
from hdeeprm.shipped import shipped_file, shipped_names
from hdeeprm.workloads.batsim_json import parse_batsim_json
from hdeeprm.workloads.files import is_json, read_file
from hdeeprm.workloads.from_swf import workload_from_swf
from hdeeprm.workloads.settings import TraceSettings
from hdeeprm.workloads.swf import parse_swf
from hdeeprm.workloads.workload import Workload


def load_workload(
    path: str | Path,
    settings: TraceSettings | None = None,
    rng: np.random.Generator | None = None,
    search: str | Path | None = None,
) -> Workload:
    """Loads an SWF trace or a Batsim JSON workload; its content, not its name, tells which it is.

    Args:
        path: The file; a relative one is looked for in ``search``, in the working directory, and among
            the workloads that come with the package.
        settings: How a trace is read; of a Batsim JSON workload, only ``nb_jobs`` applies.
        rng: Source of what is drawn for a trace; None for a generator of seed 0.
        search: Directory to look in first, such as that of the options file.

    Returns:
        The workload.

    Raises:
        WorkloadError: If the file is not found, cannot be read, or holds no usable job.
    """
    settings = settings or TraceSettings()
    found = find_workload(path, search)
    data = read_file(found)
    if is_json(data):
        return parse_batsim_json(data, str(found), settings.nb_jobs)
    return workload_from_swf(parse_swf(data, str(found)), settings, rng or np.random.default_rng(0))


def find_workload(path: str | Path, search: str | Path | None = None) -> Path:
    """Finds a workload file.

    Args:
        path: Absolute, or relative to one of the places of :func:`load_workload`.
        search: Directory to look in first.

    Returns:
        The path of an existing file or directory.

    Raises:
        WorkloadError: If it lies in none of the places, which are named.
    """
    path = Path(path).expanduser()
    if path.is_absolute():
        return path
    directories = [Path.cwd()] if search is None else [Path(search), Path.cwd()]
    places = [directory / path for directory in directories]
    shipped = shipped_file("workloads", path.name) if len(path.parts) == 1 else None
    found = [place for place in places if place.is_file()] + ([shipped] if shipped else [])
    found += [place for place in places if place.exists()]  # a directory: reading it says so
    if not found:
        raise _not_found(path, directories)
    return found[0]


def _not_found(path: Path, directories: list[Path]) -> WorkloadError:
    beside = [directory / path.parent for directory in directories]
    names = [item.name for parent in beside if parent.is_dir() for item in parent.iterdir()]
    hint = did_you_mean(path.name, [*names, *shipped_names("workloads")])
    places = " and ".join(dict.fromkeys(str(directory) for directory in directories))
    return WorkloadError(
        f"{path}: no such workload in {places} nor among those of the package.{hint} "
        "Give a path relative to one of them, or an absolute path"
    )
