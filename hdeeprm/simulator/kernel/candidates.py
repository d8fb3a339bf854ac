"""Which waiting job may be tried next for backfilling: trees that know the least requests below each node.

A leaf stands for a job, by age in one tree and as in the orders in the other. What asks for too many cores or
too much time is passed over without being looked at, as far as all jobs below a node do.
"""

from __future__ import annotations

import math

from .compiling import compiled
from .orders import best_of_order, comes_before, is_ordered, leaf_of
from .processors import FLOP_PER_MFLOP
from .tables import NONE, PLENTY
from .tables import Simulation as Sim

_BY_AGE, _BY_CORES = range(2)


@compiled
def planned_work(sim: Sim, job: int) -> float:
    """What reservations take a job's work per core for, in flop."""
    row = sim.jobs[sim.clock[0].first_job + job]
    return row.work_flop if sim.clock[0].knowing_run_times else row.requested_work_flop


@compiled
def _least_work(sim: Sim, job: int) -> float:
    """The same, or what the slowest cores do of it up to the job's walltime."""
    clock = sim.clock[0]
    walltime = sim.jobs[clock.first_job + job].walltime
    return min(planned_work(sim, job), walltime * clock.slowest_mflops * FLOP_PER_MFLOP)


@compiled
def _join(sim: Sim, row: int, index: int) -> None:
    node = sim.queue.candidates[row, index]
    left, right = sim.queue.candidates[row, 2 * index], sim.queue.candidates[row, 2 * index + 1]
    node.cores = min(left.cores, right.cores)
    node.work = min(left.work, right.work)


@compiled
def clear_candidates(sim: Sim) -> None:
    """Let there be no candidate."""
    for row in range(sim.queue.candidates.shape[0]):
        for index in range(sim.queue.candidates.shape[1]):
            sim.queue.candidates[row, index].cores = PLENTY
            sim.queue.candidates[row, index].work = math.inf


@compiled
def _leaf(sim: Sim, row: int, job: int) -> int:
    return (sim.queue.candidates.shape[1] >> 1) + job if row == _BY_AGE else leaf_of(sim, job)


@compiled
def set_candidate(sim: Sim, job: int, is_candidate: bool) -> None:
    """Put a job among the candidates or take it out."""
    for row in range(sim.queue.candidates.shape[0]):
        index = _leaf(sim, row, job)
        leaf = sim.queue.candidates[row, index]
        leaf.cores, leaf.work = PLENTY, math.inf
        if is_candidate:
            leaf.cores = sim.jobs[sim.clock[0].first_job + job].requested_cores
            leaf.work = _least_work(sim, job)
        index >>= 1
        while index > 0:
            _join(sim, row, index)
            index >>= 1


@compiled
def _may_hold(sim: Sim, row: int, index: int, free: int, work: float, spare: int) -> bool:
    """Whether a job below a node may ask for few enough cores and little enough work, or for spare cores."""
    node = sim.queue.candidates[row, index]
    return bool(node.cores <= free and (node.work <= work or node.cores <= spare))


@compiled
def _oldest_candidate(sim: Sim, first: int, free: int, work: float, spare: int) -> int:
    """The oldest candidate from a job on."""
    num_leaves = sim.queue.candidates.shape[1] >> 1
    index = num_leaves + first if first < num_leaves else 0
    while index > 0:
        if not _may_hold(sim, _BY_AGE, index, free, work, spare):
            while index & 1:  # on to the next tree on the right; there is none beside a root
                index >>= 1
            index += 1 if index > 0 else 0
        elif index < num_leaves:
            index *= 2
        else:
            return index - num_leaves
    return NONE


@compiled
def _best_candidate(sim: Sim, slot: int, free: int, work: float, spare: int) -> int:
    """The first candidate of an order that is kept up: branch and bound by the winners of its tournament."""
    best_of_order(sim, slot)  # brings all winners up to date
    best, height = NONE, 1
    sim.stack[0] = 1
    while height > 0:
        height -= 1
        index = sim.stack[height]
        if not _may_hold(sim, _BY_CORES, index, free, work, spare):
            continue
        winner = sim.queue.orders[slot, index].winner
        if best != NONE and not comes_before(sim, slot, winner, best):
            continue
        if _may_hold(sim, _BY_CORES, leaf_of(sim, winner), free, work, spare):
            best = winner
            continue
        left = 2 * index
        first, second = sim.queue.orders[slot, left].winner, sim.queue.orders[slot, left + 1].winner
        left_first = second == NONE or (first != NONE and comes_before(sim, slot, first, second))
        sim.stack[height] = left + 1 if left_first else left
        sim.stack[height + 1] = left if left_first else left + 1
        height += 2
    return best


@compiled
def _found_candidate(sim: Sim, slot: int, free: int, work: float, spare: int) -> int:
    """The first candidate of an order that is worked out job by job."""
    best = NONE
    job = _oldest_candidate(sim, 0, free, work, spare)
    while job != NONE:
        if best == NONE or comes_before(sim, slot, job, best):
            best = job
        job = _oldest_candidate(sim, job + 1, free, work, spare)
    return best


@compiled
def next_candidate(sim: Sim, slot: int, free: int, work: float, spare: int) -> int:
    """The first waiting job, in an order, that may start beside a reservation; NONE where there is none.

    Args:
        sim: The simulation.
        slot: The order; NONE for that of submission.
        free: Cores that it may ask for.
        work: Work per core that it may have, in flop.
        spare: Cores with which it may have any work.
    """
    if slot == NONE:
        return _oldest_candidate(sim, 0, free, work, spare)
    if is_ordered(sim, slot):
        return _best_candidate(sim, slot, free, work, spare)
    return _found_candidate(sim, slot, free, work, spare)


@compiled
def set_aside(sim: Sim, job: int, last: int) -> int:
    """Take a job out of the candidates for now; the new end of the list of those, which began at NONE."""
    set_candidate(sim, job, False)
    sim.queue.candidates[_BY_AGE, _leaf(sim, _BY_AGE, job)].next_aside = last
    return job


@compiled
def bring_back(sim: Sim, last: int) -> None:
    """Let all jobs that were set aside be candidates again."""
    while last != NONE:
        set_candidate(sim, last, True)
        last = sim.queue.candidates[_BY_AGE, _leaf(sim, _BY_AGE, last)].next_aside
