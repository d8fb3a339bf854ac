"""What becomes of a blocked job's place and of its reservation when it starts."""

from __future__ import annotations

from .compiling import compiled
from .tables import CONSERVATIVE, NONE
from .tables import Simulation as Sim


@compiled
def _count_delay(sim: Sim, promise: float) -> None:
    """Count a start that comes later than its reservation."""
    clock = sim.clock[0]
    delay = clock.now - promise
    if delay > clock.tolerance * max(1.0, promise):
        clock.num_late += 1
        clock.worst_delay = max(clock.worst_delay, delay)


@compiled
def keep_promise(sim: Sim, job: int) -> None:
    """A job starts: it blocks no longer, and its reservation has been kept or not."""
    clock = sim.clock[0]
    if clock.picked == job:
        clock.picked = NONE
    if clock.reserved_job == job:
        _count_delay(sim, clock.promise)
        clock.reserved_job = NONE
    if clock.backfilling == CONSERVATIVE:
        _count_delay(sim, sim.reservations[job].promise)  # infinity where there was none
