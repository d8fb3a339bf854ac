"""What backfilling came to: jobs that started early, and reservations that were not kept."""

from __future__ import annotations

from typing import Any

from hdeeprm.simulator import EmbeddedSimulator


def queue_facts(simulator: EmbeddedSimulator) -> dict[str, Any]:
    """What run.json says of backfilling; nothing where there was none.

    ``backfilled`` jobs started while one that goes before them did not; of the ``reservations`` made,
    ``late`` ones were not kept, by ``worst_delay`` s at the most.
    """
    if simulator.queue.backfilling == "none":
        return {}
    return {
        "backfilling": {
            "backfilled": simulator.num_backfilled,
            "reservations": simulator.num_reserved,
            "late": simulator.num_late,
            "worst_delay": simulator.worst_delay,
        }
    }


def late_notice(simulator: EmbeddedSimulator) -> list[str]:
    """A line on reservations that were not kept; none where all were."""
    if simulator.num_late == 0:
        return []
    causes = ["jobs ran longer than expected", "they were slowed down", "the agent let others go first"]
    if simulator.queue.backfilling == "conservative":
        causes.append("memory was free in total, but not on the nodes that had cores")
    return [
        f"reservations that were not kept: {simulator.num_late:,} of {simulator.num_reserved:,}, by "
        f"{simulator.worst_delay:g} s at the most; {', or '.join(causes)}"
    ]
