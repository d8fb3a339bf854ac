"""What is under way: one list, by age, from which every step of time is subtracted."""

from __future__ import annotations

import math

from hdeeprm.simulator.kernel.compiling import compiled

from .tables import DELAY, JOB_STAGE, NONE, Clockwork


@compiled
def _new(work: Clockwork, kind: int, subject: int) -> int:
    """Add something to the end of the list; it does nothing yet."""
    clock = work.clock[0]
    slot = clock.free_action
    action = work.actions[slot]
    clock.free_action = action.next_free
    action.kind, action.subject, action.stage = kind, subject, NONE
    action.remaining, action.rate, action.max_duration = 1.0, 0.0, -1.0
    action.latency = action.bound = action.increment = 0.0
    action.flowing = action.shared = action.open = action.marked = action.over = 0
    work.running[clock.num_actions] = slot
    clock.num_actions += 1
    return slot


@compiled
def sleep(work: Clockwork, kind: int, subject: int, duration: float) -> int:
    """Let someone sleep."""
    slot = _new(work, kind, subject)
    work.actions[slot].max_duration = duration
    return slot


@compiled
def flow(work: Clockwork, kind: int, subject: int, stage: int) -> int:
    """Start to compute and to send what a stage says; what is nothing is over at once."""
    slot = _new(work, kind, subject)
    action = work.actions[slot]
    if stage == NONE or work.stages[stage].empty:
        action.remaining, action.rate = 0.0, 1.0
        return slot
    row = work.stages[stage]
    action.stage = stage
    action.latency = row.latency
    action.flowing = row.latency <= 0.0
    action.shared = row.last_use > row.last_host_use
    for place in range(row.first_use, row.last_host_use):
        host = work.hosts[work.uses[place].resource]
        if host.num_tasks > 0:
            action.shared = 1
            _share(work, host.task)
        host.num_tasks += 1
        host.task = slot
    if not action.shared:
        action.rate = action.bound = slowest(work, slot)
        return slot
    action.bound = _bound_by_hosts(work, stage)
    clock = work.clock[0]
    clock.num_shared += 1
    if clock.num_shared == 1 and action.flowing:  # alone it has all of what it uses
        action.rate = slowest(work, slot)
    else:
        clock.dirty = 1
    return slot


@compiled
def _bound_by_hosts(work: Clockwork, stage: int) -> float:
    """Bound on the rate of a stage by its slowest host, 0 where none computes."""
    row = work.stages[stage]
    bound = math.inf
    for place in range(row.first_use, row.last_host_use):
        use = work.uses[place]
        if use.weight > 0.0:
            bound = min(bound, work.resources[use.resource].bound / use.weight)
    return 0.0 if bound == math.inf else bound


@compiled
def begin_stage(work: Clockwork, job: int, stage: int, limit: float) -> int:
    """Start a stage of a job, which may last up to a limit in s; below 0: as long as it takes."""
    row = work.stages[stage]
    if row.kind == DELAY:
        duration = row.duration if limit < 0.0 else min(row.duration, limit)
        return int(sleep(work, JOB_STAGE, job, duration))
    slot = flow(work, JOB_STAGE, job, stage)
    work.actions[slot].max_duration = limit
    return int(slot)


@compiled
def slowest(work: Clockwork, slot: int) -> float:
    """Rate in 1/s that what an action uses allows, if nobody else uses it."""
    row = work.stages[work.actions[slot].stage]
    rate = math.inf
    for place in range(row.first_use, row.last_use):
        use = work.uses[place]
        if use.weight > 0.0:
            rate = min(rate, work.resources[use.resource].bound / use.weight)
    return rate


@compiled
def _share(work: Clockwork, slot: int) -> None:
    """Let an action's rate be solved for together with others."""
    if not work.actions[slot].shared:
        work.actions[slot].shared = 1
        work.clock[0].num_shared += 1


@compiled
def mark(work: Clockwork, host: int) -> None:
    """Note that the actions on a host have to follow its new speed.

    As in SimGrid, their bound becomes the speed itself, so that it hardly bounds any more.
    """
    row = work.hosts[host]
    if row.num_tasks == 0:
        return
    _mark_action(work, row.task, host)
    if row.num_tasks > 1:
        for place in range(work.clock[0].num_actions):
            slot = work.running[place]
            if _computes_on(work, slot, host):
                _mark_action(work, slot, host)


@compiled
def _mark_action(work: Clockwork, slot: int, host: int) -> None:
    work.actions[slot].marked = 1
    work.actions[slot].bound = work.resources[host].bound


@compiled
def _computes_on(work: Clockwork, slot: int, host: int) -> bool:
    stage = work.actions[slot].stage
    if stage == NONE:
        return False
    row = work.stages[stage]
    for place in range(row.first_use, row.last_host_use):  # noqa: SIM110  (compiled code has no generators)
        if work.uses[place].resource == host:
            return True
    return False


@compiled
def forget(work: Clockwork, slot: int) -> None:
    """Let go of what an action uses; its caller takes it out of the list."""
    clock, action = work.clock[0], work.actions[slot]
    stage = action.stage
    action.stage = NONE
    if stage != NONE:
        row = work.stages[stage]
        for place in range(row.first_use, row.last_host_use):
            host = work.uses[place].resource
            work.hosts[host].num_tasks -= 1
            if work.hosts[host].num_tasks > 0 and work.hosts[host].task == slot:
                _find_task(work, host)
    if action.shared:
        clock.num_shared -= 1
        clock.dirty = 1
    action.next_free = clock.free_action
    clock.free_action = slot


@compiled
def _find_task(work: Clockwork, host: int) -> None:
    """Find another action that computes on a host."""
    for place in range(work.clock[0].num_actions):
        if _computes_on(work, work.running[place], host):
            work.hosts[host].task = work.running[place]
            return


@compiled
def take_out(work: Clockwork, slot: int) -> None:
    """Take an action out of the list before it is over."""
    clock = work.clock[0]
    kept = 0
    for place in range(clock.num_actions):
        if work.running[place] != slot:
            work.running[kept] = work.running[place]
            kept += 1
    clock.num_actions = kept
    forget(work, slot)


@compiled
def time_to_next(work: Clockwork) -> float:
    """How long until something under way is over, in s; below 0 where nothing ever will be."""
    delta = -1.0
    for place in range(work.clock[0].num_actions):
        action = work.actions[work.running[place]]
        if action.rate > 0.0:
            left = action.remaining / action.rate if action.remaining > 0.0 else 0.0
            if delta < 0.0 or left < delta:
                delta = left
        if action.max_duration >= 0.0 and (delta < 0.0 or action.max_duration < delta):
            delta = action.max_duration
        if action.latency > 0.0 and (delta < 0.0 or action.latency < delta):
            delta = action.latency
    return delta


@compiled
def pass_time(work: Clockwork, delta: float) -> int:
    """Subtract a step of time from all that is under way; what is over goes to the list of the done.

    Returns:
        How many there are, in the order of their age.
    """
    clock = work.clock[0]
    clock.now += delta
    kept = num_done = 0
    for place in range(clock.num_actions):
        slot = work.running[place]
        _subtract_step(work, slot, delta)
        if _is_over(work, slot):
            work.actions[slot].over = 1
            work.done[num_done] = slot
            num_done += 1
        else:
            work.running[kept] = slot
            kept += 1
    clock.num_actions = kept
    return num_done


@compiled
def _subtract_step(work: Clockwork, slot: int, delta: float) -> None:
    """Subtract a step of time from one action."""
    clock, action = work.clock[0], work.actions[slot]
    if action.latency > 0.0:
        _endure_latency(work, slot, delta)
    action.remaining -= action.rate * delta
    if action.remaining < clock.work_precision:
        action.remaining = 0.0
    if action.max_duration >= 0.0:
        action.max_duration -= delta
        if action.max_duration < clock.time_precision:
            action.max_duration = 0.0


@compiled
def _is_over(work: Clockwork, slot: int) -> bool:
    """Whether an action has come to its end."""
    action = work.actions[slot]
    flows = action.rate > 0.0 or action.flowing == 1
    return (action.remaining <= 0.0 and flows) or action.max_duration == 0.0


@compiled
def _endure_latency(work: Clockwork, slot: int, delta: float) -> None:
    """Count down the latency before an action flows."""
    action = work.actions[slot]
    if action.latency > delta:
        action.latency -= delta
        if action.latency < work.clock[0].time_precision:
            action.latency = 0.0
    else:
        action.latency = 0.0
    if action.latency <= 0.0:
        action.bound = work.stages[action.stage].latency_bound
        action.flowing = 1
        work.clock[0].dirty = 1
