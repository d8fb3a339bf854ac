"""What differs between runs: their options, and the same jobs in each."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

from hdeeprm.errors import json_path
from hdeeprm.plots.comparison import NUM_BLOCKS

from .differences import Difference, differences
from .entries import Entry
from .markup import Html, Section, element, section, shown, table
from .reproducing import options_text

NOTHING = "-"


def comparison_section(entries: Sequence[Entry]) -> Section | None:
    """Options that differ, then paired differences to the first run; None for a single run."""
    if len(entries) < 2:
        return None
    return section("comparison", "What differs", _options(entries), *_pairs(entries))


def _options(entries: Sequence[Entry]) -> Html:
    known = {entry.name: text for entry in entries if (text := entry.found(options_text)) is not None}
    flat = {name: dict(_flat(json.loads(text))) for name, text in known.items()}
    places = sorted({place for options in flat.values() for place in options})
    rows = [
        [place, *cells]
        for place in places
        if len(set(cells := [options.get(place, NOTHING) for options in flat.values()])) > 1
    ]
    if len(flat) < 2:
        return element("p", "Fewer than two of the runs tell their options.")
    if not rows:
        return element("p", "The runs have the same options.")
    return table("Options that differ", ("option", *flat), rows)


def _flat(content: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Options by their paths."""
    if isinstance(content, Mapping) and content:
        for key, value in content.items():
            yield from _flat(value, (*place, key))
    else:
        yield json_path(place), json.dumps(content)


def _pairs(entries: Sequence[Entry]) -> list[Html]:
    """Each run beside the first that has jobs."""
    known = [entry for entry in entries if entry.found(attrgetter("jobs")) is not None]
    if len(known) < 2:
        return []
    baseline, *others = known
    rows = [
        [entry.name, *_cells(difference)]
        for entry in others
        for difference in entry.found(partial(differences, baseline.run)) or ()
    ]
    if not rows:
        return []
    header = ("run", "figure", "jobs in both", baseline.name, "difference", "95 % interval", "p")
    hint = (
        f"Differences are to {baseline.name}, over the jobs that ended in both runs; below 0 is better. "
        "Times are in s. Intervals (bootstrap) and p values (paired permutation test) are over "
        f"{NUM_BLOCKS} blocks of jobs that were submitted one after the other, since neighbouring jobs are "
        "not independent."
    )
    return [table("Paired differences", header, rows), element("p", hint, class_="hint")]


def _cells(difference: Difference) -> list[object]:
    low, high = difference.interval
    return [
        difference.name,
        difference.num_jobs,
        difference.baseline,
        difference.mean,
        NOTHING if math.isnan(low) else f"{shown(low)} to {shown(high)}",
        difference.p_value,
    ]
