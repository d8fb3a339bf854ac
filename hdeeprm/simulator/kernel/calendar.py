"""The running jobs by the time of their end: an indexed binary heap, ties in the order of starts."""

from __future__ import annotations

from .compiling import compiled
from .tables import Simulation as Sim


@compiled
def _ends_before(sim: Sim, one: int, other: int) -> bool:
    a, b = sim.progress[one], sim.progress[other]
    return a.end_time < b.end_time or (a.end_time == b.end_time and a.sequence < b.sequence)


@compiled
def _put(sim: Sim, slot: int, job: int) -> None:
    sim.progress[slot].job_at_slot = job
    sim.progress[job].calendar_slot = slot


@compiled
def reschedule(sim: Sim, job: int) -> None:
    """Move a running job to its place after its end has changed."""
    slot = sim.progress[job].calendar_slot
    while slot > 0 and _ends_before(sim, job, sim.progress[(slot - 1) >> 1].job_at_slot):
        _put(sim, slot, sim.progress[(slot - 1) >> 1].job_at_slot)
        slot = (slot - 1) >> 1
    while True:
        child = 2 * slot + 1
        if child >= sim.clock[0].num_running:
            break
        if child + 1 < sim.clock[0].num_running and _ends_before(
            sim, sim.progress[child + 1].job_at_slot, sim.progress[child].job_at_slot
        ):
            child += 1
        if not _ends_before(sim, sim.progress[child].job_at_slot, job):
            break
        _put(sim, slot, sim.progress[child].job_at_slot)
        slot = child
    _put(sim, slot, job)


@compiled
def schedule(sim: Sim, job: int) -> None:
    """Add a job that has just started."""
    _put(sim, sim.clock[0].num_running, job)
    sim.clock[0].num_running += 1
    reschedule(sim, job)


@compiled
def unschedule(sim: Sim, job: int) -> None:
    """Take out a job that ends."""
    clock = sim.clock[0]
    clock.num_running -= 1
    last = sim.progress[clock.num_running].job_at_slot
    if last != job:
        _put(sim, sim.progress[job].calendar_slot, last)
        reschedule(sim, last)
