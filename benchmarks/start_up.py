"""Start-up: the first use on a machine, when the kernel is compiled, and every later one.

CPU seconds of a process of its own. *First decision, nothing compiled*: the environment's first reset and
decision with an empty cache. *Later start*: the whole process, from its birth to its end, once compiled code
is in the cache.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from .measuring import ChildResult, Row, Settings, run_child

OPTIONS = {
    "platform_file_path": "learning",
    "workload_file_path": "learning",
    "agent": {"name": "shortest-high_gflops"},
}
MOST_TO_COMPILE = 20.0
MOST_TO_START = 2.0


def measure(settings: Settings) -> Iterator[Row]:
    """First decision, later starts with and without the launcher, and the libraries they load."""
    with tempfile.TemporaryDirectory() as folder:
        options = Path(folder, "options.json")
        options.write_text(json.dumps(OPTIONS))
        first = [
            run_child(["episode", str(options)], Path(folder, f"cache{k}"))
            for k in range(settings.repetitions)
        ]
        seconds = median(child.report["first_decision_seconds"] for child in first)
        yield Row("first decision, nothing compiled", seconds, "CPU s", at_most=MOST_TO_COMPILE)
        run_child(["episode", str(options)])
        later = _repeat(settings, lambda k: run_child(["episode", str(options)]))
        yield _row("later start, environment and one decision", later)
        launched = _repeat(settings, lambda k: run_child(_launch(options, Path(folder, f"run{k}"))))
        yield _row("later start, hdeeprm-launch to results", launched)
    heavy = {name for child in (*later, *launched) for name in child.report["heavy_libraries"]}
    yield Row(
        "heavy libraries loaded by them",
        float(len(heavy)),
        "of torch, pandas, matplotlib",
        at_most=0.0,
        comparison=", ".join(sorted(heavy)),
    )


def _launch(options: Path, run: Path) -> list[str]:
    return ["launch", str(options), "--json", "-o", str(run)]


def _repeat(settings: Settings, start: Callable[[int], ChildResult]) -> list[ChildResult]:
    return [start(k) for k in range(settings.repetitions)]


def _row(name: str, children: list[ChildResult]) -> Row:
    wall_seconds = median(child.wall_seconds for child in children)
    return Row(
        name,
        median(child.cpu_seconds for child in children),
        "CPU s",
        at_most=MOST_TO_START,
        comparison=f"{wall_seconds:.2f} s on the clock",
    )
