"""What runs in a process of its own: ``python -m benchmarks.child REPORT launch|episode ARGUMENT...``.

``launch`` is ``hdeeprm-launch`` with the given arguments; ``episode OPTIONS.json`` makes the environment,
resets it and takes one decision. The report tells what only the process itself can know.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

HEAVY_LIBRARIES = ("torch", "pandas", "matplotlib")


def main(report: str, verb: str, *arguments: str) -> int:
    """Do what is asked and write the report; the exit code."""
    told: dict[str, Any] = {}
    code = _launch(arguments) if verb == "launch" else _episode(arguments[0], told)
    told["heavy_libraries"] = [name for name in HEAVY_LIBRARIES if name in sys.modules]
    told["peak_mb"] = _peak_mb()
    Path(report).write_text(json.dumps(told))
    return code


def _launch(arguments: tuple[str, ...]) -> int:
    from hdeeprm.cli import launch

    return launch(arguments)


def _episode(options: str, told: dict[str, Any]) -> int:
    from hdeeprm.env import WorkloadManagementEnv

    env = WorkloadManagementEnv(options)
    started = time.process_time()
    env.reset(seed=0)
    env.simulator.run(env.pair(0))
    told["first_decision_seconds"] = time.process_time() - started
    return 0


def _peak_mb() -> float:
    """Most memory held at once, in MB.

    Linux counts ``VmHWM`` for this program alone; ``ru_maxrss`` includes what the parent held at the fork.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
