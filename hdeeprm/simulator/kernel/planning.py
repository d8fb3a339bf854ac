"""Looking ahead: what each action would come to in imagined futures, by simulating them.

A future is a simulation in the present state whose jobs have other run times and other arrivals to come; the
true ones stay unseen. Rollouts with a fixed base policy [Bertsekas, Tsitsiklis & Wu 1997].
"""

from __future__ import annotations

import math
from typing import Any

from .batch import row
from .calendar import schedule
from .choices import is_allowed
from .compiling import compiled, entry_point
from .core_selection import mark_all
from .decisions import close_decision, decide, next_decision
from .processors import FLOP_PER_MFLOP, expect_end
from .promises import clear_reservations, copy_reservation
from .queue import clear_queue, count_waiting, rank_jobs, restore_orders, score_jobs
from .rewards import integrated_value
from .snapshots import copy_jobs, copy_platform
from .tables import (
    CONSERVATIVE,
    DECISION,
    NONE,
    NTH_JOB,
    OVER,
    PENDING,
    RANDOM_CORE,
    RANDOM_JOB,
    STALLED,
    WAITING,
    Floats,
    Integers,
    QueueTables,
)
from .tables import Simulation as Sim

# Two hashes of 31 bits, whose products fit 64-bit integers.
_HASH_BITS = 31
_HASH_MASK = (1 << _HASH_BITS) - 1
_HASH_FACTORS = 0x2C1B3C6D, 0x297A2D39
_HASH_SECONDS = 2.0**-10
"""What reservations differ by that count as different."""


@compiled
def _take_over_jobs(sim: Sim, source: Sim, active: Integers, remaining_flop: Floats) -> None:
    """Number the jobs in the system anew, from 0, and give the running ones the work of this future."""
    clock = sim.clock[0]
    clock.num_waiting = clock.num_running = 0
    clock.picked = clock.reserved_job = NONE
    clear_queue(sim, sim.queue)
    for job in range(active.size):
        sim.progress[job] = source.progress[active[job]]
        copy_reservation(sim, sim.queue, job, source, active[job])
        if active[job] == source.clock[0].picked:
            clock.picked = job
        if active[job] == source.clock[0].reserved_job:
            clock.reserved_job = job
    for job in range(active.size):
        progress = sim.progress[job]
        if progress.status == WAITING:
            count_waiting(sim, job, 1)
        else:
            since = clock.now - progress.updated_time
            progress.done_flop += progress.mflops * FLOP_PER_MFLOP * since
            progress.updated_time = clock.now
            progress.remaining_flop = remaining_flop[job]
            index = progress.first_segment
            while index != NONE:
                sim.segments[index].job = job
                index = sim.segments[index].next_of_job
            expect_end(sim, job)
            schedule(sim, job)


@compiled
def _imagine(sim: Sim, source: Sim, active: Integers, num_jobs: int, remaining_flop: Floats) -> None:
    """Bring a simulation over imagined jobs to the present state of another one."""
    copy_platform(sim, source)
    mark_all(sim)
    clock = sim.clock[0]
    clock.first_job, clock.num_jobs, clock.next_arrival = 0, num_jobs, active.size
    clock.last_feasible = num_jobs - 1
    clock.num_choices = clock.recording = clock.noting_pstates = clock.integrated = 0
    clock.trace_origin += clock.origin
    clock.origin, clock.arrival_scale = 0.0, 1.0
    clock.fenwick_step = 1
    while 2 * clock.fenwick_step <= num_jobs:
        clock.fenwick_step *= 2
    rank_jobs(sim)
    score_jobs(sim, sim.queue)
    clear_reservations(sim, sim.queue)
    for job in range(active.size, num_jobs):
        progress = sim.progress[job]
        progress.status = PENDING
        progress.energy_mj = 0.0
        progress.milliwatts = 0
        progress.first_segment = NONE
    _take_over_jobs(sim, source, active, remaining_flop)


@compiled
def _stirred(number: int, value: int, factor: int) -> int:
    """A hash with a value of up to 32 bits mixed in."""
    number = ((number ^ (value & 0xFFFF)) * factor) & _HASH_MASK
    number ^= number >> 15
    number = ((number ^ (value >> 16)) * factor) & _HASH_MASK
    return number ^ (number >> 14)


@compiled
def _segment_hash(segment: Any, factor: int) -> int:
    """A number for a job on some cores of a word."""
    number = _stirred(_stirred(factor, segment.job, factor), segment.word, factor)
    return _stirred(number, segment.cores, factor)


@compiled
def _queue_hash(sim: Sim, queue: QueueTables, factor: int) -> int:
    """A number for the job that blocks, and for the reservations where all waiting jobs have one."""
    if len(queue) == 0:
        return 0
    clock = sim.clock[0]
    number = _stirred(factor, clock.picked + 1, factor)
    if clock.backfilling == CONSERVATIVE:
        for job in range(clock.next_arrival):
            if sim.progress[job].status == WAITING and sim.queue.reservations[job].start < math.inf:
                number = _stirred(
                    number, int(sim.queue.reservations[job].start / _HASH_SECONDS) & _HASH_MASK, factor
                )
    return number


@compiled
def _fingerprint(sim: Sim, num_started: int) -> int:
    """A number that two actions share when they have started the same jobs on the same cores.

    Which job blocks and which have reservations is the same then, too.
    """
    first = _queue_hash(sim, sim.queue, _HASH_FACTORS[0])
    second = _queue_hash(sim, sim.queue, _HASH_FACTORS[1])
    for place in range(sim.clock[0].num_running):
        progress = sim.progress[sim.progress[place].job_at_slot]
        index = progress.first_segment if progress.sequence >= num_started else NONE
        while index != NONE:  # sums, as the order of segments and of starts means nothing
            segment = sim.segments[index]
            first = (first + _segment_hash(segment, _HASH_FACTORS[0])) & _HASH_MASK
            second = (second + _segment_hash(segment, _HASH_FACTORS[1])) & _HASH_MASK
            index = segment.next_of_job
    return (first << _HASH_BITS) | second


@compiled
def _play_out(sim: Sim, base: Integers) -> float:
    """Go on with the base pair to the end; what the objective comes to, -inf if there is no end.

    Where an action waits for what this future does not bring, the base pair takes over at once.
    """
    outcome = next_decision(sim)
    if outcome == STALLED:
        outcome = DECISION
    while outcome == DECISION:
        close_decision(sim)
        decide(sim, base[0], base[1])
        outcome = next_decision(sim)
    return integrated_value(sim) if outcome == OVER else -math.inf


@compiled
def _act(sim: Sim, future: Sim, code: Integers, base: Integers, is_other: bool) -> int:
    """Take an action in a copy of a future; a single job is followed by what the base pair starts besides.

    The copy is made in the place of that of another future (``is_other``) or of this one.
    """
    if is_other:
        for job in range(future.clock[0].num_jobs):
            sim.jobs[job] = future.jobs[job]
    copy_jobs(sim, future, is_other)
    copy_platform(sim, future)
    mark_all(sim)
    restore_orders(sim, sim.queue, is_other)
    num_started = sim.clock[0].num_started
    decide(sim, code[0], code[1])
    if code[0] >= NTH_JOB:
        close_decision(sim)
        decide(sim, base[0], base[1])
    return _fingerprint(sim, num_started)


@compiled
def _draws(code: Integers, base: Integers) -> bool:
    """Whether an action, or the base pair that completes it, draws at random."""
    random = code[0] == RANDOM_JOB or code[1] == RANDOM_CORE
    return bool(random or (code[0] >= NTH_JOB and (base[0] == RANDOM_JOB or base[1] == RANDOM_CORE)))


@compiled
def _fingerprint_of(stack: Sim, scratch: Sim, code: Integers, base: Integers, otherwise: int) -> int:
    """The fingerprint of an action; of one that draws at random only where all futures agree on it."""
    fingerprint = 0
    for index in range(stack.clock.shape[0] if _draws(code, base) else 1):
        found = _act(scratch, row(stack, index), code, base, True)
        if index > 0 and found != fingerprint:
            return otherwise
        fingerprint = found
    return fingerprint


@compiled
def _find_groups(stack: Sim, scratch: Sim, codes: Integers, base: Integers, groups: Integers) -> int:
    """Find the actions that come to the same thing now; the number of different ones."""
    num_actions = codes.shape[0]
    num_groups = 0
    for action in range(num_actions):
        if groups[action] == NONE:
            continue
        fingerprint = _fingerprint_of(stack, scratch, codes[action], base, -1 - action)
        groups[num_actions + action] = fingerprint
        num_groups += 1
        for other in range(action):
            if groups[other] == other and groups[num_actions + other] == fingerprint:
                groups[action] = other
                num_groups -= 1
                break
    return num_groups


@entry_point
def imagine(stack: Sim, source: Sim, active: Integers, num_jobs: int, remaining_flop: Floats) -> None:
    """Bring every future of a stack to the present state of a simulation.

    Args:
        stack: Simulations over jobs of their own: those of ``active``, in that order, then the arrivals.
        source: The present.
        active: The waiting and running jobs of the present, by age.
        num_jobs: How many jobs each future has.
        remaining_flop: (futures, active jobs) work per core that each running job has left.
    """
    for index in range(stack.clock.shape[0]):
        _imagine(row(stack, index), source, active, num_jobs, remaining_flop[index])


@entry_point
def evaluate(
    stack: Sim, scratch: Sim, source: Sim, codes: Integers, base: Integers, groups: Integers, scores: Floats
) -> int:
    """Score each action in each future: what the objective comes to if the base pair takes over after it.

    Args:
        stack: Futures, as :func:`imagine` left them.
        scratch: Room for one simulation.
        source: The present, which says what is allowed.
        codes: Job selection and core selection of each action, (A, 2).
        base: The pair that goes on.
        groups: (2 A,) room; then the first action that does the same as each, or -1 where it is masked.
        scores: (futures, A), written for the first action of each group.

    Returns:
        The number of groups; where there is only one, nothing is scored.
    """
    for action in range(codes.shape[0]):
        groups[action] = action if is_allowed(source, codes[action, 0]) else NONE
    num_groups = _find_groups(stack, scratch, codes, base, groups)
    if num_groups < 2:
        return num_groups
    for index in range(stack.clock.shape[0]):
        future = row(stack, index)
        is_other = True
        for action in range(codes.shape[0]):
            if groups[action] == action:
                _act(scratch, future, codes[action], base, is_other)
                scores[index, action] = _play_out(scratch, base)
                is_other = False
    return num_groups
