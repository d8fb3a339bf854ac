"""What a study costs besides its runs.

*Empty run*: taken, a function called that returns at once, its end written, in one process; on the clock,
since it waits for the disk. *Another worker*: a whole process from its birth to its end, which reads the
journal and finds nothing left to do. *Time in runs*: of a grid of simulations of 100 jobs in one process.
*Race*: rules that stop runs early, on the simulated losses of 100 arms over 25 epochs, with 16 workers and
two seeds.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from hdeeprm.studies import Study
from hdeeprm.studies.landscapes import race_groups

from .measuring import REPOSITORY, Row, Settings, cpu_seconds

NUM_RUNS = 5_000
MOST_MILLISECONDS, MOST_TO_START, LEAST_SHARE, MOST_TO_RACE = 15.0, 2.0, 0.9, 3.0
OWN_RUNS: Mapping[str, Any] = {
    "options": {"workload_file_path": "gaia_like.swf", "nb_jobs": 100},
    "grid": {
        "platform_file_path": ["gaia", "mc2"],
        "selection": ["first-high_gflops", "shortest-high_gflops"],
    },
    "seeds": [1, 2, 3],
    "metric": "mean_bounded_slowdown",
}
SCHEDULERS = ("none", "asha", "hyperband", "pbt")
RACE: Mapping[str, Any] = {"workers": 16, "seeds": (161, 165), "num_arms": 100, "num_epochs": 25}


def measure(settings: Settings) -> Iterator[Row]:
    """Empty runs, a worker that comes late, own runs, a race."""
    num_runs = settings.scaled(NUM_RUNS)
    with tempfile.TemporaryDirectory() as folder:
        empty = [_empty(Path(folder, f"empty{k}.toml"), num_runs) for k in range(settings.repetitions)]
        per_run = median(_seconds(study) for study in empty) / num_runs * 1e3
        yield Row(f"empty run of {num_runs:,}", per_run, "ms", at_most=MOST_MILLISECONDS)
        late = median(_worker_seconds(study.path) for study in empty)
        yield Row(f"starting another worker on {num_runs:,} runs", late, "CPU s", at_most=MOST_TO_START)
        _share(Path(folder, "compiled.toml"))
        share = median(_share(Path(folder, f"own{k}.toml")) for k in range(settings.repetitions))
        yield Row("time in runs, grid of 12 simulations", share, "of all", at_least=LEAST_SHARE)
    race_groups(SCHEDULERS, **RACE)
    races = median(cpu_seconds(lambda: race_groups(SCHEDULERS, **RACE)) for _ in range(settings.repetitions))
    yield Row(f"race of {len(SCHEDULERS)} schedulers", races, "CPU s", at_most=MOST_TO_RACE)


def _empty(path: Path, num_runs: int) -> Study:
    return Study(path, run=_nothing, grid={"x": list(range(num_runs))}, metric="loss")


def _nothing(options: Mapping[str, Any]) -> float:
    return 0.0


def _seconds(study: Study) -> float:
    """On the clock, of all its runs in this process."""
    started = time.perf_counter()
    study.run(workers=0)
    return time.perf_counter() - started


def _worker_seconds(path: Path) -> float:
    """CPU time of a worker that finds nothing to do."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "hdeeprm", "study", "worker", str(path)], cwd=REPOSITORY, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _share(path: Path) -> float:
    """Part of the time of a study that its runs took."""
    study = Study(path, **OWN_RUNS)
    seconds = _seconds(study)
    return sum(run.seconds or 0.0 for run in study.runs.values()) / seconds
