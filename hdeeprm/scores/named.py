"""Scores that the literature ranks waiting jobs by, each with its formula and its source.

The job of the smallest score goes first. Where the published score is a monotone function of one that grows
evenly while a job waits, jobs are ranked by that one, which gives the same order.
"""

from __future__ import annotations

from typing import NamedTuple


class NamedScore(NamedTuple):
    """A score by its name."""

    formula: str  # as published, the smallest first
    ranked_by: str  # what gives the same order; the formula itself in most cases
    source: str


_CARASTAN = "Carastan-Santos & de Camargo 2017, Obtaining dynamic scheduling policies (SC'17)"
_TANG = "Tang, Lan, Desai & Buettner 2009, Fault-aware utility-based job scheduling on Blue Gene/P (CLUSTER)"
_ZHANG = "Zhang, Dai, He & Bao 2020, RLScheduler (SC'20), where a waiting job counts as started at -1 s"
_COMMON = "common usage"

# log2 of one core is 0; a job of one core then goes before all others, the longest wait first.
_LOG_CORES = "log2(max(cores, 1.000000001))"


def _plain(formula: str, source: str) -> NamedScore:
    return NamedScore(formula, formula, source)


NAMED_SCORES = {
    "ljf": _plain("-requested_time", _COMMON),
    "largest": _plain("-cores", _COMMON),
    "smallest_area": _plain("requested_time * cores", _COMMON),
    "F1": _plain("log10(requested_time) * cores + 870 * log10(max(submit, 1))", _CARASTAN),
    "F2": _plain("sqrt(requested_time) * cores + 25600 * log10(max(submit, 1))", _CARASTAN),
    "F3": _plain("requested_time * cores + 6860000 * log10(max(submit, 1))", _CARASTAN),
    "F4": _plain("requested_time * sqrt(cores) + 530000 * log10(max(submit, 1))", _CARASTAN),
    "wfp3": NamedScore("-(wait / requested_time)^3 * cores", "-wait / requested_time * cores^(1/3)", _TANG),
    "unicep": NamedScore(
        "-wait / (log2(cores) * requested_time)", f"-wait / ({_LOG_CORES} * requested_time)", _TANG
    ),
    "slowdown": NamedScore("-(wait + requested_time) / requested_time", "-wait / requested_time", _COMMON),
    "wfp3-published": NamedScore(
        "-((-1 - submit) / requested_time)^3 * cores", "((1 + submit) / requested_time)^3 * cores", _ZHANG
    ),
    "unicep-published": NamedScore(
        "-(-1 - submit) / (log2(cores) * requested_time)",
        f"(1 + submit) / ({_LOG_CORES} * requested_time)",
        _ZHANG,
    ),
}
"""Every score by name."""

ALIASES = {"fcfs": "first", "sjf": "shortest"}
"""What the literature calls two of HDeepRM's job selections."""
