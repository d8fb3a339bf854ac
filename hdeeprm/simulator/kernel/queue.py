"""The waiting jobs: who is next by each job selection, and order statistics of what they ask for.

A job's rank under each selection is known in advance; a Fenwick tree [Fenwick 1994] per selection counts the
waiting ranks, so that arrival, start, the next job and any quantile cost O(log J).
"""

from __future__ import annotations

from .candidates import clear_candidates, set_candidate
from .compiling import compiled, inlined
from .orders import best_of_order, clear_orders, enter_orders, is_ordered, score_of
from .programs import program_value
from .randomness import below
from .tables import (
    FIRST,
    FIRST_SCORE,
    LOW_MEM,
    LOW_MEM_BW,
    NONE,
    NTH_JOB,
    NUM_SELECTIONS,
    RANDOM_JOB,
    SHORTEST,
    SMALLEST,
    WAITING,
    QueueTables,
)
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
def score_jobs(sim: Sim, queue: QueueTables) -> None:
    """Work out what does not change in the scores of the episode's jobs."""
    if len(queue) == 0:
        return
    clock = sim.clock[0]
    clock.undefined_job = NONE
    num_scores = sim.queue.programs.shape[0]
    for slot in range(sim.queue.orders.shape[0]):
        for job in range(clock.num_jobs):
            score = sim.queue.scores[slot, job]
            if slot >= num_scores:
                score.intercept, score.slope = request(sim, SHORTEST + slot - num_scores, job), 0.0
            elif is_ordered(sim, slot):
                score.intercept = program_value(sim, slot, 0, job)
                score.slope = program_value(sim, slot, 1, job)


@compiled
def clear_queue(sim: Sim, queue: QueueTables) -> None:
    """Let no job wait."""
    sim.waiting[:] = 0
    if len(queue) == 0:
        return
    clear_orders(sim)
    clear_candidates(sim)


@compiled
def restore_orders(sim: Sim, queue: QueueTables, has_other_jobs: bool) -> None:
    """Work out from the jobs that wait what is kept of them besides the ranks."""
    if len(queue) == 0:
        return
    if sim.queue.orders.shape[0] == 0 and sim.queue.candidates.shape[1] == 2:
        return
    if has_other_jobs:
        score_jobs(sim, queue)
    clear_orders(sim)
    clear_candidates(sim)
    for job in range(sim.clock[0].num_jobs):
        if sim.progress[job].status == WAITING:
            _enter(sim, queue, job, True)


@compiled
def _enter(sim: Sim, queue: QueueTables, job: int, waits: bool) -> None:
    """Put a job where the waiting ones are kept in the orders in use, or take it out."""
    if len(queue) == 0:
        return
    if sim.queue.orders.shape[0] > 0:
        enter_orders(sim, job, job if waits else NONE)
    if sim.queue.candidates.shape[1] > 2:
        set_candidate(sim, job, waits)


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
    _enter(sim, sim.queue, job, change > 0)


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
def _job_of_score(sim: Sim, queue: QueueTables, slot: int) -> int:
    """The waiting job of the smallest score, the older one of several."""
    if len(queue) == 0:
        return NONE
    if is_ordered(sim, slot):
        return best_of_order(sim, slot)
    best = waiting_job(sim, FIRST, 0)
    least = score_of(sim, slot, best)
    for place in range(1, sim.clock[0].num_waiting):
        job = waiting_job(sim, FIRST, place)
        score = score_of(sim, slot, job)
        if score < least:
            best, least = job, score
    return best


@inlined
def select_job(sim: Sim, selection: int) -> int:
    """The waiting job that a job selection picks."""
    if selection == RANDOM_JOB:
        return waiting_job(sim, FIRST, below(sim.clock[0], sim.clock[0].num_waiting))
    if selection >= NTH_JOB:
        return waiting_job(sim, FIRST, selection - NTH_JOB)
    if selection <= FIRST_SCORE:
        return _job_of_score(sim, sim.queue, FIRST_SCORE - selection)
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
