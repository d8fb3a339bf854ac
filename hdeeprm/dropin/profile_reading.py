"""Profiles of Batsim workloads: from JSON to what a job does."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from typing import Any

from hdeeprm.errors import did_you_mean
from hdeeprm.simulator.batsim.profiles import Composed, Delay, Profile, Task, num_stages
from hdeeprm.workloads.batsim_fields import Problems, read_number

UNSUPPORTED = ("parallel_homogeneous_pfs", "data_staging", "send", "recv", "smpi")
"""Types that Batsim knows besides; they need storage, messages to jobs, or traces of MPI."""
MOST_STAGES = 1_000_000
"""Most stages of a job, so that a small file can't ask for endless ones."""
MAX_RETURN_CODE = 2**31 - 1
"""As Batsim keeps it."""

Known = Mapping[str, Profile]


def read_profiles(content: object, problems: Problems, known: Known | None = None) -> dict[str, Profile]:
    """Read the profiles of a workload, those that others are composed of first.

    Args:
        content: JSON object of profiles by name.
        problems: Takes what is wrong.
        known: Profiles that are there already.

    Returns:
        Those that can be used.
    """
    if not isinstance(content, dict):
        problems.add("profiles", "is not a JSON object of profiles by name")
        return {}
    reading = _Reading(content, problems, dict(known or {}))
    for name in content:
        reading.read(name, ())
    return {name: profile for name, profile in reading.profiles.items() if name in content}


class _Reading:
    """Profiles that are read, each once."""

    def __init__(self, content: Mapping[str, Any], problems: Problems, profiles: dict[str, Profile]) -> None:
        self.content = content
        self.problems = problems
        self.profiles = profiles
        self._seen: set[str] = set()

    def read(self, name: str, users: tuple[str, ...]) -> Profile | None:
        """One profile, None where it can't be used; ``users`` are composed of it."""
        if name in self._seen or name not in self.content:
            return self.profiles.get(name)
        self._seen.add(name)
        path, content = f"profiles.{name}", self.content[name]
        if not isinstance(content, dict):
            self.problems.add(path, "is not a JSON object")
            return None
        kind = content.get("type")
        read = _READERS.get(kind) if isinstance(kind, str) else None
        if read is None:
            self.problems.add(f"{path}.type", _not_supported(kind))
            return None
        profile = read(self, path, content, (*users, name))
        if profile is not None:
            self.profiles[name] = profile
        return profile

    def number(self, content: Mapping[str, Any], key: str, path: str) -> float | None:
        """A number of at least 0 that must be there."""
        if content.get(key) is None:
            self.problems.add(f"{path}.{key}", "is missing; give a number of at least 0")
            return None
        return read_number(content, key, path, self.problems)

    def numbers(self, content: Mapping[str, Any], key: str, path: str) -> tuple[float, ...] | None:
        """A list of numbers of at least 0."""
        values = content.get(key)
        if not isinstance(values, list) or not values:
            self.problems.add(f"{path}.{key}", "is not a list of numbers; give one for each host")
            return None
        places = {str(place): value for place, value in enumerate(values)}
        found = [self.number(places, place, f"{path}.{key}") for place in places]
        return None if None in found else tuple(value for value in found if value is not None)

    def return_code(self, content: Mapping[str, Any], path: str) -> int:
        """What a job of this profile returns."""
        code = content.get("ret", 0)
        if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code <= MAX_RETURN_CODE:
            self.problems.add(
                f"{path}.ret",
                f"{reprlib.repr(code)}; give an integer from 0 to {MAX_RETURN_CODE}, above 0 for a failure",
            )
            return 0
        return code


def _not_supported(kind: object) -> str:
    known = ", ".join(_READERS)
    if kind in UNSUPPORTED:
        return f"{kind!r} is not simulated here; take the real Batsim for it, or one of {known}"
    near = did_you_mean(kind, _READERS) if isinstance(kind, str) else ""
    return f"{kind!r} is no type of profile; known are {known}.{near}"


def _delay(
    reading: _Reading, path: str, content: Mapping[str, Any], users: tuple[str, ...]
) -> Profile | None:
    seconds = reading.number(content, "delay", path)
    if seconds == 0.0:
        reading.problems.add(f"{path}.delay", "0; a delay is above 0 s")
    return None if seconds is None else Delay(seconds, reading.return_code(content, path))


def _homogeneous(
    reading: _Reading, path: str, content: Mapping[str, Any], users: tuple[str, ...]
) -> Profile | None:
    cpu, com = reading.number(content, "cpu", path), reading.number(content, "com", path)
    if cpu is None or com is None:
        return None
    total = content["type"] == "parallel_homogeneous_total"
    return Task(cpu, com, total, reading.return_code(content, path))


def _parallel(
    reading: _Reading, path: str, content: Mapping[str, Any], users: tuple[str, ...]
) -> Profile | None:
    cpu, com = reading.numbers(content, "cpu", path), reading.numbers(content, "com", path)
    if cpu is None or com is None:
        return None
    size = len(cpu)
    if len(com) != size * size:
        reading.problems.add(
            f"{path}.com", f"has {len(com)} numbers; cpu has {size}, so that it takes {size} x {size}"
        )
        return None
    rows = tuple(com[first : first + size] for first in range(0, size * size, size))
    return Task(cpu, rows, False, reading.return_code(content, path))


def _composed(
    reading: _Reading, path: str, content: Mapping[str, Any], users: tuple[str, ...]
) -> Profile | None:
    names, repeat = content.get("seq"), content.get("repeat", 1)
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        reading.problems.add(f"{path}.seq", "is not a list of names of profiles")
        return None
    if isinstance(repeat, bool) or not isinstance(repeat, int) or repeat < 1:
        reading.problems.add(f"{path}.repeat", f"{repeat!r}; give an integer of at least 1")
        return None
    parts: list[Profile] = []
    for place, name in enumerate(names):
        if name in users:
            reading.problems.add(f"{path}.seq[{place}]", f"{name!r} is composed of itself")
            return None
        part = reading.read(name, users)
        if part is None:
            if name not in reading.content:
                near = did_you_mean(name, reading.content)
                reading.problems.add(f"{path}.seq[{place}]", f"{name!r} is no profile of the workload.{near}")
            return None
        parts.append(part)
    profile = Composed(tuple(parts), tuple(names), repeat, reading.return_code(content, path))
    if num_stages(profile) > MOST_STAGES:
        reading.problems.add(path, f"comes to more than {MOST_STAGES:,} stages; repeat it less often")
        return None
    return profile


_Reader = Callable[[_Reading, str, Mapping[str, Any], tuple[str, ...]], Profile | None]
_READERS: dict[str, _Reader] = {
    "delay": _delay,
    "parallel_homogeneous": _homogeneous,
    "parallel_homogeneous_total": _homogeneous,
    "parallel": _parallel,
    "composed": _composed,
}
