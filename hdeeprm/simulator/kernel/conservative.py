"""Conservative backfilling: every waiting job has a reservation [Mu'alem & Feitelson 2001].

The profile tells how many cores and how much memory will be free from each time on, if running jobs end when
they are expected to and waiting ones start at their reservations. A new job gets the earliest start that the
profile allows. Where jobs end earlier than expected, the waiting ones are moved ahead one after the other, in
the order of the selection, each where the others leave room, until none can be moved any more; so no start is
ever put off, and each is at a time at which another job ends. Where a reservation cannot be kept, all are
made anew in that order.

A waiting job is taken to run as long as on the slowest cores of the platform; memory counts in total, not by
node. The profile is the part of the plan behind the heap of ends.
"""

from __future__ import annotations

import math

from .candidates import planned_work
from .compiling import compiled
from .fitting import blocked_by
from .orders import score_of
from .placement import allocate, start_job
from .processors import FLOP_PER_MFLOP
from .queue import request, waiting_job
from .reservations import drop_first, gather_ends, heap_up, planned_end, tolerance
from .tables import FIRST, FIRST_SCORE, LOW_MEM_BW, NOT_BLOCKED, SHORTEST
from .tables import Simulation as Sim


@compiled
def _rank(sim: Sim, selection: int, job: int) -> float:
    """What a selection ranks a waiting job by; *random* counts as *first*."""
    if selection <= FIRST_SCORE:
        return score_of(sim, FIRST_SCORE - selection, job)
    return request(sim, selection if SHORTEST <= selection <= LOW_MEM_BW else FIRST, job)


@compiled
def _put_in_order(sim: Sim, selection: int) -> None:
    """Write the waiting jobs in the order of a selection."""
    size = sim.clock[0].num_waiting
    for place in range(size):
        job = waiting_job(sim, FIRST, place)
        sim.queue.plan[place].time, sim.queue.plan[place].job = _rank(sim, selection, job), job
    heap_up(sim, size)
    place = 0
    while size > 0:
        sim.queue.reservations[place].place = sim.queue.plan[0].job
        size = drop_first(sim, size)
        place += 1


@compiled
def _begin_profile(sim: Sim, base: int) -> int:
    """Write the profile of the running jobs alone; where it ends."""
    clock = sim.clock[0]
    size = gather_ends(sim)
    memory = 0
    for node in sim.nodes:
        memory += node.free_memory
    last = base
    begin = sim.queue.plan[base]
    begin.time, begin.cores, begin.memory = clock.now, clock.free_cores, memory
    while size > 0:
        time = sim.queue.plan[0].time
        row = sim.jobs[clock.first_job + sim.queue.plan[0].job]
        if time > sim.queue.plan[last].time + tolerance(sim, time):
            last += 1
            sim.queue.plan[last] = sim.queue.plan[last - 1]
            sim.queue.plan[last].time = time
        sim.queue.plan[last].cores += row.requested_cores
        sim.queue.plan[last].memory += row.requested_cores * row.memory_kb
        size = drop_first(sim, size)
    return last + 1


@compiled
def _split(sim: Sim, base: int, end: int, time: float) -> tuple[int, int]:
    """The entry that begins at a time, made where there is none; and where the profile ends.

    Times that only rounding tells apart are one, so that what starts when another ends does not overlap it.
    """
    margin = tolerance(sim, time)
    place = end
    while place > base and sim.queue.plan[place - 1].time >= time - margin:
        place -= 1
    if place < end and sim.queue.plan[place].time <= time + margin:
        return place, end
    for entry in range(end, place, -1):
        sim.queue.plan[entry] = sim.queue.plan[entry - 1]
    sim.queue.plan[place] = sim.queue.plan[max(base, place - 1)]
    sim.queue.plan[place].time = time
    return place, end + 1


@compiled
def _book(sim: Sim, base: int, end: int, job: int, sign: int) -> int:
    """Take a reservation out of what is free (sign -1) or put it back; where the profile ends.

    An entry that tells nothing new is left out again.
    """
    row, reservation = sim.jobs[sim.clock[0].first_job + job], sim.queue.reservations[job]
    first, end = _split(sim, base, end, reservation.start)
    last, end = _split(sim, base, end, reservation.end)
    for place in range(first, last):
        sim.queue.plan[place].cores += sign * row.requested_cores
        sim.queue.plan[place].memory += sign * row.requested_cores * row.memory_kb
    end = _join(sim, base, end, last)
    return _join(sim, base, end, first)


@compiled
def _join(sim: Sim, base: int, end: int, place: int) -> int:
    """Leave out an entry that tells what the one before it does; where the profile ends."""
    if place <= base or place >= end:
        return end
    one, other = sim.queue.plan[place - 1], sim.queue.plan[place]
    if one.cores != other.cores or one.memory != other.memory:
        return end
    for entry in range(place, end - 1):
        sim.queue.plan[entry] = sim.queue.plan[entry + 1]
    return end - 1


@compiled
def _expected_run_time(sim: Sim, job: int) -> float:
    """How long a waiting job runs at most, as far as one knows: on the slowest cores, in s."""
    clock = sim.clock[0]
    run_time = planned_work(sim, job) / (clock.slowest_mflops * FLOP_PER_MFLOP)
    return min(run_time, sim.jobs[clock.first_job + job].walltime)


@compiled
def _reserve_earliest(sim: Sim, base: int, end: int, job: int) -> None:
    """Set a job's reservation to the earliest that the profile allows."""
    row = sim.jobs[sim.clock[0].first_job + job]
    run_time = _expected_run_time(sim, job)
    first = place = base
    while place < end and (
        place == first
        or sim.queue.plan[place].time
        < sim.queue.plan[first].time + run_time - tolerance(sim, sim.queue.plan[place].time)
    ):
        free = sim.queue.plan[place]
        place += 1
        if free.cores < row.requested_cores or free.memory < row.requested_cores * row.memory_kb:
            first = place
    first = min(first, end - 1)  # at the end of the profile everything is free
    sim.queue.reservations[job].start = sim.queue.plan[first].time
    sim.queue.reservations[job].end = sim.queue.plan[first].time + run_time


@compiled
def _keep_reservations(sim: Sim, base: int, end: int) -> int:
    """Book the reservations that there are, those that are overdue from now on; where the profile ends."""
    clock = sim.clock[0]
    for place in range(clock.num_waiting):
        reservation = sim.queue.reservations[sim.queue.reservations[place].place]
        if reservation.start < math.inf:
            if reservation.start < clock.now:
                reservation.start = clock.now
                reservation.end = clock.now + _expected_run_time(sim, sim.queue.reservations[place].place)
            end = _book(sim, base, end, sim.queue.reservations[place].place, -1)
    return end


@compiled
def _is_overbooked(sim: Sim, base: int, end: int) -> bool:
    place = base
    while place < end and sim.queue.plan[place].cores >= 0 and sim.queue.plan[place].memory >= 0:
        place += 1
    return place < end


@compiled
def _move_ahead(sim: Sim, base: int, end: int) -> tuple[int, bool]:
    """Give each job that has none a reservation, and the others an earlier one where that is possible now.

    Returns:
        Where the profile ends, and whether one was moved, which may leave room for those before it.
    """
    clock = sim.clock[0]
    has_moved = False
    for place in range(clock.num_waiting):
        job = sim.queue.reservations[place].place
        before = sim.queue.reservations[job].start
        is_new = before == math.inf
        if is_new or clock.replanning:
            if not is_new:
                end = _book(sim, base, end, job, 1)
            _reserve_earliest(sim, base, end, job)
            end = _book(sim, base, end, job, -1)
            has_moved = has_moved or (not is_new and sim.queue.reservations[job].start < before)
    return end, has_moved


@compiled
def _reserve_all(sim: Sim, selection: int) -> None:
    """Give each waiting job a reservation, and move those ahead that can be."""
    clock = sim.clock[0]
    base = clock.num_cores + 1
    _put_in_order(sim, selection)
    end = _begin_profile(sim, base)
    end = _keep_reservations(sim, base, end)
    if _is_overbooked(sim, base, end):
        for place in range(clock.num_waiting):
            sim.queue.reservations[sim.queue.reservations[place].place].start = math.inf
        end = _begin_profile(sim, base)
    is_moving = True
    while is_moving:
        end, is_moving = _move_ahead(sim, base, end)
    for place in range(clock.num_waiting):
        job = sim.queue.reservations[place].place
        if sim.queue.reservations[job].promise == math.inf:
            sim.queue.reservations[job].promise = sim.queue.reservations[job].start
            clock.num_reserved += 1
    clock.replanning = 0


@compiled
def _start_due(sim: Sim, core_selection: int) -> int:
    """Start the jobs whose reservations are due, as far as they fit; how many."""
    clock = sim.clock[0]
    num_waiting, num_started = clock.num_waiting, 0
    for place in range(num_waiting):
        job = sim.queue.reservations[place].place
        if sim.queue.reservations[job].start > clock.now + tolerance(sim, clock.now):
            continue
        if blocked_by(sim, job) != NOT_BLOCKED:
            continue
        allocate(sim, job, core_selection)
        start_job(sim, job)
        clock.num_backfilled += 1 if num_started < place else 0
        num_started += 1
        if planned_end(sim, job) < sim.queue.reservations[job].end - tolerance(sim, clock.now):
            clock.replanning = 1
    return num_started


@compiled
def start_reserved(sim: Sim, job_selection: int, core_selection: int) -> None:
    """Make reservations and start what is due, until nothing more can start."""
    clock = sim.clock[0]
    if clock.num_running == 0:  # so that something starts, whatever was expected of what has ended
        clock.replanning = 1
    num_started = 1
    while num_started > 0 and clock.num_waiting > 0:
        _reserve_all(sim, job_selection)
        num_started = _start_due(sim, core_selection)
        clock.decision_started += num_started
        if not clock.replanning:
            break
    if clock.num_waiting > 0:
        _put_in_order(sim, job_selection)
        clock.decision_blocked_by = blocked_by(sim, sim.queue.reservations[0].place)
