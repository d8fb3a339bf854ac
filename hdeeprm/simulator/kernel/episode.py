"""The entry points: the few functions of the kernel that Python calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiling import compiled, compiled_with_arrays, entry_point
from .fitting import blocked_by
from .observations import Floats32
from .observations import observe as write_observation
from .placement import allocate, start_job, take_cores
from .queue import rank_jobs, select_job
from .rewards import instant_reward, pay
from .tables import (
    DECISION,
    LOG_FULL,
    NONE,
    NOT_BLOCKED,
    NUM_SELECTIONS,
    PENDING,
    VOID,
    WAITING,
    Floats,
    Integers,
    Table,
)
from .tables import Simulation as Sim
from .time import advance, elapse, next_event

# What may be wrong with a placement from outside.
PLACED, NOT_WAITING, WRONG_NUMBER, CORE_TAKEN, NO_MEMORY, TOO_LATE = range(6)


@compiled
def _reset_clock(sim: Sim, first_job: int, num_jobs: int, seeds: Integers) -> None:
    clock = sim.clock[0]
    clock.now = clock.energy_mj = 0.0
    clock.waiting_seconds = clock.unfinished_seconds = clock.active_core_seconds = 0.0
    clock.slowdown_rate = clock.slowdown_rate_error = clock.bounded_rate = clock.bounded_rate_error = 0.0
    clock.slowdown_integral = clock.bounded_slowdown = clock.paid = 0.0
    clock.origin = sim.jobs[first_job].submit_time
    clock.next_arrival = clock.num_waiting = clock.num_running = clock.num_ended = clock.num_started = 0
    clock.num_decisions = clock.num_placed = clock.last_waiting = clock.advancing = 0
    clock.opening = 1
    clock.num_placements = clock.num_oversubscriptions = 0
    clock.num_pstate_changes = clock.num_pstate_commands = clock.num_set_words = 0
    clock.random_1, clock.random_2, clock.random_3 = seeds[0], seeds[1], seeds[2]
    clock.random_4, clock.random_5, clock.random_6 = seeds[3], seeds[4], seeds[5]
    clock.last_feasible = NONE
    for job in range(num_jobs):
        if sim.jobs[first_job + job].feasible:
            clock.last_feasible = job


@compiled_with_arrays
def _reset_queue(sim: Sim, first_job: int, num_jobs: int) -> None:
    clock = sim.clock[0]
    if first_job != clock.first_job or num_jobs != clock.num_jobs:
        clock.first_job, clock.num_jobs = first_job, num_jobs
        clock.fenwick_step = 1
        while 2 * clock.fenwick_step <= num_jobs:
            clock.fenwick_step *= 2
        rank_jobs(sim)
    sim.waiting[:] = 0
    for progress in sim.progress:
        progress.status = PENDING
        progress.energy_mj = 0.0
        progress.milliwatts = 0
        progress.first_segment = NONE


@compiled
def _reset_platform(sim: Sim) -> None:
    clock = sim.clock[0]
    clock.free_cores = clock.num_cores
    clock.active_mflops = clock.milliwatts = 0
    for index in range(sim.segments.size):
        sim.segments[index].next_of_job = index + 1 if index + 1 < sim.segments.size else NONE
    clock.free_segment = 0
    for word in sim.words:
        word.free = word.all_cores
        word.segment = NONE
        word.set_cores = 0
    for node in range(sim.nodes.size):
        state = sim.nodes[node]
        state.free_memory, state.free_cores = state.memory_kb, state.num_cores
        state.stale = 1
        sim.fit_tree[node].stale_node = node
    for processor in range(sim.processors.size):
        state = sim.processors[processor]
        state.free_cores, state.free_bandwidth = state.num_cores, state.bandwidth
        state.oversubscribed = state.num_active = 0
        state.logged_end = -1.0
        state.first_segment = NONE
        state.milliwatts = state.num_cores * state.milliwatts_p3
        clock.milliwatts += state.milliwatts
        state.stale = 2**NUM_SELECTIONS - 2
        for selection in range(1, NUM_SELECTIONS):
            sim.trees[selection, processor].stale_processor = processor
            sim.trees[selection, 0].num_stale = sim.processors.size
    sim.fit_tree[0].num_stale = sim.nodes.size


@entry_point
def reset(sim: Sim, first_job: int, num_jobs: int, seeds: Integers) -> None:
    """Empty the platform and open an episode over some jobs; no time has passed yet."""
    _reset_queue(sim, first_job, num_jobs)
    _reset_clock(sim, first_job, num_jobs, seeds)
    _reset_platform(sim)


@compiled
def _decide(sim: Sim, job_selection: int, core_selection: int) -> None:
    """Apply a pair of selections again and again until the selected job does not fit."""
    clock = sim.clock[0]
    clock.decision_time = clock.now
    clock.decision_waiting = clock.num_waiting + clock.num_placed
    clock.decision_started = clock.num_placed
    clock.num_placed = 0
    clock.decision_blocked_by = NOT_BLOCKED
    while job_selection != VOID and clock.num_waiting > 0:
        job = select_job(sim, job_selection)
        clock.decision_blocked_by = blocked_by(sim, job)
        if clock.decision_blocked_by != NOT_BLOCKED:
            break
        allocate(sim, job, core_selection)
        start_job(sim, job)
        clock.decision_started += 1


@compiled
def _close_decision(sim: Sim, record: Any) -> None:
    """Pay the reward of a decision whose consequences are seen, and write its record."""
    clock = sim.clock[0]
    if clock.integrated:
        clock.decision_reward = pay(sim)
    clock.last_waiting = clock.decision_waiting
    clock.num_decisions += 1
    clock.advancing = 0
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
        outcome = advance(sim)
        clock.opening = 1 if outcome == LOG_FULL else 0
    while num_taken < records.size and outcome == DECISION:
        if not clock.advancing:
            _decide(sim, job_selection, core_selection)
            clock.decision_reward = instant_reward(sim)
            clock.advancing = 1
        outcome = advance(sim)
        if outcome == LOG_FULL:
            break
        _close_decision(sim, records[num_taken])
        num_taken += 1
    return num_taken, outcome


@entry_point
def observe(sim: Sim, kind: int, job_limits: Floats, out: Floats32) -> None:
    """Write an observation of the present state."""
    write_observation(sim, kind, job_limits, out)


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


@compiled_with_arrays
def _may_place(sim: Sim, job: int, cores: Integers) -> int:
    row = sim.jobs[sim.clock[0].first_job + job]
    if sim.progress[job].status != WAITING:
        return NOT_WAITING
    if cores.size != row.requested_cores:
        return WRONG_NUMBER
    wanted = np.zeros(sim.nodes.size, np.int64)
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
def place(sim: Sim, job: int, cores: Integers, time: float) -> int:
    """Start a waiting job on given cores, all different; the selections are not asked.

    It starts now or, where ``time`` is later, then, provided that nothing else happens before.
    """
    verdict = _may_place(sim, job, cores)
    if verdict == PLACED and next_event(sim) < time:
        verdict = TOO_LATE
    if verdict == PLACED:
        elapse(sim, time)
        sim.clock[0].num_placed += 1
        for core in cores:
            word = _word_of(sim, core)
            take_cores(sim, job, word, 1 << (core - sim.words[word].first_core), 1)
        start_job(sim, job)
    return verdict
