"""What an agent sees, written into an array of float32 in [0, 1].

*normal*, *small* and *minimal* end with the waiting jobs: for each request the five points minimum, quartiles
and maximum over the job limit, then how the queue has changed since the decision before. *fit* tells what
each job selection would pick, *queue* what the oldest waiting jobs are; both end with a summary.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .bits import lowest_bit
from .compiling import compiled
from .fitting import blocked_by
from .processors import FLOP_PER_MFLOP, active_mflops, active_milliwatts
from .programs import submission
from .queue import quantile, waiting_job
from .tables import FIRST, LOW_MEM_BW, NONE, NOT_BLOCKED, SHORTEST, Floats
from .tables import Simulation as Sim

Floats32 = npt.NDArray[np.float32]

NORMAL, SMALL, MINIMAL, FIT, QUEUE = range(5)
FEATURES_PER_CORE = 3
NUM_REQUESTS = 4
NUM_POINTS = 5
QUEUE_SIZE = NUM_REQUESTS * NUM_POINTS + 1
FEATURES_PER_SELECTION = 3
SYSTEM_SIZE = 7
FIT_SIZE = (LOW_MEM_BW - FIRST + 1) * FEATURES_PER_SELECTION + SYSTEM_SIZE
JOB_FEATURES = 10

_LONGEST_WAIT = 30 * 86400.0
"""s. Waits are shown on a logarithmic scale up to a month."""
_LARGEST_SLOWDOWN = 10_000.0
_SHORTEST_REQUEST = 10.0
"""s. Slowdowns so far are bounded as bounded slowdown is [Feitelson & Rudolph 1998]."""


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
    done = progress.done_flop + progress.mflops * FLOP_PER_MFLOP * (clock.now - progress.updated_time)
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
def _on_log_scale(value: float, limit: float) -> float:
    """0 at 0, 1 at a limit and above, logarithmic between."""
    return _clip(math.log1p(value) / math.log1p(limit)) if limit > 0.0 else 0.0


@compiled
def _share(part: float, whole: float) -> float:
    return _clip(part / whole) if whole > 0.0 else 0.0


@compiled
def _age(sim: Sim, job: int) -> float:
    return sim.clock[0].now - submission(sim, job)


@compiled
def _observe_system(sim: Sim, job_limits: Floats, out: Floats32, place: int) -> None:
    """Write the summary of queue and resources, 7 values."""
    clock = sim.clock[0]
    num_running = max(1, clock.num_running)
    request = clock.running_request + clock.running_request_error
    out[place] = clock.free_cores / clock.num_cores
    out[place + 1] = _on_log_scale(clock.num_waiting, clock.num_jobs)
    out[place + 2] = 0.0
    if clock.num_waiting > 0:
        out[place + 2] = _on_log_scale(_age(sim, waiting_job(sim, FIRST, 0)), _LONGEST_WAIT)
    out[place + 3] = clock.num_oversubscribed / sim.processors.size
    out[place + 4] = _on_log_scale(max(0.0, request) / num_running, job_limits[0])
    out[place + 5] = _on_log_scale((clock.num_cores - clock.free_cores) / num_running, job_limits[1])
    out[place + 6] = _on_log_scale(clock.num_running, clock.num_jobs)


@compiled
def _observe_fit(sim: Sim, job_limits: Floats, out: Floats32) -> None:
    """Write, for the job that each selection but *random* picks, whether it fits and what it asks for."""
    clock = sim.clock[0]
    place = 0
    for selection in range(FIRST, LOW_MEM_BW + 1):
        for feature in range(FEATURES_PER_SELECTION):
            out[place + feature] = 0.0
        if clock.num_waiting > 0:
            job = waiting_job(sim, selection, 0)
            row = sim.jobs[clock.first_job + job]
            out[place] = 1.0 if blocked_by(sim, job) == NOT_BLOCKED else 0.0
            out[place + 1] = _on_log_scale(row.requested_time, job_limits[0])
            out[place + 2] = _on_log_scale(row.requested_cores, job_limits[1])
        place += FEATURES_PER_SELECTION
    _observe_system(sim, job_limits, out, place)


@compiled
def _observe_job(sim: Sim, job: int, job_limits: Floats, out: Floats32, place: int) -> None:
    """Write the features of a waiting job."""
    clock = sim.clock[0]
    row = sim.jobs[clock.first_job + job]
    age = _age(sim, job)
    slowdown = age / max(row.requested_time, _SHORTEST_REQUEST)
    out[place] = 1.0
    out[place + 1] = 1.0 if blocked_by(sim, job) == NOT_BLOCKED else 0.0
    out[place + 2] = _on_log_scale(row.requested_time, job_limits[0])
    out[place + 3] = _on_log_scale(row.requested_cores, job_limits[1])
    out[place + 4] = row.requested_cores / clock.num_cores
    out[place + 5] = _share(row.memory_kb, job_limits[2])
    out[place + 6] = _share(row.bandwidth, job_limits[3])
    out[place + 7] = _on_log_scale(age, _LONGEST_WAIT)
    out[place + 8] = _on_log_scale(slowdown, _LARGEST_SLOWDOWN)
    out[place + 9] = _on_log_scale(row.requested_time * row.requested_cores, job_limits[0] * job_limits[1])


@compiled
def _observe_oldest(sim: Sim, job_limits: Floats, out: Floats32) -> None:
    """Write the features of the oldest waiting jobs, as many as there is room for, then the summary."""
    place = 0
    for index in range((out.size - SYSTEM_SIZE) // JOB_FEATURES):
        if index < sim.clock[0].num_waiting:
            _observe_job(sim, waiting_job(sim, FIRST, index), job_limits, out, place)
        else:
            for feature in range(JOB_FEATURES):
                out[place + feature] = 0.0
        place += JOB_FEATURES
    _observe_system(sim, job_limits, out, place)


@compiled
def _observe_platform(sim: Sim, with_cores: bool, out: Floats32) -> None:
    """Write the hierarchy depth-first: nodes, their processors and, if wanted, the cores of these."""
    place = 0
    for node in range(sim.nodes.size):
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
            if with_cores:
                first_core = place
                place = _observe_idle_cores(sim, processor, out, place)
                _observe_active_cores(sim, processor, out, first_core)


@compiled
def observe(sim: Sim, kind: int, job_limits: Floats, out: Floats32) -> None:
    """Write an observation of a kind."""
    if kind == FIT:
        _observe_fit(sim, job_limits, out)
    elif kind == QUEUE:
        _observe_oldest(sim, job_limits, out)
    else:
        if kind != MINIMAL:
            _observe_platform(sim, kind == NORMAL, out)
        _observe_queue(sim, job_limits, out)
