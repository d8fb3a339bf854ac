"""How the queue is served: whether a job that does not fit blocks, and what may start beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from hdeeprm.options.section import Section

BACKFILLING_KEYS = ("times", "candidates")


class QueueOptions(Section):
    """How the queue is served."""

    discipline: Literal["rerank", "commit"] = "rerank"
    """A selected job that does not fit: with "rerank" the next decision selects anew; with "commit" it is
    selected again, whatever the action, until it starts."""

    backfilling: Literal["none", "easy", "easy-strict", "rlscheduler", "conservative"] = "none"
    """What may start while the selected job does not fit: "none" nothing; "easy" what ends before its
    reservation or leaves enough for it; "easy-strict" only what ends before; "rlscheduler" as in that
    simulator; "conservative" what delays none of the waiting jobs, which all have reservations."""

    times: Literal["requested", "true"] = "requested"
    """Times that reservations are made with: what users request, or the true run times, which no scheduler
    knows (backfilling)."""

    candidates: Literal["selection", "submission"] = "selection"
    """Order in which jobs are tried: that of the job selection, or of their submission (backfilling "easy"
    and "easy-strict"; "rlscheduler" has the latter)."""


def idle_queue_keys(backfilling: object) -> tuple[str, ...]:
    """Keys of ``queue`` that mean nothing with this backfilling."""
    if backfilling == "none":
        return BACKFILLING_KEYS
    return ("candidates",) if backfilling in ("rlscheduler", "conservative") else ()


def queue_problems(queue: Mapping[str, object], kind_of_actions: object) -> Iterator[tuple[str, str]]:
    """Keys of ``queue`` whose values do not go together or not with the actions, and why."""
    backfilling, discipline = queue.get("backfilling", "none"), queue.get("discipline", "rerank")
    for key in idle_queue_keys(backfilling):
        if key in queue:
            yield key, f"is not for backfilling {backfilling!r}; leave it out"
    if backfilling == "conservative" and discipline == "commit":
        yield (
            "discipline",
            "'commit' is not for backfilling 'conservative', where each waiting job has a reservation; "
            "leave it out",
        )
    elif backfilling == "conservative" and kind_of_actions == "jobs":
        yield (
            "backfilling",
            "'conservative' is not for actions of type 'jobs', as reservations say which job starts; set "
            "env.actions.type to 'pairs'",
        )
    elif backfilling != "none" and kind_of_actions == "jobs" and discipline == "rerank":
        yield (
            "backfilling",
            f"{backfilling!r} with actions of type 'jobs' needs a job that blocks; set queue.discipline to "
            "'commit'",
        )
