"""When a blocked job could start at the latest, if running jobs end when they are expected to.

A job is expected to end once it has done the work that was requested for it, at the speed it has now, and at
its walltime at the latest; one that should have ended already is expected to end now.
"""

from __future__ import annotations

import math

from .candidates import planned_work
from .compiling import compiled
from .processors import FLOP_PER_MFLOP
from .tables import CONSERVATIVE, NONE, QueueTables
from .tables import Simulation as Sim


@compiled
def tolerance(sim: Sim, time: float) -> float:
    """Within this time of another one, two events are one instant, in s."""
    return sim.clock[0].tolerance * max(1.0, time)


@compiled
def planned_end(sim: Sim, job: int) -> float:
    """When a running job is expected to end, in s; not before now."""
    clock, progress = sim.clock[0], sim.progress[job]
    if clock.knowing_run_times:
        return max(clock.now, progress.end_time)
    left = max(0.0, planned_work(sim, job) - progress.done_flop)
    end = progress.updated_time + left / (progress.mflops * FLOP_PER_MFLOP)
    limit = progress.start_time + sim.jobs[clock.first_job + job].walltime
    return max(clock.now, min(end, limit))


@compiled
def note_early_end(sim: Sim, queue: QueueTables, job: int) -> None:
    """Where every waiting job has a reservation and a job ends before it was expected to, these may move."""
    if len(queue) == 0:
        return
    clock, end = sim.clock[0], sim.progress[job].end_time
    if clock.backfilling == CONSERVATIVE and end < planned_end(sim, job) - tolerance(sim, end):
        clock.replanning = 1


@compiled
def _sink(sim: Sim, slot: int, size: int) -> None:
    """Let an entry of the heap of ends sink to its place; ties in the order of jobs."""
    plan = sim.queue.plan
    while 2 * slot + 1 < size:
        child = 2 * slot + 1
        if child + 1 < size and _is_earlier(sim, child + 1, child):
            child += 1
        if not _is_earlier(sim, child, slot):
            return
        time, job = plan[slot].time, plan[slot].job
        plan[slot].time, plan[slot].job = plan[child].time, plan[child].job
        plan[child].time, plan[child].job = time, job
        slot = child


@compiled
def _is_earlier(sim: Sim, one: int, other: int) -> bool:
    a, b = sim.queue.plan[one], sim.queue.plan[other]
    return bool(a.time < b.time or (a.time == b.time and a.job < b.job))


@compiled
def heap_up(sim: Sim, size: int) -> None:
    """Make the first entries of the plan a heap."""
    for slot in range((size >> 1) - 1, -1, -1):
        _sink(sim, slot, size)


@compiled
def drop_first(sim: Sim, size: int) -> int:
    """Take the first entry out of the heap; how many are left."""
    sim.queue.plan[0].time, sim.queue.plan[0].job = (
        sim.queue.plan[size - 1].time,
        sim.queue.plan[size - 1].job,
    )
    _sink(sim, 0, size - 1)
    return size - 1


@compiled
def gather_ends(sim: Sim) -> int:
    """Make the plan the heap of the expected ends of running jobs; how many there are."""
    size = sim.clock[0].num_running
    for place in range(size):
        job = sim.progress[place].job_at_slot
        sim.queue.plan[place].time, sim.queue.plan[place].job = planned_end(sim, job), job
    heap_up(sim, size)
    return size


@compiled
def _usable_cores(sim: Sim, node: int, memory: int) -> int:
    """Cores that will be free on a node, with that memory each."""
    free = sim.queue.node_plan[node]
    return min(free.cores, free.memory // memory) if memory > 0 else free.cores


@compiled
def change_node_plan(sim: Sim, job: int, memory: int, sign: int) -> int:
    """Put what a job has got back into the plan of the nodes (sign 1), or take it out (-1).

    Returns:
        How many more cores with that memory each are usable.
    """
    row = sim.jobs[sim.clock[0].first_job + job]
    change = 0
    index = sim.progress[job].first_segment
    while index != NONE:
        segment = sim.segments[index]
        node = sim.processors[sim.words[segment.word].processor].node
        change -= _usable_cores(sim, node, memory)
        sim.queue.node_plan[node].cores += sign * segment.num_cores
        sim.queue.node_plan[node].memory += sign * segment.num_cores * row.memory_kb
        change += _usable_cores(sim, node, memory)
        index = segment.next_of_job
    return change


@compiled
def _release(sim: Sim, job: int, memory: int) -> int:
    """Let a running job's cores be free at the reservation; how many more are usable."""
    if memory == 0:
        return sim.jobs[sim.clock[0].first_job + job].requested_cores
    return change_node_plan(sim, job, memory, 1)


@compiled
def _usable_now(sim: Sim, memory: int) -> int:
    """Cores that are free now with that memory each; the plan of the nodes begins with these."""
    if memory == 0:
        return sim.clock[0].free_cores
    usable = 0
    for node in range(sim.nodes.size):
        sim.queue.node_plan[node].cores = sim.nodes[node].free_cores
        sim.queue.node_plan[node].memory = sim.nodes[node].free_memory
        usable += _usable_cores(sim, node, memory)
    return usable


@compiled
def reserve(sim: Sim, job: int) -> tuple[float, int, int]:
    """When a blocked job could start, and what is left then.

    Returns:
        The time in s; how many cores with the job's memory there will be beyond those that it needs; how many
        cores of any kind. The plan of the nodes tells what will be free on each, where it asks for memory.
    """
    row = sim.jobs[sim.clock[0].first_job + job]
    usable, free = _usable_now(sim, row.memory_kb), sim.clock[0].free_cores
    size = gather_ends(sim)
    time, limit = sim.clock[0].now, math.inf
    while size > 0 and sim.queue.plan[0].time <= limit:
        if usable < row.requested_cores:
            time = sim.queue.plan[0].time
        usable += _release(sim, sim.queue.plan[0].job, row.memory_kb)
        free += sim.jobs[sim.clock[0].first_job + sim.queue.plan[0].job].requested_cores
        if usable >= row.requested_cores:
            limit = time + tolerance(sim, time)
        size = drop_first(sim, size)
    return time, usable - row.requested_cores, free - row.requested_cores
