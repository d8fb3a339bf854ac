"""The waiting jobs: who is next by each job selection, and order statistics of what they ask for.

A job's rank under each selection is known in advance; a Fenwick tree [Fenwick 1994] per selection counts the
waiting ranks, so that arrival, start, the next job and any quantile cost O(log J).
"""

from __future__ import annotations

from .compiling import compiled
from .randomness import below
from .tables import FIRST, LOW_MEM, LOW_MEM_BW, NTH_JOB, NUM_SELECTIONS, RANDOM_JOB, SHORTEST, SMALLEST
from .tables import Simulation as Sim


@compiled
def request(sim: Sim, selection: int, job: int) -> float:
    """What a job selection ranks by; for *first* the place in the order of submission."""
    row = sim.jobs[sim.clock[0].first_job + job]
    if selection == SHORTEST:
        return float(row.requested_time)
    if selection == SMALLEST:
        return float(row.requested_cores)
    if selection == LOW_MEM:
        return float(row.memory_kb)
    if selection == LOW_MEM_BW:
        return float(row.bandwidth)
    return float(job)


@compiled
def _merge(sim: Sim, selection: int, first: int, middle: int, last: int) -> None:
    """Merge two sorted runs of the jobs of a selection, by way of the unused row of the table."""
    left, right = first, middle
    for place in range(first, last):
        take_left = right >= last
        if left < middle and not take_left:
            one, other = sim.ranks[selection, left].job, sim.ranks[selection, right].job
            take_left = request(sim, selection, one) <= request(sim, selection, other)
        if take_left:
            sim.ranks[RANDOM_JOB, place].job = sim.ranks[selection, left].job
            left += 1
        else:
            sim.ranks[RANDOM_JOB, place].job = sim.ranks[selection, right].job
            right += 1
    for place in range(first, last):
        sim.ranks[selection, place].job = sim.ranks[RANDOM_JOB, place].job


@compiled
def rank_jobs(sim: Sim) -> None:
    """Rank the jobs of the episode under each selection, ties by age: a merge sort from the bottom up."""
    num_jobs = sim.clock[0].num_jobs
    for selection in range(FIRST, NUM_SELECTIONS):
        for job in range(num_jobs):
            sim.ranks[selection, job].job = job
        width = 1
        while width < num_jobs and selection != FIRST:
            for first in range(0, num_jobs - width, 2 * width):
                _merge(sim, selection, first, first + width, min(first + 2 * width, num_jobs))
            width *= 2
        for rank in range(num_jobs):
            sim.ranks[selection, sim.ranks[selection, rank].job].rank = rank


@compiled
def count_waiting(sim: Sim, job: int, change: int) -> None:
    """Add a job to the queue (change 1) or take it out (-1)."""
    clock = sim.clock[0]
    clock.num_waiting += change
    for selection in range(FIRST, NUM_SELECTIONS):
        index = sim.ranks[selection, job].rank + 1
        while index <= clock.num_jobs:
            sim.waiting[selection, index] += change
            index += index & -index


@compiled
def waiting_job(sim: Sim, selection: int, place: int) -> int:
    """The waiting job with ``place`` others before it under a selection."""
    clock = sim.clock[0]
    rank = 0
    step = clock.fenwick_step
    while step > 0:
        upper = rank + step
        if upper <= clock.num_jobs and sim.waiting[selection, upper] <= place:
            place -= sim.waiting[selection, upper]
            rank = upper
        step >>= 1
    return sim.ranks[selection, rank].job


@compiled
def select_job(sim: Sim, selection: int) -> int:
    """The waiting job that a job selection picks."""
    if selection == RANDOM_JOB:
        return waiting_job(sim, FIRST, below(sim.clock[0], sim.clock[0].num_waiting))
    if selection >= NTH_JOB:
        return waiting_job(sim, FIRST, selection - NTH_JOB)
    return waiting_job(sim, selection, 0)


@compiled
def quantile(sim: Sim, selection: int, fraction: float) -> float:
    """Quantile (linear) of a request over the waiting jobs, of which there is at least one."""
    position = fraction * (sim.clock[0].num_waiting - 1)
    lower = int(position)
    value = request(sim, selection, waiting_job(sim, selection, lower))
    if position > lower:
        upper = request(sim, selection, waiting_job(sim, selection, lower + 1))
        value += (upper - value) * (position - lower)
    return value
