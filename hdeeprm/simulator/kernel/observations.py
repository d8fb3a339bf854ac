"""What an agent sees, written into an array of float32 in [0, 1].

The waiting jobs come last in every kind of observation: for each request the five points minimum, quartiles
and maximum over the job limit, then how the queue has changed since the decision before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .bits import lowest_bit
from .compiling import compiled
from .processors import FLOP_PER_MFLOP, active_mflops, active_milliwatts
from .queue import quantile
from .tables import LOW_MEM_BW, NONE, SHORTEST, Floats
from .tables import Simulation as Sim

Floats32 = npt.NDArray[np.float32]

NORMAL, SMALL, MINIMAL = range(3)
FEATURES_PER_CORE = 3
NUM_REQUESTS = 4
NUM_POINTS = 5
QUEUE_SIZE = NUM_REQUESTS * NUM_POINTS + 1


@compiled
def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))


@compiled
def _observe_queue(sim: Sim, job_limits: Floats, out: Floats32) -> None:
    """Write the last 21 values: five points of each request, and the queue variation."""
    clock = sim.clock[0]
    place = out.size - QUEUE_SIZE
    for selection in range(SHORTEST, LOW_MEM_BW + 1):
        limit = job_limits[selection - SHORTEST]
        for point in range(NUM_POINTS):
            out[place] = 0.0
            if clock.num_waiting > 0 and limit > 0.0:
                out[place] = _clip(quantile(sim, selection, 0.25 * point) / limit)
            place += 1
    out[place] = _queue_variation(sim)


@compiled
def _queue_variation(sim: Sim) -> float:
    """Relative change of the number of waiting jobs, from [-s, s] to [0, 1]; 1 at the first decision."""
    clock = sim.clock[0]
    if clock.num_waiting == 0:
        return 0.0
    if clock.num_decisions == 0:
        return 1.0
    change = (clock.num_waiting - clock.last_waiting) / min(clock.num_waiting, clock.last_waiting)
    return _clip((change + clock.queue_sensitivity) / (2.0 * clock.queue_sensitivity))


@compiled
def _remaining_fraction(sim: Sim, job: int) -> float:
    """Share of the requested work that a running job has yet to do; its true run time stays hidden."""
    clock, progress = sim.clock[0], sim.progress[job]
    row = sim.jobs[clock.first_job + job]
    done = row.work_flop - progress.remaining_flop
    done += progress.mflops * FLOP_PER_MFLOP * (clock.now - progress.updated_time)
    return _clip(1.0 - done / row.requested_work_flop) if row.requested_work_flop > 0.0 else 0.0


@compiled
def _observe_idle_cores(sim: Sim, processor: int, out: Floats32, place: int) -> int:
    """Write all cores of a processor as idle and return the place after them."""
    hardware = sim.processors[processor]
    idle = hardware.milliwatts_p2 if hardware.num_active > 0 else hardware.milliwatts_p3
    for _ in range(hardware.num_cores):
        out[place] = 0.0
        out[place + 1] = _clip(idle / hardware.milliwatts_p0) if hardware.milliwatts_p0 > 0 else 0.0
        out[place + 2] = 0.0
        place += FEATURES_PER_CORE
    return place


@compiled
def _observe_active_cores(sim: Sim, processor: int, out: Floats32, first: int) -> None:
    """Write the active cores of a processor whose first core is at a place."""
    hardware = sim.processors[processor]
    speed = _clip(active_mflops(sim, processor) / hardware.mflops_p0)
    watts = 0.0
    if hardware.milliwatts_p0 > 0:
        watts = _clip(active_milliwatts(sim, processor) / hardware.milliwatts_p0)
    first_core = sim.words[hardware.first_word].first_core
    index = hardware.first_segment
    while index != NONE:
        segment = sim.segments[index]
        remaining = _remaining_fraction(sim, segment.job)
        offset = sim.words[segment.word].first_core - first_core
        cores = segment.cores
        while cores:
            place = first + FEATURES_PER_CORE * (offset + lowest_bit(cores))
            out[place] = speed
            out[place + 1] = watts
            out[place + 2] = remaining
            cores &= cores - 1
        index = segment.next_on_processor


@compiled
def observe(sim: Sim, kind: int, job_limits: Floats, out: Floats32) -> None:
    """Write an observation: the hierarchy depth-first as far as the kind shows it, then the queue."""
    place = 0
    for node in range(sim.nodes.size if kind != MINIMAL else 0):
        memory_domain = sim.nodes[node]
        out[place] = 0.0
        if memory_domain.memory_kb > 0:
            out[place] = memory_domain.free_memory / memory_domain.memory_kb
        place += 1
        first = memory_domain.first_processor
        for processor in range(first, first + memory_domain.num_processors):
            hardware = sim.processors[processor]
            out[place] = 0.0
            if hardware.bandwidth > 0:
                out[place] = _clip(hardware.free_bandwidth / hardware.bandwidth)
            place += 1
            if kind == NORMAL:
                first_core = place
                place = _observe_idle_cores(sim, processor, out, place)
                _observe_active_cores(sim, processor, out, first_core)
    _observe_queue(sim, job_limits, out)
