"""Time: what happens at an instant, and how the clock gets to the next decision point."""

from __future__ import annotations

import math

from .compiling import compiled, inlined
from .placement import BOUNDED_SLOWDOWN_TAU, change_rates, end_job
from .processors import FLOP_PER_MFLOP, log_oversubscription
from .programs import submission
from .pstate_commands import send_commands
from .queue import count_waiting
from .reservations import note_early_end
from .tables import (
    DECISION,
    LOG_FULL,
    OVER,
    REJECTED,
    RLSCHEDULER,
    STALLED,
    SUCCESS,
    WAITING,
    WALLTIME_REACHED,
)
from .tables import Simulation as Sim


@compiled
def elapse(sim: Sim, time: float) -> None:
    """Let time pass with nothing happening, and add up what depends on it."""
    clock = sim.clock[0]
    elapsed = time - clock.now
    if elapsed <= 0.0:
        return
    clock.now = time
    clock.energy_mj += clock.milliwatts * elapsed
    clock.waiting_seconds += clock.num_waiting * elapsed
    clock.unfinished_seconds += (clock.num_waiting + clock.num_running) * elapsed
    clock.active_core_seconds += (clock.num_cores - clock.free_cores) * elapsed
    clock.slowdown_integral += (clock.slowdown_rate + clock.slowdown_rate_error) * elapsed
    send_commands(sim)


@compiled
def _next_submission(sim: Sim) -> float:
    clock = sim.clock[0]
    if clock.next_arrival >= clock.num_jobs:
        return math.inf
    return submission(sim, clock.next_arrival)


@compiled
def _next_end(sim: Sim) -> float:
    if sim.clock[0].num_running == 0:
        return math.inf
    return sim.progress[sim.progress[0].job_at_slot].end_time


@compiled
def next_event(sim: Sim) -> float:
    """Time of the next submission or end; infinity where nothing will happen."""
    return min(_next_submission(sim), _next_end(sim))


@compiled
def submit(sim: Sim) -> None:
    """The next job arrives: it waits, or is rejected where it could never run."""
    clock = sim.clock[0]
    job = clock.next_arrival
    clock.next_arrival += 1
    if sim.jobs[clock.first_job + job].feasible:
        sim.progress[job].status = WAITING
        count_waiting(sim, job, 1)
        change_rates(sim, job, 1.0)
    else:
        sim.progress[job].status = REJECTED


@compiled
def _end(sim: Sim) -> None:
    """The first running job of the calendar ends: done, or out of walltime."""
    clock = sim.clock[0]
    job = sim.progress[0].job_at_slot
    progress = sim.progress[job]
    done = progress.updated_time + progress.remaining_flop / (progress.mflops * FLOP_PER_MFLOP)
    in_time = done <= progress.end_time + clock.tolerance * max(1.0, progress.end_time)
    finish(sim, job, SUCCESS if in_time else WALLTIME_REACHED)


@compiled
def finish(sim: Sim, job: int, status: int) -> None:
    """End a running job at its expected end, and add up what it was slowed down."""
    clock, progress = sim.clock[0], sim.progress[job]
    note_early_end(sim, sim.queue, job)
    end_job(sim, job, status)
    turnaround = progress.end_time - submission(sim, job)
    run_time = max(progress.end_time - progress.start_time, BOUNDED_SLOWDOWN_TAU)
    clock.bounded_slowdown += max(1.0, turnaround / run_time)


@compiled
def _handle_instant(sim: Sim) -> None:
    """All submissions and ends that lie within the tolerance of the next event, in order of time."""
    clock = sim.clock[0]
    first = next_event(sim)
    limit = first + clock.tolerance * max(1.0, first)
    while True:
        submission, end = _next_submission(sim), _next_end(sim)
        if min(submission, end) > limit:
            return
        if submission <= end:
            elapse(sim, submission)
            submit(sim)
        else:
            elapse(sim, end)
            _end(sim)
        if clock.backfilling == RLSCHEDULER:  # it looks at the queue after each event by itself
            return


@compiled
def all_ended(sim: Sim) -> bool:
    """Whether every job that can run has ended."""
    clock = sim.clock[0]
    return clock.num_waiting == 0 and clock.num_running == 0 and clock.next_arrival > clock.last_feasible


@compiled
def is_over(sim: Sim) -> bool:
    """Whether every job that can run has ended; later ones that cannot are rejected at once."""
    clock = sim.clock[0]
    if not all_ended(sim):
        return False
    for job in range(clock.next_arrival, clock.num_jobs):
        sim.progress[job].status = REJECTED
    clock.next_arrival = clock.num_jobs
    return True


@compiled
def close_logs(sim: Sim) -> None:
    """Log what waited for the next event, which will not come."""
    send_commands(sim)
    for processor in range(sim.processors.size):
        log_oversubscription(sim, processor)


@compiled
def nothing_to_come(sim: Sim) -> bool:
    """Whether no job runs and none will arrive: doing nothing would stall."""
    clock = sim.clock[0]
    return clock.num_running == 0 and clock.next_arrival >= clock.num_jobs


@compiled
def logs_full(sim: Sim) -> bool:
    """Whether the logs might not hold what one instant and one decision can add."""
    clock = sim.clock[0]
    return clock.recording == 1 and (
        clock.num_placements + clock.num_cores > sim.log.size
        or clock.num_oversubscriptions + sim.processors.size > sim.log.size
    )


@inlined
def advance(sim: Sim) -> int:
    """Let time pass up to the next decision point: an instant after which jobs wait."""
    while True:
        if logs_full(sim):
            return LOG_FULL
        if is_over(sim):
            close_logs(sim)
            return OVER
        if nothing_to_come(sim):
            return STALLED
        _handle_instant(sim)
        if sim.clock[0].num_waiting > 0:
            return DECISION
