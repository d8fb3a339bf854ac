"""What every benchmark shares: rows of results, CPU time, medians, and processes of their own.

CPU time is what counts, since it changes little when other programs run on the same machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

REPOSITORY = Path(__file__).resolve().parent.parent
GAIA_TRACE = REPOSITORY.parent / "shared" / "traces" / "UniLu-Gaia-2014-1.swf"
"""The log of the machine that platform ``gaia`` describes, from the Parallel Workloads Archive."""
SHIPPED_TRACE = "gaia_like.swf"
GAIA_WINDOWS: Mapping[str, Any] = {
    "platform_file_path": "gaia",
    "workload_file_path": SHIPPED_TRACE,
    "workload": {"window": {"start": "random", "length": 256}},
}
"""Options of short episodes such as agents learn from; the same on every machine, whatever the trace."""

Case = Callable[[], tuple[int, float]]
"""Something to measure: does it once and returns how many units of work it did, and its CPU seconds."""
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        trace: SWF trace for platform ``gaia``: a path, or the name of a shipped workload.
        repetitions: Measurements of each case, whose median is taken.
        scale: Fraction of the usual sizes; below 1 only to try a benchmark out.
    """

    trace: str
    repetitions: int = 5
    scale: float = 1.0

    @property
    def trace_name(self) -> str:
        """Name of the trace's file."""
        return Path(self.trace).name

    def scaled(self, size: int) -> int:
        """A size of these settings, at least 4."""
        return max(4, round(size * self.scale))


@dataclass(frozen=True)
class Row:
    """One line of the table: a median, what it should be, and what it compares with."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    comparison: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.at_least is None and self.at_most is None:
            return None
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )


@dataclass(frozen=True)
class Rate:
    """Units of work per second, of CPU time unless said otherwise: median and extremes of repetitions."""

    per_second: float
    lowest: float
    highest: float


def measure_rates(cases: Mapping[Key, Case], repetitions: int) -> dict[Key, Rate]:
    """Measure cases in turn, so that a slow minute of the machine falls on all of them alike.

    Args:
        cases: What to measure, by name or another key; each is done once before, unmeasured.
        repetitions: Measurements of each.
    """
    for case in cases.values():
        case()
    found: dict[Key, list[float]] = {name: [] for name in cases}
    for _ in range(repetitions):
        for name, case in cases.items():
            units, seconds = case()
            found[name].append(units / seconds)
    return {name: Rate(median(rates), min(rates), max(rates)) for name, rates in found.items()}


def cpu_seconds(action: Callable[[], Any]) -> float:
    """CPU time of this process, in s, that an action takes."""
    started = time.process_time()
    action()
    return time.process_time() - started


@dataclass(frozen=True)
class ChildResult:
    """What a process of its own took."""

    cpu_seconds: float  # from its birth to its end, user and system
    wall_seconds: float
    report: dict[str, Any]  # what it told of itself


def run_child(arguments: Sequence[str], cache_home: Path | None = None) -> ChildResult:
    """Run ``benchmarks.child`` in a new process.

    Args:
        arguments: What it is to do.
        cache_home: Where compiled code is looked for and kept; None for the user's cache.

    Raises:
        RuntimeError: If the process fails, with the end of what it wrote.
    """
    environment = dict(os.environ)
    if cache_home is not None:
        environment["XDG_CACHE_HOME"] = str(cache_home)
        environment.pop("NUMBA_CACHE_DIR", None)
    with tempfile.TemporaryDirectory() as folder:
        report, output = Path(folder, "report.json"), Path(folder, "output.txt")
        command = [sys.executable, "-m", "benchmarks.child", str(report), *arguments]
        started = time.perf_counter()
        with output.open("w") as file:
            child = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=file, stderr=file)
            _, status, usage = os.wait4(child.pid, 0)
        wall_seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{output.read_text()[-2000:]}")
        told = json.loads(report.read_text())
    return ChildResult(usage.ru_utime + usage.ru_stime, wall_seconds, told)
