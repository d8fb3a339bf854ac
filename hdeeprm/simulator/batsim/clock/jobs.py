"""Jobs on Batsim's clock: they start, go from stage to stage, and end."""

from __future__ import annotations

from hdeeprm.simulator.kernel.compiling import compiled

from .actions import begin_stage, forget, take_out
from .power import look_at, look_at_all, trace
from .sharing import load_hosts
from .tables import (
    COMPLETED,
    DELAY,
    FAILED,
    KILLED,
    NONE,
    RUNNING,
    TRACE_END,
    TRACE_MACHINES,
    TRACE_START,
    WALLTIME_REACHED,
    Clockwork,
)

EMPTY_RUN_TIME = 1e-5
"""Run time of a job that takes none, in s, as Batsim writes it."""


@compiled
def start_job(work: Clockwork, job: int) -> None:
    """Start a job on the hosts of its allocation."""
    clock, row = work.clock[0], work.jobs[job]
    row.status = RUNNING
    row.start = clock.now
    row.time_left = row.walltime
    clock.num_running += 1
    row.joules = _look_at_hosts(work, job)
    trace(work, TRACE_START, job, look_at_all(work))
    for place in range(row.first_host, row.first_host + row.num_hosts):
        _occupy(work, work.allocations[place], 1)
    trace(work, TRACE_MACHINES, job, 0.0)
    _begin(work, job, 0)


@compiled
def _look_at_hosts(work: Clockwork, job: int) -> float:
    """Book the energy of all hosts of a job up to now; all of it."""
    row = work.jobs[job]
    total = 0.0
    if not work.clock[0].energy:
        return total
    for place in range(row.first_host, row.first_host + row.num_hosts):
        total += look_at(work, work.allocations[place])
    return total


@compiled
def _occupy(work: Clockwork, host: int, change: int) -> None:
    """Count the jobs on a host, and the time that it was idle or computed."""
    clock, row = work.clock[0], work.hosts[host]
    was_idle = row.num_jobs == 0
    row.num_jobs += change
    if was_idle == (row.num_jobs == 0):
        return
    elapsed = clock.now - row.since
    row.since = clock.now
    if was_idle:
        clock.idle_time += elapsed
        clock.num_computing += 1
    else:
        clock.computing_time += elapsed
        clock.num_computing -= 1


@compiled
def _begin(work: Clockwork, job: int, place: int) -> None:
    """Begin a stage of a job."""
    row = work.jobs[job]
    row.stage = place
    row.stage_start = work.clock[0].now
    row.action = begin_stage(work, job, _stage_of(work, job), row.time_left)
    action = work.actions[row.action]
    if action.rate > 0.0:  # else it waits until all rates are solved for
        load_hosts(work, action.stage, action.rate)


@compiled
def _stage_of(work: Clockwork, job: int) -> int:
    """The stage of a job that is under way."""
    row = work.jobs[job]
    return int(work.program[row.first_stage + row.stage])


@compiled
def end_stage(work: Clockwork, slot: int) -> bool:
    """Go on after a stage of a job is over; whether the job is."""
    job = work.actions[slot].subject
    row, stage = work.jobs[job], work.stages[_stage_of(work, job)]
    status = _outcome(work, slot)
    if row.time_left >= 0.0:
        row.time_left = max(0.0, row.time_left - (work.clock[0].now - row.stage_start))
    _leave(work, slot)
    if status == COMPLETED and stage.return_code == 0 and row.stage + 1 < row.num_stages:
        _begin(work, job, row.stage + 1)
        return False
    row.return_code = -1 if status == WALLTIME_REACHED else stage.return_code
    if row.return_code == 0:
        row.return_code = row.failing
    _end(work, job, FAILED if row.return_code > 0 else status)
    return True


@compiled
def _outcome(work: Clockwork, slot: int) -> int:
    """How a stage ended: done, or out of walltime; done at that very time is done, but a delay is not."""
    action = work.actions[slot]
    row, stage = work.jobs[action.subject], work.stages[_stage_of(work, action.subject)]
    cut = 0.0 <= row.time_left <= stage.duration if stage.kind == DELAY else action.remaining > 0.0
    return WALLTIME_REACHED if cut else COMPLETED


@compiled
def _leave(work: Clockwork, slot: int) -> None:
    """Let a stage go of its hosts."""
    stage = work.actions[slot].stage
    work.jobs[work.actions[slot].subject].action = NONE
    forget(work, slot)
    load_hosts(work, stage, 0.0)


@compiled
def _end(work: Clockwork, job: int, status: int) -> None:
    clock, row = work.clock[0], work.jobs[job]
    row.status = status
    for place in range(row.first_host, row.first_host + row.num_hosts):
        _occupy(work, work.allocations[place], -1)
    trace(work, TRACE_MACHINES, job, 0.0)
    row.run_time = clock.now - row.start
    if row.run_time == 0.0:
        row.run_time = EMPTY_RUN_TIME
    row.joules = _look_at_hosts(work, job) - row.joules
    clock.last_completion_joules = look_at_all(work)
    trace(work, TRACE_END, job, clock.last_completion_joules)


@compiled
def kill_job(work: Clockwork, job: int) -> None:
    """End a running job before its time."""
    row = work.jobs[job]
    row.progress = _progress(work, row.action)
    stage = work.actions[row.action].stage
    take_out(work, row.action)
    load_hosts(work, stage, 0.0)
    row.action = NONE
    row.return_code = -2
    _end(work, job, KILLED)


@compiled
def _progress(work: Clockwork, slot: int) -> float:
    """The part of a stage that is done."""
    job = work.actions[slot].subject
    stage = work.stages[_stage_of(work, job)]
    if stage.kind == DELAY:
        elapsed = work.clock[0].now - work.jobs[job].stage_start
        return elapsed / stage.duration if stage.duration > 0.0 else 1.0
    return 1.0 - work.actions[slot].remaining
