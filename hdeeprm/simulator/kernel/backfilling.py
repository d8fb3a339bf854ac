"""Backfilling beside one reservation: what starts while the job that goes next does not fit.

EASY [Lifka 1995; Mu'alem & Feitelson 2001]: a job starts if it is expected to end by the reservation, or if
it leaves at that time enough for the job that has it. The strict variant has only the first of the two rules;
that of RLScheduler [Zhang et al. 2020] is stricter still and keeps the reservation that it made first.
Whether a job ends in time is asked of the cores that it would get: it is placed, looked at, and taken back if
need be.
"""

from __future__ import annotations

import math

from .candidates import bring_back, next_candidate, planned_work, set_aside
from .compiling import compiled
from .core_selection import best_processor
from .fitting import blocked_by
from .orders import slot_of
from .placement import allocate, start_job, undo_allocation
from .processors import FLOP_PER_MFLOP
from .pstate_commands import set_pstates
from .reservations import change_node_plan, reserve, tolerance
from .tables import EASY, HIGH_GFLOPS, NONE, NOT_BLOCKED, RLSCHEDULER
from .tables import Simulation as Sim

_ROUNDING = 1e-12


@compiled
def _run_time(sim: Sim, job: int) -> float:
    """How long a job is expected to run on the cores taken for it, in s."""
    slowest = math.inf
    index = sim.progress[job].first_segment
    while index != NONE:
        state = sim.processors[sim.words[sim.segments[index].word].processor]
        speed = state.mflops_p1 if state.free_bandwidth < 0 else state.mflops_p0
        slowest = min(slowest, float(speed))
        index = sim.segments[index].next_of_job
    run_time = planned_work(sim, job) / (slowest * FLOP_PER_MFLOP)
    return min(run_time, sim.jobs[sim.clock[0].first_job + job].walltime)


@compiled
def _ends_in_time(sim: Sim, job: int) -> bool:
    """Whether a job is expected to end by the reservation, on the cores taken for it."""
    clock = sim.clock[0]
    end, margin = clock.now + _run_time(sim, job), tolerance(sim, clock.reserved_time)
    if clock.backfilling == RLSCHEDULER:
        return bool(end < clock.reserved_time - margin)
    return bool(end <= clock.reserved_time + margin)


@compiled
def _needed(sim: Sim, job: int, memory: int, spare: int) -> int:
    """How many spare cores a job needs that runs beyond the reservation; more than there are: it must not."""
    if memory == 0:
        return sim.jobs[sim.clock[0].first_job + job].requested_cores
    needed = -change_node_plan(sim, job, memory, -1)
    if needed > spare:
        change_node_plan(sim, job, memory, 1)
    return needed


@compiled
def _start_taken(sim: Sim, job: int) -> None:
    """Start a job for which cores were taken on trial."""
    index = sim.progress[job].first_segment
    while index != NONE:
        set_pstates(sim, sim.segments[index].word, sim.segments[index].cores)
        index = sim.segments[index].next_of_job
    start_job(sim, job)
    sim.clock[0].decision_started += 1
    sim.clock[0].num_backfilled += 1


@compiled
def _try(sim: Sim, job: int, core_selection: int, memory: int, spare: int) -> tuple[bool, int]:
    """Start a job beside the reservation if it may; whether it was, and the spare cores that it needed."""
    clock = sim.clock[0]
    if blocked_by(sim, job) != NOT_BLOCKED:
        return False, 0
    noting, clock.noting_pstates = clock.noting_pstates, 0
    allocate(sim, job, core_selection)
    needed = 0
    if not _ends_in_time(sim, job):
        needed = _needed(sim, job, memory, spare) if clock.backfilling == EASY else spare + 1
    if needed > spare:
        undo_allocation(sim, job)
    clock.noting_pstates = noting
    if needed > spare:
        return False, 0
    _start_taken(sim, job)
    return True, needed


@compiled
def _most_work(sim: Sim) -> float:
    """What the fastest free core does up to the reservation, in flop; above 0, as rounding may hide a bit."""
    clock = sim.clock[0]
    mflops = sim.processors[best_processor(sim, HIGH_GFLOPS, 0)].mflops_p0
    seconds = clock.reserved_time + tolerance(sim, clock.reserved_time) - clock.now
    return seconds * mflops * FLOP_PER_MFLOP * (1.0 + _ROUNDING)


@compiled
def _renew_reservation(sim: Sim, job: int) -> tuple[int, int]:
    """Reserve for the blocked job; the spare cores for it and of any kind."""
    clock = sim.clock[0]
    time, spare, free = reserve(sim, job)
    if clock.reserved_job != job:
        clock.reserved_job, clock.promise, clock.reserved_time = job, time, time
        clock.num_reserved += 1
    elif clock.backfilling != RLSCHEDULER:
        clock.reserved_time = time
    return (spare, free) if clock.backfilling == EASY else (0, 0)


@compiled
def backfill(sim: Sim, blocked: int, job_selection: int, core_selection: int) -> None:
    """Start waiting jobs that do not delay the blocked one, in the order of a selection or of submission."""
    clock = sim.clock[0]
    may_start = clock.free_cores > 0 and clock.num_waiting > 1
    if clock.reserved_job == blocked and not may_start:
        return
    spare, free = _renew_reservation(sim, blocked)
    memory = sim.jobs[clock.first_job + blocked].memory_kb
    slot = NONE if clock.in_submission_order else slot_of(sim, job_selection)
    aside = set_aside(sim, blocked, NONE)
    while clock.free_cores > 0:
        job = next_candidate(sim, slot, clock.free_cores, _most_work(sim), free)
        if job == NONE:
            break
        started, needed = _try(sim, job, core_selection, memory, spare)
        if started:
            spare -= needed
            free -= sim.jobs[clock.first_job + job].requested_cores if needed > 0 else 0
        else:
            aside = set_aside(sim, job, aside)
    bring_back(sim, aside)
