"""What all who read Batsim's JSON workloads share: the file as JSON, numbers, and the fields of jobs."""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from hdeeprm.errors import WorkloadError

LARGEST_INTEGER = 2.0**53
SHOWN = 40
"""Characters of a wrong number that are shown."""
NO_WALLTIME = -1.0
"""Walltime, in s, of a job that has none."""


class Problems:
    """Collects what is wrong in a file, so that all of it is reported together."""

    SHOWN = 20

    def __init__(self, source: str) -> None:
        """Starts with no problem in the file of this name."""
        self.source = source
        self.messages: list[str] = []

    def add(self, where: str, message: str) -> None:
        """Notes one problem at a JSON path such as ``jobs[3].res``."""
        self.messages.append(f"{self.source}: {where}: {message}")

    def report(self) -> str:
        """All problems, one a line; of many, the first ones and how many there are besides."""
        hidden = len(self.messages) - self.SHOWN
        more = [f"... and {hidden} more problems"] if hidden > 0 else []
        return "\n".join(self.messages[: self.SHOWN] + more)


def load_json(data: bytes, source: str) -> Mapping[str, Any]:
    """The JSON object that a workload is.

    Args:
        data: The uncompressed file.
        source: Its name for messages.

    Raises:
        WorkloadError: If it is none, or holds numbers that are not finite.
    """

    def refuse(constant: str) -> NoReturn:
        raise WorkloadError(f"{source}: holds {constant[:SHOWN]}; numbers must be finite")

    def finite(text: str) -> float:
        number = float(text)
        return number if math.isfinite(number) else refuse(text)

    try:
        content = json.loads(data.decode("utf-8"), parse_constant=refuse, parse_float=finite)
    except WorkloadError:
        raise
    except UnicodeDecodeError as error:
        raise WorkloadError(f"{source}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        where = f"{source}:{error.lineno}:{error.colno}"
        raise WorkloadError(f"{where}: not valid JSON ({error.msg}); mend the file there") from error
    except RecursionError as error:
        raise too_deep(source) from error
    except ValueError as error:
        raise WorkloadError(f"{source}: cannot be read as JSON ({error}); check the file") from error
    if not isinstance(content, dict):
        form = '{"nb_res": ..., "jobs": [...], "profiles": {...}}'
        raise WorkloadError(f"{source}: $: is not a JSON object; a workload is {form}")
    return content


def too_deep(source: str) -> WorkloadError:
    """What is wrong with a file whose parts are within others without end."""
    return WorkloadError(f"{source}: is nested too deeply; write it with fewer levels")


def read_number(
    owner: Mapping[str, object], key: str, path: str, problems: Problems, *, minimum: float = 0.0
) -> float | None:
    """A number of at least ``minimum`` under a key; None where it is absent, null or reported as wrong.

    Args:
        owner: JSON object that may hold the key.
        key: Name of the number.
        path: JSON path of the object.
        problems: Takes a message where the value is no such number.
        minimum: Least value allowed.

    Returns:
        The number, or None.
    """
    value = owner.get(key)
    if value is None:
        return None
    number = _as_float(value)
    if number is None or not minimum <= number <= math.inf or math.isinf(number):
        problems.add(f"{path}.{key}", f"{reprlib.repr(value)}; give a finite number of at least {minimum:g}")
        return None
    return number


def _as_float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


# Fields of jobs ------------------------------------------------------------------------------------------


def read_id(entry: Mapping[str, object], path: str, problems: Problems) -> str | None:
    """The id of a job at a JSON path; None where it is reported as wrong."""
    job_id = entry.get("id")
    if isinstance(job_id, bool) or not isinstance(job_id, int | str) or job_id == "":
        problems.add(f"{path}.id", f"{job_id!r}; give a whole number or a text")
        return None
    return str(job_id)


def read_submit_time(entry: Mapping[str, object], path: str, problems: Problems) -> float | None:
    """When a job is submitted, in s; None where it is reported as missing or wrong."""
    if entry.get("subtime") is None:
        problems.add(f"{path}.subtime", "is missing; give the submission time in s")
        return None
    return read_number(entry, "subtime", path, problems)


def read_num_hosts(entry: Mapping[str, object], path: str, problems: Problems) -> int | None:
    """How many hosts, that is cores, a job asks for; None where it is reported as missing or wrong."""
    if entry.get("res") is None:
        problems.add(f"{path}.res", "is missing; give a whole number of cores")
        return None
    number = read_number(entry, "res", path, problems, minimum=1.0)
    if number is None:
        return None
    if not number.is_integer() or number > LARGEST_INTEGER:
        problems.add(f"{path}.res", f"{entry['res']!r}; give a whole number of cores")
        return None
    return int(number)


def read_walltime(entry: Mapping[str, object], path: str, problems: Problems) -> float | None:
    """The walltime of a job in s; None where it has none, or it is reported as wrong."""
    if entry.get("walltime") == NO_WALLTIME:
        return None
    walltime = read_number(entry, "walltime", path, problems)
    if walltime == 0.0:
        problems.add(f"{path}.walltime", "0 s; give a time above 0, or -1 for none")
    return walltime


def check_unique(job_ids: Iterable[str], problems: Problems) -> None:
    """Report the ids of jobs that come more than once."""
    seen: set[str] = set()
    for job_id in job_ids:
        if job_id in seen:
            problems.add("jobs", f"the id {job_id!r} comes more than once; ids are unique")
        seen.add(job_id)
