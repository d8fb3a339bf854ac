"""The start of an episode: which jobs it has, and an empty platform."""

from __future__ import annotations

from typing import Any

from .compiling import compiled
from .core_selection import MB_PER_GB, mark_all
from .promises import clear_reservations
from .queue import clear_queue, rank_jobs, score_jobs
from .randomness import below
from .tables import NONE, PENDING, Integers
from .tables import Simulation as Sim

MAX_EPISODE_DRAWS = 1000
"""Random windows drawn before it is said that none has a job that can run."""


@compiled
def _reset_clock(sim: Sim, first_job: int, num_jobs: int) -> None:
    clock = sim.clock[0]
    clock.now = clock.energy_mj = 0.0
    clock.waiting_seconds = clock.unfinished_seconds = clock.active_core_seconds = 0.0
    clock.slowdown_rate = clock.slowdown_rate_error = clock.bounded_rate = clock.bounded_rate_error = 0.0
    clock.slowdown_integral = clock.bounded_slowdown = clock.paid = 0.0
    clock.running_request = clock.running_request_error = 0.0
    clock.num_oversubscribed = clock.num_segments = clock.invalid_actions = 0
    clock.origin = sim.jobs[first_job].submit_time
    clock.arrival_scale = sim.jobs[first_job].arrival_scale
    clock.next_arrival = clock.num_waiting = clock.num_running = clock.num_ended = clock.num_started = 0
    clock.num_decisions = clock.num_placed = clock.last_waiting = clock.advancing = 0
    clock.picked = clock.reserved_job = NONE
    clock.replanning = clock.num_backfilled = clock.num_reserved = clock.num_late = 0
    clock.worst_delay = 0.0
    clock.opening = 1
    clock.num_placements = clock.num_oversubscriptions = 0
    clock.num_pstate_changes = clock.num_pstate_commands = clock.num_set_words = 0
    clock.num_ordered = clock.num_answered = 0
    clock.last_feasible = num_jobs - 1
    while clock.last_feasible >= 0 and not sim.jobs[first_job + clock.last_feasible].feasible:
        clock.last_feasible -= 1


@compiled
def _reset_queue(sim: Sim, has_other_jobs: bool) -> None:
    clock = sim.clock[0]
    if has_other_jobs:
        clock.fenwick_step = 1
        while 2 * clock.fenwick_step <= clock.num_jobs:
            clock.fenwick_step *= 2
        rank_jobs(sim)
        score_jobs(sim, sim.queue)
    clear_queue(sim, sim.queue)
    clear_reservations(sim, sim.queue)
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
    for processor in range(sim.processors.size):
        state = sim.processors[processor]
        state.free_cores, state.free_bandwidth = state.num_cores, state.bandwidth
        state.summed_bandwidth = state.bandwidth / MB_PER_GB
        state.oversubscribed = state.num_active = 0
        state.logged_end = -1.0
        state.first_segment = NONE
        state.milliwatts = state.num_cores * state.milliwatts_p3
        clock.milliwatts += state.milliwatts
    mark_all(sim)


@compiled
def _empty(sim: Sim, first_job: int, num_jobs: int) -> None:
    """Empty the platform and open an episode over some jobs; no time has passed yet."""
    clock = sim.clock[0]
    others = first_job != clock.first_job or num_jobs != clock.num_jobs or clock.undefined_job != NONE
    clock.first_job, clock.num_jobs = first_job, num_jobs
    _reset_clock(sim, first_job, num_jobs)
    _reset_queue(sim, others)
    _reset_platform(sim)


@compiled
def seed(clock: Any, seeds: Integers) -> None:
    """Start the random stream of a simulation anew."""
    clock.random_1, clock.random_2, clock.random_3 = seeds[0], seeds[1], seeds[2]
    clock.random_4, clock.random_5, clock.random_6 = seeds[3], seeds[4], seeds[5]


@compiled
def open_episode(sim: Sim) -> None:
    """Open an episode at a job drawn from the range of starts; no time has passed yet.

    Starts after which no job can run are drawn again; if none is found, the episode has nothing to do.
    """
    clock = sim.clock[0]
    for _ in range(MAX_EPISODE_DRAWS):
        first_job = clock.first_start
        if clock.last_start > first_job:
            first_job += below(clock, clock.last_start - first_job + 1)
        _empty(sim, first_job, clock.episode_jobs)
        if clock.last_feasible != NONE or clock.last_start == clock.first_start:
            return
