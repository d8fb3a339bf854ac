"""Taking cores for a job, starting it, and giving them back when it ends.

A *segment* is what one job holds of one word of cores. Segments are linked by job and by processor, so that a
start or an end costs what the job holds, and a processor knows the jobs on it.
"""

from __future__ import annotations

from .bits import bit_at, count_bits, lowest_bit, lowest_bits
from .calendar import schedule, unschedule
from .compiling import compiled, inlined
from .core_selection import best_processor, mark_node, sum_bandwidth
from .fitting import random_core_place
from .processors import active_milliwatts, expect_end, find_slowest, refresh_processor, settle
from .promises import keep_promise
from .pstate_commands import set_pstates
from .queue import count_waiting
from .sums import add
from .tables import HIGH_CORES, HIGH_MEM, HIGH_MEM_BW, NONE, RANDOM_CORE, RUNNING
from .tables import Simulation as Sim

BOUNDED_SLOWDOWN_TAU = 10.0
"""Shortest time that slowdowns are bounded by, in s [Feitelson & Rudolph 1998]."""


@compiled
def change_rates(sim: Sim, job: int, sign: float) -> None:
    """Add a job (sign 1) to the sums of 1 / requested time, or take it out (-1), without drift."""
    clock = sim.clock[0]
    requested_time = sim.jobs[clock.first_job + job].requested_time
    clock.slowdown_rate, clock.slowdown_rate_error = add(
        clock.slowdown_rate, clock.slowdown_rate_error, sign / requested_time
    )
    clock.bounded_rate, clock.bounded_rate_error = add(
        clock.bounded_rate, clock.bounded_rate_error, sign / max(requested_time, BOUNDED_SLOWDOWN_TAU)
    )


@compiled
def _count_running_request(sim: Sim, job: int, sign: float) -> None:
    """Add a job's requested time to that of the running ones (sign 1), or take it out (-1)."""
    clock = sim.clock[0]
    clock.running_request, clock.running_request_error = add(
        clock.running_request,
        clock.running_request_error,
        sign * sim.jobs[clock.first_job + job].requested_time,
    )


@compiled
def _job_segment(sim: Sim, job: int, word: int) -> int:
    """The segment of a job in a word, made where there is none yet."""
    index = sim.words[word].segment
    if index == NONE:
        index = sim.clock[0].free_segment
        segment = sim.segments[index]
        sim.clock[0].free_segment = segment.next_of_job
        sim.clock[0].num_segments = max(sim.clock[0].num_segments, index + 1)
        segment.job = job
        segment.word = word
        segment.cores = 0
        segment.num_cores = 0
        segment.next_of_job = sim.progress[job].first_segment
        sim.progress[job].first_segment = index
        sim.words[word].segment = index
    return index


@compiled
def take_cores(sim: Sim, job: int, word: int, cores: int, count: int) -> None:
    """Take free cores of one word for a job, with their memory and bandwidth."""
    row = sim.jobs[sim.clock[0].first_job + job]
    processor = sim.words[word].processor
    node = sim.processors[processor].node
    segment = sim.segments[_job_segment(sim, job, word)]
    segment.cores |= cores
    segment.num_cores += count
    sim.words[word].free &= ~cores
    set_pstates(sim, word, cores)
    sim.processors[processor].free_cores -= count
    sim.processors[processor].free_bandwidth -= count * row.bandwidth
    sum_bandwidth(sim, processor, -row.bandwidth, count)
    sim.nodes[node].free_cores -= count
    sim.nodes[node].free_memory -= count * row.memory_kb
    sim.clock[0].free_cores -= count
    mark_node(sim, node, row.memory_kb > 0, processor)


@compiled
def _take_lowest(sim: Sim, job: int, processor: int, count: int) -> None:
    """Take the lowest free cores of a processor."""
    word = sim.processors[processor].first_word
    while count > 0:
        free = sim.words[word].free
        if free:
            cores = free & -free if count == 1 else free
            taken = 1
            if count > 1:
                taken = count_bits(free)
                if taken > count:
                    taken = count
                    cores = lowest_bits(free, count)
            take_cores(sim, job, word, cores, taken)
            count -= taken
        word += 1


@compiled
def _take_random(sim: Sim, job: int) -> None:
    """Take one free core with enough memory, each equally likely."""
    memory = sim.jobs[sim.clock[0].first_job + job].memory_kb
    node, place = random_core_place(sim, memory)
    processor = sim.nodes[node].first_processor
    while place >= sim.processors[processor].free_cores:
        place -= sim.processors[processor].free_cores
        processor += 1
    word = sim.processors[processor].first_word
    while place >= count_bits(sim.words[word].free):
        place -= count_bits(sim.words[word].free)
        word += 1
    take_cores(sim, job, word, bit_at(sim.words[word].free, place), 1)


@compiled
def _num_at_once(sim: Sim, job: int, selection: int, processor: int, wanted: int) -> int:
    """How many cores a processor gives before its key has to be looked at again."""
    row = sim.jobs[sim.clock[0].first_job + job]
    changes_key = (
        selection == HIGH_CORES
        or (selection == HIGH_MEM and row.memory_kb > 0)
        or (selection == HIGH_MEM_BW and row.bandwidth > 0)
    )
    if changes_key:
        return 1
    count = min(wanted, sim.processors[processor].free_cores)
    if row.memory_kb > 0:
        free_memory = sim.nodes[sim.processors[processor].node].free_memory
        count = min(count, free_memory // row.memory_kb)
    return count


@inlined
def allocate(sim: Sim, job: int, selection: int) -> None:
    """Take all the cores of a job that fits, one by one in the order of a core selection."""
    row = sim.jobs[sim.clock[0].first_job + job]
    wanted = row.requested_cores
    while wanted > 0:
        if selection == RANDOM_CORE:
            _take_random(sim, job)
            wanted -= 1
        else:
            processor = best_processor(sim, selection, row.memory_kb)
            count = _num_at_once(sim, job, selection, processor, wanted)
            _take_lowest(sim, job, processor, count)
            wanted -= count


@compiled
def _log_placement(sim: Sim, job: int, word: int, cores: int) -> None:
    """Log a segment as intervals of core ids."""
    clock = sim.clock[0]
    first_core = sim.words[word].first_core
    while cores:
        start = lowest_bit(cores)
        end = start
        while (cores >> (end + 1)) & 1:
            end += 1
        entry = sim.log[clock.num_placements]
        entry.job = job
        entry.first_core = first_core + start
        entry.last_core = first_core + end
        clock.num_placements += 1
        cores &= ~((1 << (end + 1)) - 1)


@compiled
def _link_segments(sim: Sim, job: int) -> None:
    """Make a job known to its processors, and close its allocation."""
    progress = sim.progress[job]
    index = progress.first_segment
    while index != NONE:
        segment = sim.segments[index]
        processor = sim.words[segment.word].processor
        state = sim.processors[processor]
        segment.previous_on_processor = NONE
        segment.next_on_processor = state.first_segment
        if state.first_segment != NONE:
            sim.segments[state.first_segment].previous_on_processor = index
        state.first_segment = index
        progress.milliwatts += segment.num_cores * active_milliwatts(sim, processor)
        sim.words[segment.word].segment = NONE
        if sim.clock[0].recording:
            _log_placement(sim, job, segment.word, segment.cores)
        index = segment.next_of_job


@inlined
def start_job(sim: Sim, job: int) -> None:
    """Start a waiting job on the cores taken for it."""
    clock, progress = sim.clock[0], sim.progress[job]
    index = progress.first_segment
    while index != NONE:
        refresh_processor(sim, sim.words[sim.segments[index].word].processor)
        index = sim.segments[index].next_of_job
    count_waiting(sim, job, -1)
    keep_promise(sim, sim.queue, job)
    progress.status = RUNNING
    progress.start_time = clock.now
    progress.updated_time = clock.now
    progress.remaining_flop = sim.jobs[clock.first_job + job].work_flop
    progress.done_flop = 0.0
    progress.sequence = clock.num_started
    clock.num_started += 1
    find_slowest(sim, job)
    _link_segments(sim, job)
    expect_end(sim, job)
    schedule(sim, job)
    _count_running_request(sim, job, 1.0)


@compiled
def _return_cores(sim: Sim, job: int, index: int) -> None:
    """Give back the cores of a segment."""
    segment = sim.segments[index]
    row = sim.jobs[sim.clock[0].first_job + job]
    processor = sim.words[segment.word].processor
    node = sim.processors[processor].node
    state = sim.processors[processor]
    sim.words[segment.word].free |= segment.cores
    set_pstates(sim, segment.word, segment.cores)
    state.free_cores += segment.num_cores
    state.free_bandwidth += segment.num_cores * row.bandwidth
    sum_bandwidth(sim, processor, row.bandwidth, segment.num_cores)
    sim.nodes[node].free_cores += segment.num_cores
    sim.nodes[node].free_memory += segment.num_cores * row.memory_kb
    sim.clock[0].free_cores += segment.num_cores
    mark_node(sim, node, row.memory_kb > 0, processor)


@compiled
def undo_allocation(sim: Sim, job: int) -> None:
    """Give back the cores taken for a job that does not start after all."""
    index = sim.progress[job].first_segment
    while index != NONE:
        _return_cores(sim, job, index)
        segment = sim.segments[index]
        sim.words[segment.word].segment = NONE
        following = segment.next_of_job
        segment.next_of_job = sim.clock[0].free_segment
        sim.clock[0].free_segment = index
        index = following
    sim.progress[job].first_segment = NONE


@compiled
def _release_segment(sim: Sim, job: int, index: int) -> None:
    """Give back the cores of a segment and unlink it from its processor."""
    _return_cores(sim, job, index)
    segment = sim.segments[index]
    state = sim.processors[sim.words[segment.word].processor]
    if segment.previous_on_processor == NONE:
        state.first_segment = segment.next_on_processor
    else:
        sim.segments[segment.previous_on_processor].next_on_processor = segment.next_on_processor
    if segment.next_on_processor != NONE:
        sim.segments[segment.next_on_processor].previous_on_processor = segment.previous_on_processor


@compiled
def end_job(sim: Sim, job: int, status: int) -> None:
    """End a running job at its expected end and free what it holds."""
    clock, progress = sim.clock[0], sim.progress[job]
    settle(sim, job, progress.end_time)
    unschedule(sim, job)
    progress.status = status
    index = progress.first_segment
    while index != NONE:
        _release_segment(sim, job, index)
        index = sim.segments[index].next_of_job
    index = progress.first_segment
    while index != NONE:
        segment = sim.segments[index]
        refresh_processor(sim, sim.words[segment.word].processor)
        following = segment.next_of_job
        segment.next_of_job = clock.free_segment
        clock.free_segment = index
        index = following
    progress.first_segment = NONE
    change_rates(sim, job, -1.0)
    _count_running_request(sim, job, -1.0)
    clock.num_ended += 1
