"""How fast what is under way goes where resources are shared: the fair bottleneck.

All rates grow together until a resource is used up; what uses it stops growing, and the others go on with
what is left, round by round [SimGrid's fair-bottleneck solver, of its parallel-task model L07].
"""

from __future__ import annotations

import math
from typing import Any

from hdeeprm.simulator.kernel.compiling import compiled

from .actions import slowest
from .power import change_power
from .tables import NONE, Clockwork

SHARE_PRECISION = 1e-5
"""Of a resource, less than this is nothing left."""


@compiled
def follow_speeds(work: Clockwork) -> None:
    """Give the actions on hosts whose speed has changed their new rates."""
    clock = work.clock[0]
    for place in range(clock.num_actions):
        slot = work.running[place]
        action = work.actions[slot]
        if action.marked:
            action.marked = 0
            if action.shared:
                clock.dirty = 1
            else:
                action.rate = min(slowest(work, slot), action.bound)
                load_hosts(work, action.stage, action.rate)


@compiled
def solve(work: Clockwork) -> None:
    """Set the rates of all shared actions, and the loads of their hosts."""
    clock = work.clock[0]
    clock.dirty = 0
    if clock.num_shared == 0:
        return
    num_open = _open(work)
    while num_open > 0:
        _divide(work)
        num_open -= _grow(work)
        num_open -= _use_up(work)
    for place in range(clock.num_actions):
        action = work.actions[work.running[place]]
        if action.shared:
            load_hosts(work, action.stage, action.rate)


@compiled
def _open(work: Clockwork) -> int:
    """Begin with no rates and unused resources."""
    num_open = 0
    for place in range(work.clock[0].num_actions):
        action = work.actions[work.running[place]]
        if not action.shared:
            continue
        action.rate = 0.0
        action.open = action.flowing
        num_open += action.open
        row = work.stages[action.stage]
        for use in range(row.first_use, row.last_use):
            resource = work.resources[work.uses[use].resource]
            resource.remaining = resource.bound
    return num_open


@compiled
def _divide(work: Clockwork) -> None:
    """Divide what is left of each resource among those whose rates still grow."""
    _forget_users(work)
    _count_users(work)
    for place in range(work.clock[0].num_actions):
        action = work.actions[work.running[place]]
        if action.shared and action.open:
            row = work.stages[action.stage]
            for index in range(row.first_use, row.last_use):
                resource = work.resources[work.uses[index].resource]
                users = 1 if resource.fatpipe else max(1, resource.num_open)
                resource.usage = resource.remaining / users


@compiled
def _forget_users(work: Clockwork) -> None:
    """Begin to count the users of each resource."""
    for place in range(work.clock[0].num_actions):
        action = work.actions[work.running[place]]
        if action.shared:
            row = work.stages[action.stage]
            for index in range(row.first_use, row.last_use):
                work.resources[work.uses[index].resource].num_open = 0


@compiled
def _count_users(work: Clockwork) -> None:
    """Count the actions on each resource whose rates still grow."""
    for place in range(work.clock[0].num_actions):
        action = work.actions[work.running[place]]
        if action.shared and action.open:
            row = work.stages[action.stage]
            for index in range(row.first_use, row.last_use):
                use = work.uses[index]
                if use.weight > 0.0:
                    work.resources[use.resource].num_open += 1


@compiled
def _grow(work: Clockwork) -> int:
    """Let rates grow by what their scarcest resource allows; how many have reached their bound."""
    num_closed = 0
    for place in range(work.clock[0].num_actions):
        action = work.actions[work.running[place]]
        if not (action.shared and action.open):
            continue
        row = work.stages[action.stage]
        increment = math.inf
        for index in range(row.first_use, row.last_use):
            use = work.uses[index]
            if use.weight > 0.0:
                increment = min(increment, work.resources[use.resource].usage / use.weight)
        if action.bound > 0.0:
            increment = min(increment, action.bound - action.rate)
        action.increment = increment
        action.rate += increment
        if action.rate == action.bound:
            action.open = 0
            num_closed += 1
    return num_closed


@compiled
def _use_up(work: Clockwork) -> int:
    """Subtract the growth from the resources; how many rates end there, where nothing is left."""
    clock = work.clock[0]
    for place in range(clock.num_actions):
        action = work.actions[work.running[place]]
        if action.shared and action.flowing:
            row = work.stages[action.stage]
            for index in range(row.first_use, row.last_use):
                use = work.uses[index]
                resource = work.resources[use.resource]
                if resource.fatpipe:
                    resource.usage = min(resource.usage, use.weight * action.increment)
                else:
                    _subtract(resource, use.weight * action.increment)
    num_closed = 0
    for place in range(clock.num_actions):
        slot = work.running[place]
        action = work.actions[slot]
        if not (action.shared and action.open):
            continue
        _use_up_fatpipes(work, slot)
        if _is_starved(work, slot):
            action.open = 0
            num_closed += 1
    return num_closed


@compiled
def _subtract(resource: Any, amount: float) -> None:
    resource.remaining -= amount
    if resource.remaining < SHARE_PRECISION:
        resource.remaining = 0.0


@compiled
def _use_up_fatpipes(work: Clockwork, slot: int) -> None:
    """Subtract the growth from the links of an action that are not shared, once a round."""
    row = work.stages[work.actions[slot].stage]
    for index in range(row.last_host_use, row.last_use):
        resource = work.resources[work.uses[index].resource]
        if resource.fatpipe and resource.num_open > 0:
            _subtract(resource, resource.usage)
            resource.num_open = 0


@compiled
def _is_starved(work: Clockwork, slot: int) -> bool:
    """Whether nothing is left of something that an action needs."""
    row = work.stages[work.actions[slot].stage]
    for index in range(row.first_use, row.last_use):
        use = work.uses[index]
        if use.weight > 0.0 and work.resources[use.resource].remaining <= 0.0:
            return True
    return False


@compiled
def _load(work: Clockwork, host: int) -> float:
    """The part of its speed that a host computes at now."""
    speed, load = work.resources[host].bound, 0.0
    for place in range(work.clock[0].num_actions):
        action = work.actions[work.running[place]]
        if action.stage != NONE:
            load += _flops_on(work, action.stage, host) * action.rate / speed
    return load


@compiled
def _flops_on(work: Clockwork, stage: int, host: int) -> float:
    row = work.stages[stage]
    flops = 0.0
    for place in range(row.first_use, row.last_host_use):
        if work.uses[place].resource == host:
            flops += work.uses[place].weight
    return flops


@compiled
def load_hosts(work: Clockwork, stage: int, rate: float) -> None:
    """Set the loads of the hosts of a stage, where it has a rate in 1/s, or 0 once it is over."""
    if work.clock[0].energy == 0 or stage == NONE:
        return
    row = work.stages[stage]
    for place in range(row.first_use, row.last_host_use):
        use = work.uses[place]
        host = work.hosts[use.resource]
        load = use.weight * rate / work.resources[use.resource].bound
        if host.num_tasks > 1 or (rate == 0.0 and host.num_tasks > 0):
            load = _load(work, use.resource)
        if load != host.load:
            change_power(work, use.resource, load, host.pstate)
