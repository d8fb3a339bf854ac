"""Rewards of each objective: what the state is worth now, or what an episode adds up to."""

from __future__ import annotations

from typing import Any

from .compiling import compiled
from .tables import (
    AVG_JOB_COMPLETION,
    AVG_JOB_SLOWDOWN,
    AVG_UTILIZATION,
    AVG_WAIT,
    EDP,
    ENERGY_CONSUMPTION,
    MAKESPAN,
)
from .tables import Simulation as Sim


@compiled
def instant_reward(sim: Sim) -> float:
    """The objective's rate in the present state."""
    clock = sim.clock[0]
    unfinished = clock.num_waiting + clock.num_running
    watts = clock.milliwatts / 1000.0
    if clock.objective == AVG_JOB_SLOWDOWN:
        return -(clock.slowdown_rate + clock.slowdown_rate_error)
    if clock.objective == AVG_JOB_COMPLETION:
        return -float(unfinished)
    if clock.objective == AVG_UTILIZATION:
        return float(clock.num_cores - clock.free_cores)
    if clock.objective == MAKESPAN:
        return clock.active_mflops / 1000.0
    if clock.objective == ENERGY_CONSUMPTION:
        return -watts
    if clock.objective == EDP:
        return -watts * unfinished
    if clock.objective == AVG_WAIT:
        return -float(clock.num_waiting)
    return -(clock.bounded_rate + clock.bounded_rate_error)


@compiled
def integrated_value(sim: Sim) -> float:
    """The objective from the first submission up to now."""
    clock = sim.clock[0]
    joules = clock.energy_mj / 1000.0
    if clock.objective == AVG_JOB_SLOWDOWN:
        return -clock.slowdown_integral
    if clock.objective == AVG_JOB_COMPLETION:
        return -clock.unfinished_seconds
    if clock.objective == AVG_UTILIZATION:
        return clock.active_core_seconds
    if clock.objective == MAKESPAN:
        return -clock.now
    if clock.objective == ENERGY_CONSUMPTION:
        return -joules
    if clock.objective == EDP:
        return -joules * clock.now
    if clock.objective == AVG_WAIT:
        return -clock.waiting_seconds
    return -clock.bounded_slowdown


@compiled
def pay(sim: Sim) -> float:
    """What the integrated objective has gained since it was last paid."""
    value = integrated_value(sim)
    gain = value - sim.clock[0].paid
    sim.clock[0].paid = value
    return gain


@compiled
def summarise(sim: Sim, out: Any) -> None:
    """Write what the episode has come to so far; means are over the jobs that have ended."""
    clock = sim.clock[0]
    num_ended = max(1, clock.num_ended)
    out.objective = integrated_value(sim)
    out.avg_wait = clock.waiting_seconds / num_ended
    out.avg_turnaround = clock.unfinished_seconds / num_ended
    out.avg_bounded_slowdown = clock.bounded_slowdown / num_ended
    out.makespan = clock.now
    out.utilization = 0.0
    if clock.now > 0.0:
        out.utilization = clock.active_core_seconds / (clock.num_cores * clock.now)
    out.energy_joules = clock.energy_mj / 1000.0
