"""The entry points: a simulation begins, and goes on until the scheduler is asked."""

from __future__ import annotations

from hdeeprm.simulator.kernel.compiling import compiled, entry_point

from .actions import forget, pass_time, sleep, time_to_next
from .jobs import end_stage
from .mailbox import post, post_completion, receive
from .power import host_watts
from .server import ask, handle, send, tell
from .sharing import solve
from .submitters import go_on, submit, wake
from .tables import (
    ASKING,
    BEGINS,
    CALL_SLEEP,
    DEADLOCK,
    HELLO,
    JOB_STAGE,
    MESSAGE,
    NOBODY,
    NONE,
    OVER,
    READY,
    REPLY,
    REPLY_SLEEP,
    REQUESTED_CALL,
    SUBMITTER,
    SUBMITTER_SLEEP,
    Clockwork,
)


@entry_point
def begin(work: Clockwork) -> None:
    """Open a simulation whose tables are filled: the scheduler is told that it begins."""
    clock = work.clock[0]
    for host in range(clock.num_hosts):
        clock.watts += host_watts(work, host)
        row = work.hosts[host]
        clock.lowest_watts += work.states[row.first_state + row.pstate].lowest_watts
    for index in range(clock.num_submitters):
        post(work, HELLO, index, SUBMITTER, index)
    tell(work, BEGINS, 0, 0.0)
    send(work)


@compiled
def _reply(work: Clockwork) -> None:
    """Send the next command of the reply to the server, not before its time; at last, that it is all."""
    clock = work.clock[0]
    if clock.next_command >= clock.num_commands:
        return
    time = work.commands[clock.next_command].time
    if time > clock.now:
        sleep(work, REPLY_SLEEP, 0, time - clock.now)
    else:
        _post_command(work)


@compiled
def _post_command(work: Clockwork) -> None:
    clock = work.clock[0]
    post(work, work.commands[clock.next_command].kind, clock.next_command, REPLY, NONE)
    clock.next_command += 1


@compiled
def _receive(work: Clockwork) -> None:
    """A message has reached the server; its sender goes on after it was noted."""
    row = work.inbox[0]
    kind, sender, who = row.kind, row.sender, row.who
    work.clock[0].receiving = 0
    if kind != HELLO:
        handle(work)
    ask(work)
    if sender == SUBMITTER:
        if kind == HELLO:
            submit(work, who)
        else:
            go_on(work, who)
    elif sender == REPLY and kind != READY:
        _reply(work)
    receive(work)


@compiled
def _finish(work: Clockwork, slot: int) -> None:
    """Something under way has come to its end."""
    clock, action = work.clock[0], work.actions[slot]
    kind, subject = action.kind, action.subject
    if kind == JOB_STAGE:
        if end_stage(work, slot):
            work.late[clock.num_late] = subject
            clock.num_late += 1
        return
    forget(work, slot)
    if kind == MESSAGE:
        _receive(work)
    elif kind == SUBMITTER_SLEEP:
        wake(work, subject)
    elif kind == REPLY_SLEEP:
        _post_command(work)
        receive(work)
    elif kind == CALL_SLEEP:
        post(work, REQUESTED_CALL, 0, NOBODY, NONE)


@compiled
def _forget_told(work: Clockwork) -> None:
    """Keep of the events what came after the message that was replied to."""
    clock = work.clock[0]
    for place in range(clock.num_told, clock.num_events):
        work.events[place - clock.num_told] = work.events[place]
    clock.num_events -= clock.num_told
    clock.num_told = 0


@compiled
def _settle(work: Clockwork) -> bool:
    """Do what takes no time; whether a reply of the scheduler is needed for it."""
    clock = work.clock[0]
    while clock.asking or clock.num_late > 0:
        if clock.asking:
            if not clock.replied:
                return True
            clock.asking = clock.replied = 0
            _forget_told(work)
            _reply(work)
        receive(work)
        for place in range(clock.num_late):
            post_completion(work, work.late[place])
        clock.num_late = 0
        receive(work)
    receive(work)
    return False


@entry_point
def advance(work: Clockwork) -> int:
    """Let time pass until the scheduler is asked, the simulation is over, or a command is refused."""
    clock = work.clock[0]
    while True:
        if clock.verdict != NONE:
            return int(clock.verdict)
        if _settle(work):
            return ASKING
        if clock.over:
            return OVER
        if clock.dirty:
            solve(work)
        delta = time_to_next(work)
        if delta < 0.0:
            return DEADLOCK
        for place in range(pass_time(work, delta)):
            _finish(work, work.done[place])
        receive(work)
