"""One decision: an action is applied, time goes on to the next decision point, and the reward is paid."""

from __future__ import annotations

from .choices import any_choice_fits
from .compiling import compiled
from .fitting import blocked_by
from .placement import allocate, start_job
from .queue import select_job
from .rewards import instant_reward, pay
from .tables import DECISION, NOT_BLOCKED, NTH_JOB, VOID
from .tables import Simulation as Sim
from .time import advance


@compiled
def decide(sim: Sim, job_selection: int, core_selection: int) -> None:
    """Apply a pair of selections again and again until the selected job does not fit; a single job once."""
    clock = sim.clock[0]
    clock.decision_time = clock.now
    clock.decision_waiting = clock.num_waiting + clock.num_placed
    clock.decision_started = clock.num_placed
    clock.num_placed = 0
    clock.decision_blocked_by = NOT_BLOCKED
    while job_selection - NTH_JOB < clock.num_waiting and job_selection != VOID and clock.num_waiting > 0:
        job = select_job(sim, job_selection)
        clock.decision_blocked_by = blocked_by(sim, job)
        if clock.decision_blocked_by != NOT_BLOCKED:
            break
        allocate(sim, job, core_selection)
        start_job(sim, job)
        clock.decision_started += 1
        if job_selection >= NTH_JOB:
            break
    clock.decision_reward = instant_reward(sim)
    clock.advancing = 1


@compiled
def next_decision(sim: Sim) -> int:
    """Go to the next decision point.

    Where actions are single jobs, that is this instant again as long as jobs are started and others fit; an
    instant at which none of them fits is no decision point.
    """
    clock = sim.clock[0]
    if clock.num_choices > 0 and clock.advancing and clock.decision_started > 0 and any_choice_fits(sim):
        return DECISION
    outcome = advance(sim)
    while outcome == DECISION and clock.num_choices > 0 and not any_choice_fits(sim):
        outcome = advance(sim)
    return outcome


@compiled
def close_decision(sim: Sim) -> None:
    """Pay the reward of a decision whose consequences are seen."""
    clock = sim.clock[0]
    if clock.integrated:
        clock.decision_reward = pay(sim)
    clock.last_waiting = clock.decision_waiting
    clock.num_decisions += 1
    clock.advancing = 0
