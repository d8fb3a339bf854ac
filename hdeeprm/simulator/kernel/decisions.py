"""One decision: an action is applied, time goes on to the next decision point, and the reward is paid."""

from __future__ import annotations

from .backfilling import backfill
from .choices import any_choice_fits
from .compiling import compiled, inlined
from .conservative import start_reserved
from .fitting import blocked_by
from .placement import allocate, start_job
from .queue import select_job
from .rewards import instant_reward, pay
from .tables import CONSERVATIVE, DECISION, NONE, NOT_BLOCKED, NTH_JOB, VOID, QueueTables
from .tables import Simulation as Sim
from .time import advance


@inlined
def _start_selected(sim: Sim, job_selection: int, core_selection: int) -> int:
    """Start selected jobs until one does not fit, which is returned, or none is left; a single job once."""
    clock = sim.clock[0]
    while clock.num_waiting > 0 and (clock.picked != NONE or job_selection - NTH_JOB < clock.num_waiting):
        job = clock.picked if clock.picked != NONE else select_job(sim, job_selection)
        clock.decision_blocked_by = blocked_by(sim, job)
        if clock.decision_blocked_by != NOT_BLOCKED:
            return job
        allocate(sim, job, core_selection)
        start_job(sim, job)
        clock.reserved_job = NONE  # of a job that this one went before
        clock.decision_started += 1
        if job_selection >= NTH_JOB:
            break
    return NONE


@compiled
def _start_beside(
    sim: Sim, queue: QueueTables, blocked: int, job_selection: int, core_selection: int
) -> None:
    """Do what the rules of the queue say when the selected job does not fit."""
    if len(queue) == 0:
        return
    clock = sim.clock[0]
    if clock.committing:
        clock.picked, clock.picked_core_selection = blocked, core_selection
    if clock.backfilling:
        backfill(sim, blocked, job_selection, core_selection)


@compiled
def _has_all_reserved(sim: Sim, queue: QueueTables, job_selection: int, core_selection: int) -> bool:
    """Where every waiting job has a reservation, start what is due; whether that is so."""
    if len(queue) == 0:
        return False
    if sim.clock[0].backfilling != CONSERVATIVE:
        return False
    start_reserved(sim, job_selection, core_selection)
    return True


@inlined
def serve(sim: Sim, job_selection: int, core_selection: int) -> None:
    """Start what a pair of selections lets start now."""
    if _has_all_reserved(sim, sim.queue, job_selection, core_selection):
        return
    blocked = _start_selected(sim, job_selection, core_selection)
    if blocked != NONE:
        _start_beside(sim, sim.queue, blocked, job_selection, core_selection)


@compiled
def decide(sim: Sim, job_selection: int, core_selection: int) -> None:
    """Apply a pair of selections again and again until the selected job does not fit; a single job once."""
    clock = sim.clock[0]
    clock.decision_time = clock.now
    clock.decision_waiting = clock.num_waiting + clock.num_placed
    clock.decision_started = clock.num_placed
    clock.num_placed = 0
    clock.decision_blocked_by = NOT_BLOCKED
    if job_selection != VOID and clock.num_waiting > 0:
        serve(sim, job_selection, core_selection)
    clock.decision_reward = instant_reward(sim)
    clock.advancing = 1


@compiled
def may_choose(sim: Sim) -> bool:
    """Whether this instant is a decision point, where actions are single jobs.

    One that was picked and did not fit blocks until it starts; then any job may be picked.
    """
    if not sim.clock[0].committing:
        return any_choice_fits(sim)
    return _may_pick(sim, sim.queue)


@compiled
def _may_pick(sim: Sim, queue: QueueTables) -> bool:
    """Whether a job waits and none was picked that still does not fit."""
    if len(queue) == 0:
        return False
    clock = sim.clock[0]
    if clock.picked != NONE:
        serve(sim, NTH_JOB, clock.picked_core_selection)
    return bool(clock.picked == NONE and clock.num_waiting > 0)


@compiled
def next_decision(sim: Sim) -> int:
    """Go to the next decision point.

    Where actions are single jobs, that is this instant again as long as jobs are started and others can be
    chosen; an instant at which none can is no decision point.
    """
    clock = sim.clock[0]
    if clock.num_choices > 0 and clock.advancing and clock.decision_started > 0 and may_choose(sim):
        return DECISION
    outcome = advance(sim)
    while outcome == DECISION and clock.num_choices > 0 and not may_choose(sim):
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
