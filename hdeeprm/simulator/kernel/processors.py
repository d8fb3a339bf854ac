"""What a processor does to the jobs on it: P-states by over-subscription, speed and power.

A job runs at the speed of its slowest core. A processor whose free bandwidth is below zero puts all its
active cores in P1; only the jobs on it are touched, and only when it crosses zero.
"""

from __future__ import annotations

from .calendar import reschedule
from .compiling import compiled
from .pstate_commands import set_all_pstates
from .tables import NONE
from .tables import Simulation as Sim

FLOP_PER_MFLOP = 1e6


@compiled
def active_mflops(sim: Sim, processor: int) -> int:
    """Speed of an active core now, in Mflop/s."""
    state = sim.processors[processor]
    return state.mflops_p1 if state.oversubscribed else state.mflops_p0


@compiled
def active_milliwatts(sim: Sim, processor: int) -> int:
    """Power of an active core now, in mW."""
    state = sim.processors[processor]
    return state.milliwatts_p1 if state.oversubscribed else state.milliwatts_p0


@compiled
def settle(sim: Sim, job: int, time: float) -> None:
    """Book a running job's work and energy up to a time."""
    progress = sim.progress[job]
    elapsed = time - progress.updated_time
    if elapsed > 0.0:
        done = progress.mflops * FLOP_PER_MFLOP * elapsed
        progress.remaining_flop = max(0.0, progress.remaining_flop - done)
        progress.done_flop += done
        progress.energy_mj += progress.milliwatts * elapsed
        progress.updated_time = time


@compiled
def expect_end(sim: Sim, job: int) -> None:
    """Set a running job's end from its remaining work, its speed and its walltime."""
    progress = sim.progress[job]
    end = progress.updated_time + progress.remaining_flop / (progress.mflops * FLOP_PER_MFLOP)
    limit = progress.start_time + sim.jobs[sim.clock[0].first_job + job].walltime
    progress.end_time = min(end, limit)


@compiled
def find_slowest(sim: Sim, job: int) -> None:
    """Set a job's speed from all its segments."""
    progress = sim.progress[job]
    progress.num_slowest = 0
    index = progress.first_segment
    while index != NONE:
        segment = sim.segments[index]
        _count_speed(sim, job, active_mflops(sim, sim.words[segment.word].processor))
        index = segment.next_of_job


@compiled
def _count_speed(sim: Sim, job: int, mflops: int) -> None:
    progress = sim.progress[job]
    if progress.num_slowest == 0 or mflops < progress.mflops:
        progress.mflops = mflops
        progress.num_slowest = 1
    elif mflops == progress.mflops:
        progress.num_slowest += 1


@compiled
def _change_job_speed(sim: Sim, job: int, old_mflops: int, new_mflops: int) -> None:
    """One of a running job's segments has changed speed."""
    progress = sim.progress[job]
    before = progress.mflops
    _count_speed(sim, job, new_mflops)
    if progress.mflops == old_mflops:
        progress.num_slowest -= 1
        if progress.num_slowest == 0:
            find_slowest(sim, job)
    if progress.mflops != before:
        sim.clock[0].replanning = 1
        expect_end(sim, job)
        reschedule(sim, job)


@compiled
def _change_jobs(sim: Sim, processor: int, old_mflops: int, old_milliwatts: int) -> None:
    new_mflops, new_milliwatts = active_mflops(sim, processor), active_milliwatts(sim, processor)
    index = sim.processors[processor].first_segment
    while index != NONE:
        segment = sim.segments[index]
        settle(sim, segment.job, sim.clock[0].now)
        progress = sim.progress[segment.job]
        progress.milliwatts += segment.num_cores * (new_milliwatts - old_milliwatts)
        _change_job_speed(sim, segment.job, old_mflops, new_mflops)
        index = segment.next_on_processor


@compiled
def log_oversubscription(sim: Sim, processor: int) -> None:
    """Log the last over-subscription of a processor, which is over for good."""
    clock, state = sim.clock[0], sim.processors[processor]
    if clock.recording and state.logged_end >= 0.0:
        entry = sim.log[clock.num_oversubscriptions]
        entry.processor = processor
        entry.start = state.logged_start
        entry.end = state.logged_end
        clock.num_oversubscriptions += 1
    state.logged_end = -1.0


@compiled
def _cross_bandwidth_limit(sim: Sim, processor: int) -> None:
    """Start or end an over-subscription; one that starts in the instant in which another ends goes on."""
    clock, state = sim.clock[0], sim.processors[processor]
    mflops, milliwatts = active_mflops(sim, processor), active_milliwatts(sim, processor)
    if state.oversubscribed:
        state.oversubscribed = 0
        clock.num_oversubscribed -= 1
        if clock.now > state.oversubscribed_since:
            state.logged_start, state.logged_end = state.oversubscribed_since, clock.now
    else:
        state.oversubscribed = 1
        clock.num_oversubscribed += 1
        state.oversubscribed_since = clock.now
        if 0.0 <= clock.now - state.logged_end <= clock.tolerance * max(1.0, state.logged_end):
            state.oversubscribed_since = state.logged_start
            state.logged_end = -1.0
        log_oversubscription(sim, processor)
    _change_jobs(sim, processor, mflops, milliwatts)


@compiled
def refresh_processor(sim: Sim, processor: int) -> None:
    """Bring P-states, power and the speed of its jobs up to date after cores were taken or freed."""
    clock, state = sim.clock[0], sim.processors[processor]
    old_mflops = state.num_active * active_mflops(sim, processor)
    crossed = (state.free_bandwidth < 0) != (state.oversubscribed == 1)
    if crossed:
        _cross_bandwidth_limit(sim, processor)
        set_all_pstates(sim, processor, True)
    num_active = state.num_cores - state.free_cores
    if (num_active > 0) != (state.num_active > 0):
        set_all_pstates(sim, processor, False)
    state.num_active = num_active
    idle = state.milliwatts_p2 if num_active > 0 else state.milliwatts_p3
    milliwatts = num_active * active_milliwatts(sim, processor) + state.free_cores * idle
    clock.milliwatts += milliwatts - state.milliwatts
    state.milliwatts = milliwatts
    clock.active_mflops += num_active * active_mflops(sim, processor) - old_mflops
