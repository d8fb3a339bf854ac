"""A comparison for machines: JSON with all that was found, CSV with a row for each episode."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from hdeeprm.metrics import METRICS
from hdeeprm.results.atomic import check_folder, check_unused, open_atomically
from hdeeprm.results.csv_text import exact, quoted
from hdeeprm.results.json_text import without_nan

from .standings import Comparison, Standing

CSV_HEADER = ("contender", "window", "first_job", "seed", *METRICS)


def json_text(comparison: Comparison) -> str:
    """All of a comparison as a JSON object: the setting, the standings, the values of every episode.

    ``values`` holds for each contender and metric a list over windows of lists over seeds. What is no finite
    number is null.
    """
    content = {
        "setting": asdict(comparison.setting),
        "metric": comparison.metric,
        "higher_is_better": comparison.higher_is_better,
        "baseline": comparison.baseline,
        "standings": [asdict(standing) | _means(comparison, standing) for standing in comparison.standings],
        "failures": [failure._asdict() for failure in comparison.failures],
        "notes": comparison.notes,
        "values": {
            name: {metric: values.tolist() for metric, values in columns.items()}
            for name, columns in comparison.values.items()
        },
    }
    return json.dumps(without_nan(content), allow_nan=False) + "\n"


def check_writable(path: Path, force: bool) -> None:
    """Refuse a file that cannot be written, or that would take the place of another.

    Raises:
        RunDirectoryError: If it is there and ``force`` is false or it is no plain file, or if its folder is
            missing or read-only.
    """
    check_unused(path, force, "--csv")
    check_folder(path)


def write_csv(comparison: Comparison, path: Path) -> None:
    """Write a row for each episode that was played to its end, whole or not at all.

    Raises:
        RunDirectoryError: If it cannot be written.
    """
    with open_atomically(path) as file:
        for line in _csv(comparison):
            file.write(line.encode())


def _csv(comparison: Comparison) -> Iterator[str]:
    yield ",".join(CSV_HEADER) + "\n"
    counts = {name for name, metric in METRICS.items() if metric.unit == "jobs"}
    for contender, columns in comparison.values.items():
        played = ~np.isnan(columns["num_jobs"])
        table = [
            [str(int(value)) for value in values[played]] if name in counts else exact(values[played])
            for name, values in columns.items()
        ]
        for (window, seed), cells in zip(np.argwhere(played), zip(*table, strict=True), strict=True):
            first_job = comparison.setting.starts[window]
            yield ",".join((quoted(contender), str(window), str(first_job), str(seed), *cells)) + "\n"


def _means(comparison: Comparison, standing: Standing) -> dict[str, Any]:
    """Mean over windows of every metric."""
    means = {name: float(comparison.windows(standing.name, name).mean()) for name in METRICS}
    return {"metrics": means}
