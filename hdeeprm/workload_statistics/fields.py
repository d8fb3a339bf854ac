"""The fields of jobs: what each is called, its unit and its meaning."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from hdeeprm.errors import WorkloadError, did_you_mean
from hdeeprm.workloads.swf import SWF_FIELDS


class Field(NamedTuple):
    """One figure that each job has, or that its trace does not know."""

    unit: str  # "1" for a plain number
    meaning: str


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "submit_time": Field("s", "from the first submission"),
        "interarrival_time": Field("s", "since the submission before"),
        "size": Field("cores", "cores asked for"),
        "req_time": Field("s", "time asked for; the run time where none was"),
        "run_time": Field("s", "time taken: as logged, or at the reference speed"),
        "accuracy": Field("1", "run_time / req_time, where a time was asked for"),
        "core_seconds": Field("core s", "size x run_time"),
        "mem": Field("MB", "memory per core"),
        "mem_bw": Field("GB/s", "memory bandwidth per core"),
    }
)
"""Fields of any workload, with the names of HDeepRM's JSON workloads where those have one."""

_SWF_UNITS = {
    "submit time": "s",
    "wait time": "s",
    "run time": "s",
    "allocated processors": "cores",
    "average CPU time": "s",
    "used memory": "KB",
    "requested processors": "cores",
    "requested time": "s",
    "requested memory": "KB",
    "think time": "s",
}


def _swf_name(name: str) -> str:
    return name.lower().replace(" ", "_")


SWF_COLUMNS: Mapping[str, int] = MappingProxyType(
    {
        _swf_name(name): number
        for number, name in enumerate(SWF_FIELDS, start=1)
        if _swf_name(name) not in FIELDS
    }
)
"""The other fields of a trace, as they stand there: their numbers in the standard, from 1."""

SWF_ONLY: Mapping[str, Field] = MappingProxyType(
    {
        _swf_name(name): Field(_SWF_UNITS.get(name, "1"), f"field {number} of the trace")
        for number, name in enumerate(SWF_FIELDS, start=1)
        if _swf_name(name) in SWF_COLUMNS
    }
)
"""Unit and meaning of those."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "cores": "size",
        "requested_cores": "size",
        "requested_time": "req_time",
        "memory": "mem",
        "bandwidth": "mem_bw",
        "submission_time": "submit_time",
        "area": "core_seconds",
    }
)
"""Other names of fields, which a trace's own fields go before."""


def unit_of(field: str) -> str:
    """Unit of a field; empty for a plain number.

    >>> unit_of("size"), unit_of("accuracy")
    ('cores', '')
    """
    unit = (FIELDS.get(field) or SWF_ONLY[field]).unit
    return "" if unit == "1" else unit


def field_named(name: str, known: Collection[str], source: str) -> str:
    """Field that a name stands for; case and hyphens do not matter.

    >>> field_named("Requested-Cores", ["size"], "trace.swf")
    'size'

    Args:
        name: A field or another name of one.
        known: The fields of the workload.
        source: Name of the workload for the message.

    Raises:
        WorkloadError: If the workload has no such field; the nearest one is named.
    """
    plain = name.lower().replace("-", "_")
    found = plain if plain in known else ALIASES.get(plain, plain)
    if found in known:
        return found
    if found in SWF_ONLY:
        raise WorkloadError(
            f"field {name!r}: only SWF traces have it, {source} is a Batsim JSON workload; "
            f"one of {', '.join(known)}"
        )
    nearest = did_you_mean(plain, [*known, *ALIASES])
    raise WorkloadError(f"field {name!r} is not known; one of {', '.join(known)}.{nearest}")
