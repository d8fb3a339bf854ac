"""Batsim's server: it notes messages, carries out commands, and collects what to tell the scheduler."""

from __future__ import annotations

from hdeeprm.simulator.kernel.compiling import compiled

from .actions import mark, sleep
from .jobs import kill_job, start_job
from .mailbox import post
from .power import look_at_all, set_pstate, trace
from .sharing import follow_speeds
from .tables import (
    BYE,
    CALL_IN_THE_PAST,
    CALL_LATER,
    CALL_SLEEP,
    CALLED,
    COMPLETION,
    CONTINUE_REGISTRATION,
    END_REGISTRATION,
    ENDS,
    ENERGY,
    EXECUTE,
    JOB_COMPLETED,
    JOB_SUBMITTED,
    JOBS_KILLED,
    KILL,
    KILL_DONE,
    KILLED,
    MACHINE_BUSY,
    NO_MORE_JOBS,
    NOBODY,
    NONE,
    NOT_STARTED,
    NOT_WAITING,
    PSTATE_CHANGED,
    READY,
    REGISTER,
    REJECT,
    REJECTED,
    REQUESTED_CALL,
    RUNNING,
    SET_PSTATE,
    SUBMISSION,
    SUBMITTED,
    TELL_ENERGY,
    TRACE_MACHINES,
    TRACE_SWITCHED,
    TRACE_SWITCHING,
    Clockwork,
)

SHORTEST_CALL = 1e-5
"""Shortest sleep until a requested call, in s, as in Batsim."""


@compiled
def tell(work: Clockwork, kind: int, subject: int, value: float) -> None:
    """Add something to what the scheduler is told next."""
    clock = work.clock[0]
    row = work.events[clock.num_events]
    row.kind, row.subject, row.time, row.value = kind, subject, clock.now, value
    clock.num_events += 1


@compiled
def handle(work: Clockwork) -> None:
    """Take note of the message that was received."""
    clock, message = work.clock[0], work.inbox[0]
    if message.kind == SUBMISSION:
        for job in range(message.first, message.last):
            _submit(work, job, True)
    elif message.kind == BYE:
        clock.submitters_left -= 1
        if clock.submitters_left == 0:
            tell(work, NO_MORE_JOBS, 0, 0.0)
    elif message.kind == COMPLETION:
        _complete(work, message.subject)
    elif message.kind == REQUESTED_CALL:
        clock.num_callers -= 1
        tell(work, CALLED, 0, 0.0)
    elif message.kind == KILL_DONE:
        _finish_kill(work, message.subject)
    elif message.kind == READY:
        clock.ready = 1
        clock.over = clock.ends_told
    else:
        _obey(work, message.kind, message.subject)


@compiled
def _submit(work: Clockwork, job: int, is_told: bool) -> None:
    work.jobs[job].status = SUBMITTED
    work.clock[0].num_unfinished += 1
    if is_told:
        tell(work, JOB_SUBMITTED, job, 0.0)


@compiled
def _complete(work: Clockwork, job: int) -> None:
    """Tell the end of a job."""
    work.clock[0].num_running -= 1
    _finish(work, job)
    tell(work, JOB_COMPLETED, job, 0.0)


@compiled
def _finish(work: Clockwork, job: int) -> None:
    """Give a job that is over its place in the order of the results."""
    clock = work.clock[0]
    clock.num_unfinished -= 1
    work.order[clock.num_order] = job
    clock.num_order += 1


@compiled
def _finish_kill(work: Clockwork, command: int) -> None:
    """Tell the ends of the jobs that a command has killed, and that it is carried out."""
    clock, row = work.clock[0], work.commands[command]
    clock.num_killers -= 1
    for place in range(row.first, row.last):
        job = work.command_hosts[place]
        if work.jobs[job].status == KILLED and work.jobs[job].kill_requested == int(row.value):
            _complete(work, job)
    tell(work, JOBS_KILLED, command, 0.0)


@compiled
def _obey(work: Clockwork, kind: int, command: int) -> None:
    """Carry out a command of the scheduler."""
    clock, row = work.clock[0], work.commands[command]
    verdict = NONE
    if kind == EXECUTE:
        verdict = _execute(work, row.subject)
    elif kind == REJECT:
        verdict = _reject(work, row.subject)
    elif kind == SET_PSTATE:
        _set_pstates(work, command)
    elif kind == KILL:
        verdict = _kill(work, command)
    elif kind == CALL_LATER:
        verdict = _call_later(work, row.value)
    elif kind == TELL_ENERGY:
        tell(work, ENERGY, 0, look_at_all(work))
    elif kind == REGISTER:
        _submit(work, row.subject, clock.acknowledge == 1)
    elif kind == END_REGISTRATION:
        clock.registration = 0
    elif kind == CONTINUE_REGISTRATION:
        clock.registration = 1
    if verdict != NONE:
        clock.verdict, clock.culprit = verdict, command


@compiled
def _execute(work: Clockwork, job: int) -> int:
    """Start a job, unless it does not wait or a machine is taken where machines are not shared."""
    row = work.jobs[job]
    if row.status != SUBMITTED:
        return NOT_WAITING
    for place in range(row.first_host, row.first_host + row.num_hosts):
        if work.clock[0].sharing == 0 and work.hosts[work.allocations[place]].num_jobs > 0:
            return MACHINE_BUSY
    start_job(work, job)
    return NONE


@compiled
def _reject(work: Clockwork, job: int) -> int:
    if work.jobs[job].status != SUBMITTED:
        return NOT_WAITING
    work.jobs[job].status = REJECTED
    _finish(work, job)
    return NONE


@compiled
def _set_pstates(work: Clockwork, command: int) -> None:
    """Put machines into a P-state at once; jobs on them keep what they have done."""
    clock, row = work.clock[0], work.commands[command]
    trace(work, TRACE_SWITCHING, command, look_at_all(work))
    for place in range(row.first, row.last):
        set_pstate(work, work.command_hosts[place], row.subject)
        mark(work, work.command_hosts[place])
    follow_speeds(work)
    clock.num_switches += 1
    clock.num_switched += row.last - row.first
    trace(work, TRACE_SWITCHED, command, look_at_all(work))
    trace(work, TRACE_MACHINES, command, 0.0)
    tell(work, PSTATE_CHANGED, command, 0.0)


@compiled
def _kill(work: Clockwork, command: int) -> int:
    """Kill jobs, but for those that have ended or are being killed already."""
    clock, row = work.clock[0], work.commands[command]
    for place in range(row.first, row.last):
        status = work.jobs[work.command_hosts[place]].status
        if status < RUNNING or status == REJECTED:
            return NOT_STARTED
    num_asked = 0
    clock.num_kills += 1
    row.value = clock.num_kills
    for place in range(row.first, row.last):
        job = work.command_hosts[place]
        if work.jobs[job].kill_requested == 0:
            work.jobs[job].kill_requested = clock.num_kills
            num_asked += 1
            if work.jobs[job].status == RUNNING and not work.actions[work.jobs[job].action].over:
                kill_job(work, job)
    if num_asked > 0:
        clock.num_killers += 1
        post(work, KILL_DONE, command, NOBODY, NONE)
    return NONE


@compiled
def _call_later(work: Clockwork, time: float) -> int:
    clock = work.clock[0]
    if time <= clock.now:
        return CALL_IN_THE_PAST
    sleep(work, CALL_SLEEP, 0, max(SHORTEST_CALL, time - clock.now))
    clock.num_callers += 1
    return NONE


@compiled
def _is_finished(work: Clockwork) -> bool:
    clock = work.clock[0]
    busy = clock.num_unfinished + clock.num_running + clock.num_callers + clock.num_killers
    return clock.submitters_left == 0 and clock.registration == 0 and busy == 0


@compiled
def ask(work: Clockwork) -> None:
    """Send what there is to tell to the scheduler, if it is ready and no other message is there."""
    clock = work.clock[0]
    if not clock.ready or clock.over or clock.num_posts > 0:
        return
    if clock.num_events == 0 and _is_finished(work) and not clock.ends_told:
        tell(work, ENDS, 0, 0.0)
        clock.ends_told = 1
    if clock.num_events > 0:
        send(work)


@compiled
def send(work: Clockwork) -> None:
    """Send what there is to tell; the scheduler is not ready until it has replied."""
    clock = work.clock[0]
    clock.num_told = clock.num_events
    clock.asking = 1
    clock.ready = 0
