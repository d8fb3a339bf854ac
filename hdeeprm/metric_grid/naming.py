"""What runs are called where they stand side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hdeeprm.errors import OptionsError
from hdeeprm.results.directory import run_name


def names_of(paths: Sequence[Path], given: Sequence[str] = ()) -> list[str]:
    """A name for each run: the given ones, else those of the directories, else A1, A2 ...

    >>> names_of([Path("runs/a/out_schedule.csv"), Path("runs/b")])
    ['a', 'b']
    >>> names_of([Path("runs/a"), Path("other/a")])
    ['A1', 'A2']

    Args:
        paths: Run directories, or files in them.
        given: Names in the order of the runs; empty for none.

    Raises:
        OptionsError: If there are not as many names as runs.
    """
    if given and len(given) != len(paths):
        raise OptionsError(f"--names: {len(given)} names for {len(paths)} runs; give each run a name")
    if given:
        return list(given)
    directories = [path if path.is_dir() or not path.suffix else path.parent for path in paths]
    names = list(map(run_name, directories))
    return names if len(set(names)) == len(names) else [f"A{number}" for number in range(1, len(names) + 1)]
