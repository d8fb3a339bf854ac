"""What becomes of a blocked job's place and of its reservation when it starts; reservations as such."""

from __future__ import annotations

import math

from .compiling import compiled
from .tables import CONSERVATIVE, NONE, QueueTables
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
def keep_promise(sim: Sim, queue: QueueTables, job: int) -> None:
    """A job starts: it blocks no longer, and its reservation has been kept or not."""
    if len(queue) == 0:
        return
    clock = sim.clock[0]
    if clock.picked == job:
        clock.picked = NONE
    if clock.reserved_job == job:
        _count_delay(sim, clock.promise)
        clock.reserved_job = NONE
    if clock.backfilling == CONSERVATIVE:
        _count_delay(sim, sim.queue.reservations[job].promise)  # infinity where there was none


@compiled
def clear_reservations(sim: Sim, queue: QueueTables) -> None:
    """Let no job have a reservation."""
    if len(queue) == 0:
        return
    for reservation in sim.queue.reservations:
        reservation.start = reservation.promise = math.inf


@compiled
def copy_reservation(sim: Sim, queue: QueueTables, job: int, source: Sim, source_job: int) -> None:
    """Give a job the reservation of another simulation's job, where every waiting job has one."""
    if len(queue) == 0:
        return
    if source.clock[0].backfilling == CONSERVATIVE:
        sim.queue.reservations[job] = source.queue.reservations[source_job]
