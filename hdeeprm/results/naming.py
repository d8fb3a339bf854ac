"""What runs are called beside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .reading import RecordedRun


def distinct_names(runs: Sequence[RecordedRun]) -> list[str]:
    """Names of runs, no two alike: of their directories, or the paths where those are alike.

    A run that comes again has a number behind its name: ``" #2"``.
    """
    alike = Counter(name for name, _ in {(run.name, run.path) for run in runs})
    seen: Counter[str] = Counter()
    names = []
    for run in runs:
        name = run.name if alike[run.name] == 1 else str(run.path)
        seen[name] += 1
        names.append(f"{name} #{seen[name]}" if seen[name] > 1 else name)
    return names
