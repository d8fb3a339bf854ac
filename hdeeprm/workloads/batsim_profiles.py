"""Profiles of Batsim JSON workloads, with the fields that HDeepRM adds to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from hdeeprm.memory_units import KB_PER_MB, MB_PER_GB
from hdeeprm.workloads.batsim_fields import LARGEST_INTEGER, Problems, read_number

SUPPORTED_PROFILES = "supported is parallel_homogeneous with com 0 (cpu in flop per core, or req_time in s)"
_DIGITS = 6  # decimals kept before rounding up, so that 0.1 x 3 units do not become one more


@dataclass(frozen=True)
class Profile:
    """What a job of this profile asks for and does; not a number where it is not given."""

    requested_time: float  # s
    run_time: float  # s at reference speed
    memory_kb: int  # per core
    bandwidth_mb_per_s: int  # per core
    work_flop: float  # per core
    requested_work_flop: float  # per core


def read_profile(name: str, content: object, problems: Problems) -> Profile | None:
    """Reads one profile; None where it cannot be used, with the reason among the problems.

    Work follows from a time where it is not given, and only the platform knows the speed: work that is
    not given is NaN. Where work is given, the run time is its share of the requested work,
    ``req_time x cpu / req_ops``, or NaN where ``req_ops`` or ``req_time`` is not given.

    Args:
        name: Its name in the file.
        content: Its JSON value.
        problems: Takes what is wrong.

    Returns:
        The profile; ``requested_time`` is NaN where ``req_time`` is not given.
    """
    path = f"profiles.{name}"
    if not isinstance(content, dict):
        problems.add(path, f"is not a JSON object; {SUPPORTED_PROFILES}")
        return None
    if not _is_supported(path, content, problems):
        return None
    return _profile(path, content, problems)


def _is_supported(path: str, content: Mapping[str, object], problems: Problems) -> bool:
    kind = content.get("type")
    if kind != "parallel_homogeneous":
        problems.add(f"{path}.type", f"{kind!r} is not simulated; {SUPPORTED_PROFILES}")
        return False
    if content.get("com") not in (None, 0):
        problems.add(f"{path}.com", f"{content['com']!r}: communication is not simulated; give 0")
        return False
    return True


def _profile(path: str, content: Mapping[str, object], problems: Problems) -> Profile | None:
    cpu, req_time, req_ops, mem, mem_bw = (
        read_number(content, key, path, problems) for key in ("cpu", "req_time", "req_ops", "mem", "mem_bw")
    )
    if req_time == 0:
        problems.add(f"{path}.req_time", "0 s; a requested time is above 0")
    if content.get("cpu") is None and content.get("req_time") is None:
        problems.add(path, "has neither cpu (flop per core) nor req_time (s); give at least one")
        return None
    return Profile(
        requested_time=_or_nan(req_time),
        run_time=_run_time(cpu, req_time, req_ops),
        memory_kb=_whole_units(mem, KB_PER_MB, f"{path}.mem", problems),
        bandwidth_mb_per_s=_whole_units(mem_bw, MB_PER_GB, f"{path}.mem_bw", problems),
        work_flop=_or_nan(cpu),
        requested_work_flop=_or_nan(req_ops),
    )


def _run_time(cpu: float | None, req_time: float | None, req_ops: float | None) -> float:
    if cpu is None:
        return _or_nan(req_time)
    if req_time is None or not req_ops:
        return math.nan
    return req_time * (cpu / req_ops)


def _whole_units(value: float | None, units: int, path: str, problems: Problems) -> int:
    amount = (value or 0.0) * units
    if amount > LARGEST_INTEGER:
        problems.add(path, f"{value:g} is beyond what can be handled; check the unit")
        return 0
    return math.ceil(round(amount, _DIGITS))


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
