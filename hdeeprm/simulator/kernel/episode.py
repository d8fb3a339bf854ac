"""The entry points: the few functions of the kernel that Python calls."""

from __future__ import annotations

from typing import Any

from .choices import Masks, is_allowed, write_mask
from .choices import fits as choice_fits
from .compiling import compiled, entry_point
from .decisions import close_decision, decide, next_decision
from .observations import Floats32
from .observations import observe as write_observation
from .opening import open_episode, seed
from .placement import start_job, take_cores
from .rewards import summarise
from .tables import DECISION, LOG_FULL, WAITING, Floats, Integers, Table
from .tables import Simulation as Sim
from .time import elapse, next_event

# What may be wrong with a placement from outside.
PLACED, NOT_WAITING, WRONG_NUMBER, CORE_TAKEN, NO_MEMORY, TOO_LATE = range(6)


@entry_point
def reset(sim: Sim, seeds: Integers) -> None:
    """Open an episode, no time has passed yet; six seeds start the random stream anew, none let it go on."""
    if seeds.size > 0:
        seed(sim.clock[0], seeds)
    open_episode(sim)


@compiled
def write_record(sim: Sim, record: Any) -> None:
    """Write what the last decision was and came to."""
    clock = sim.clock[0]
    record.time = clock.decision_time
    record.num_waiting = clock.decision_waiting
    record.num_started = clock.decision_started
    record.blocked_by = clock.decision_blocked_by
    record.reward = clock.decision_reward


@entry_point
def run(sim: Sim, job_selection: int, core_selection: int, records: Table) -> tuple[int, int]:
    """Take the same action at the next decision points, as many as there are records to fill.

    The first call of an episode goes to its first decision point before; with no records it does only that.

    Returns:
        The number of decisions taken, and what time brought last. Where a log is full, a decision may be
        left open: call again once the logs are emptied.
    """
    clock = sim.clock[0]
    num_taken = 0
    outcome = DECISION
    if clock.opening:
        outcome = next_decision(sim)
        clock.opening = 1 if outcome == LOG_FULL else 0
    while num_taken < records.size and outcome == DECISION:
        if not clock.advancing:
            decide(sim, job_selection, core_selection)
        outcome = next_decision(sim)
        if outcome == LOG_FULL:
            break
        close_decision(sim)
        write_record(sim, records[num_taken])
        num_taken += 1
    return num_taken, outcome


@entry_point
def observe(sim: Sim, kind: int, job_limits: Floats, out: Floats32) -> None:
    """Write an observation of the present state."""
    write_observation(sim, kind, job_limits, out)


@entry_point
def mask(sim: Sim, codes: Integers, out: Masks) -> None:
    """Write which actions are allowed now."""
    write_mask(sim, codes, out)


@entry_point
def summary(sim: Sim, out: Table) -> None:
    """Write what the episode has come to so far."""
    summarise(sim, out[0])


@entry_point
def fits(sim: Sim, job_selection: int) -> bool:
    """Whether the waiting job that a selection picks fits now."""
    return choice_fits(sim, job_selection)


@entry_point
def allows(sim: Sim, job_selection: int) -> bool:
    """Whether an action with this job selection may be taken now."""
    return is_allowed(sim, job_selection)


@compiled
def _word_of(sim: Sim, core: int) -> int:
    """The word of a core, by bisection."""
    first, last = 0, sim.words.size - 1
    while first < last:
        middle = (first + last + 1) >> 1
        if sim.words[middle].first_core <= core:
            first = middle
        else:
            last = middle - 1
    return first


@compiled
def _may_place(sim: Sim, job: int, cores: Integers, wanted: Integers) -> int:
    row = sim.jobs[sim.clock[0].first_job + job]
    if sim.progress[job].status != WAITING:
        return NOT_WAITING
    if cores.size != row.requested_cores:
        return WRONG_NUMBER
    wanted[:] = 0
    for core in cores:
        word = sim.words[_word_of(sim, core)]
        if not (word.free >> (core - word.first_core)) & 1:
            return CORE_TAKEN
        node = sim.processors[word.processor].node
        wanted[node] += row.memory_kb
        if wanted[node] > sim.nodes[node].free_memory:
            return NO_MEMORY
    return PLACED


@entry_point
def place(sim: Sim, job: int, cores: Integers, time: float, wanted: Integers) -> int:
    """Start a waiting job on given cores, all different; the selections are not asked.

    It starts now or, where ``time`` is later, then, provided that nothing else happens before. ``wanted`` is
    room for a number per node.
    """
    verdict = _may_place(sim, job, cores, wanted)
    if verdict == PLACED and sim.clock[0].now < time and next_event(sim) < time:
        verdict = TOO_LATE
    if verdict == PLACED:
        elapse(sim, time)
        sim.clock[0].num_placed += 1
        for core in cores:
            word = _word_of(sim, core)
            take_cores(sim, job, word, 1 << (core - sim.words[word].first_core), 1)
        start_job(sim, job)
    return verdict
