"""The entry points of a simulation whose time is told from outside: news come in, orders go out.

What a job is expected to do is kept up as ever, but a job ends when its end is told and not before, and a
submission counts when it is told. What is decided is written down as orders, as a scheduler sends them.
"""

from __future__ import annotations

from .bits import lowest_bit
from .compiling import compiled, entry_point
from .decisions import close_decision, decide, may_choose
from .episode import write_record
from .pstate_commands import send_commands
from .tables import (
    DECISION,
    LOG_FULL,
    NONE,
    REJECTED,
    RUNNING,
    STALLED,
    SUCCESS,
    WALLTIME_REACHED,
    Integers,
    Table,
)
from .tables import Simulation as Sim
from .time import all_ended, close_logs, elapse, finish, logs_full, nothing_to_come, submit

# What news brought, besides a decision point: nothing to decide on, or what cannot be.
NOTHING, BACKWARDS, OUT_OF_TURN, NOT_RUNNING = range(4, 8)


@entry_point
def tell(
    sim: Sim, now: float, submitted: Integers, completed: Integers, success: Integers
) -> tuple[int, int]:
    """Take in what happened at one time: submissions, then completions.

    Once all jobs that can run have ended, no time passes any more.

    Args:
        sim: The simulation; where its log is full, nothing is taken in.
        now: The time, in s.
        submitted: Jobs that are submitted, (any,).
        completed: Jobs that ended, (any,).
        success: Whether each of them ended within its walltime, (completed,).

    Returns:
        What it brought, and the job that is the matter.
    """
    clock = sim.clock[0]
    if logs_full(sim):
        return LOG_FULL, NONE
    if not now >= clock.now:  # nor is it, where it is no number
        return BACKWARDS, NONE
    if not all_ended(sim):
        elapse(sim, now)
    for job in submitted:
        if job != clock.next_arrival or job >= clock.num_jobs:
            return OUT_OF_TURN, job
        submit(sim)
    for place in range(completed.size):
        job = completed[place]
        if not _is_running(sim, job):
            return NOT_RUNNING, job
        sim.progress[job].end_time = clock.now
        finish(sim, job, SUCCESS if success[place] else WALLTIME_REACHED)
    happened = submitted.size > 0 or completed.size > 0
    return DECISION if happened and _may_decide(sim) else NOTHING, NONE


@compiled
def _is_running(sim: Sim, job: int) -> bool:
    return 0 <= job < sim.clock[0].num_jobs and sim.progress[job].status == RUNNING


@compiled
def _may_decide(sim: Sim) -> bool:
    """Whether an instant is a decision point: jobs wait and, where actions are single jobs, one fits."""
    clock = sim.clock[0]
    return clock.num_waiting > 0 and (clock.num_choices == 0 or may_choose(sim))


@entry_point
def act(sim: Sim, job_selection: int, core_selection: int) -> int:
    """Apply an action.

    Returns:
        DECISION where this instant is one again, NOTHING where time may pass, STALLED where it must not.
    """
    clock = sim.clock[0]
    decide(sim, job_selection, core_selection)
    if clock.num_choices > 0 and clock.decision_started > 0 and may_choose(sim):
        return DECISION
    if clock.num_waiting > 0 and nothing_to_come(sim):
        return STALLED
    return NOTHING


@entry_point
def conclude(sim: Sim, record: Table) -> None:
    """Pay the reward of a decision whose consequences are seen, and write its record, (1,)."""
    close_decision(sim)
    write_record(sim, record[0])


@entry_point
def end(sim: Sim) -> None:
    """Log what waited for news that will not come."""
    close_logs(sim)


@entry_point
def write_orders(
    sim: Sim, rejections: Integers, jobs: Integers, starts: Integers, pstates: Integers
) -> tuple[int, int, int]:
    """Write what was decided since the last orders, which are thereby given.

    Args:
        sim: The simulation; C cores.
        rejections: Jobs that could never run, room for every job.
        jobs: Started jobs in their order, room for C.
        starts: Cores that they got, as core + C x place among the started, room for C, in any order.
        pstates: Cores whose P-state is set, as core + C x P-state, likewise.

    Returns:
        How many rejections, starts and P-states there are.
    """
    clock = sim.clock[0]
    num_rejections = 0
    for job in range(clock.num_answered, clock.next_arrival):
        if sim.progress[job].status == REJECTED:
            rejections[num_rejections] = job
            num_rejections += 1
    clock.num_answered = clock.next_arrival
    num_starts = _write_starts(sim, jobs, starts) if clock.num_started > clock.num_ordered else 0
    clock.num_ordered = clock.num_started
    num_pstates = _write_pstates(sim, pstates)
    send_commands(sim)
    return num_rejections, num_starts, num_pstates


@compiled
def _write_starts(sim: Sim, jobs: Integers, starts: Integers) -> int:
    """Write jobs that were started since the last orders; they all run, as no news has come since."""
    clock = sim.clock[0]
    count = 0
    for slot in range(clock.num_running):
        job = sim.progress[slot].job_at_slot
        place = sim.progress[job].sequence - clock.num_ordered
        if place < 0:
            continue
        jobs[place] = job
        index = sim.progress[job].first_segment
        while index != NONE:
            segment = sim.segments[index]
            first_core = sim.words[segment.word].first_core
            count = _write_cores(starts, count, segment.cores, place * clock.num_cores + first_core)
            index = segment.next_of_job
    return count


@compiled
def _write_pstates(sim: Sim, pstates: Integers) -> int:
    """Write cores whose P-state is set, with the P-states in which they end this instant."""
    num_cores = sim.clock[0].num_cores
    count = 0
    for place in range(sim.clock[0].num_set_words):
        word = sim.words[sim.words[place].set_word]
        state = sim.processors[word.processor]
        active = 1 if state.oversubscribed else 0
        idle = 2 if state.num_active > 0 else 3
        taken, free = word.set_cores & ~word.free, word.set_cores & word.free
        count = _write_cores(pstates, count, taken, active * num_cores + word.first_core)
        count = _write_cores(pstates, count, free, idle * num_cores + word.first_core)
    return count


@compiled
def _write_cores(out: Integers, count: int, cores: int, offset: int) -> int:
    """Write the cores of a mask one by one; how many are written now."""
    while cores:
        out[count] = offset + lowest_bit(cores)
        count += 1
        cores &= cores - 1
    return count
