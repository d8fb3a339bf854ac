"""Helpers of the workload tests: small SWF texts, and the real traces where a checkout has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hdeeprm.workloads.from_swf import workload_from_swf
from hdeeprm.workloads.settings import TraceSettings
from hdeeprm.workloads.swf import SwfTrace, parse_swf
from hdeeprm.workloads.workload import Workload

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "workloads"
FIELD_NAMES = (
    "job",
    "submit",
    "wait",
    "run",
    "allocated",
    "cpu",
    "used_memory",
    "processors",
    "time",
    "memory",
)


def shared(*parts: str) -> Path:
    """A file of the material beside the checkout; the test is skipped where it is absent."""
    path = ROOT.parent.joinpath("shared", *parts)
    if not path.exists():
        pytest.skip(f"{'/'.join(parts)} is not beside this checkout")
    return path


def record(**values: float) -> str:
    """One SWF line: job 1 of 2 processors for 10 s, asked for 20 s, but for the values given."""
    known: dict[str, float] = {"job": 1, "submit": 0, "run": 10, "processors": 2, "time": 20} | values
    fields = [known.get(name, -1) for name in FIELD_NAMES] + [-1] * (18 - len(FIELD_NAMES))
    return " ".join(str(field) for field in fields)


def trace_of(*records: str) -> SwfTrace:
    """A trace of SWF lines."""
    return parse_swf("\n".join(records).encode(), "made.swf")


def workload_of(*records: str, seed: int = 0, **settings: Any) -> Workload:
    """The workload of SWF lines."""
    return workload_from_swf(trace_of(*records), TraceSettings(**settings), np.random.default_rng(seed))
