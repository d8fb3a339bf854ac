"""Workloads and platforms made for measuring: alike in everything but the quantity that is varied."""

from __future__ import annotations

import dataclasses

import numpy as np

from hdeeprm.platforms import Platform, load_platform
from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.workloads import Workload
from hdeeprm.workloads.synthesis import draw_bandwidths, draw_memories
from hdeeprm.workloads.workload import FloatArray, IntArray

MEAN_RUN_TIME = 3600.0
"""Mean of the exponential run times, in s."""
CORES_PER_NODE = 6
"""Two processors of three cores: 144 cores are 24 nodes, 10,002 cores are 1,667."""


def make_workload(submit_time: FloatArray, cores: IntArray, rng: np.random.Generator) -> Workload:
    """Jobs with exponential run times, known in advance, and drawn memory and bandwidth."""
    num_jobs = len(cores)
    run_time = np.maximum(rng.exponential(MEAN_RUN_TIME, num_jobs), 1.0)
    unknown = np.full(num_jobs, np.nan)
    ids = tuple(f"{job:06d}" for job in range(num_jobs))
    return Workload(
        name="generated",
        job_ids=ids,
        profiles=ids,
        submit_time=submit_time - submit_time[0],
        requested_cores=cores,
        requested_time=run_time.copy(),
        run_time=run_time,
        memory_kb=draw_memories(num_jobs, rng),
        bandwidth_mb_per_s=draw_bandwidths(num_jobs, rng),
        walltime=np.full(num_jobs, np.inf),
        work_flop=unknown,
        requested_work_flop=unknown.copy(),
    )


def steady_workload(
    num_jobs: int, num_cores: int, load: float, sizes: tuple[int, ...], seed: int = 0
) -> Workload:
    """Poisson arrivals that offer a load.

    load = mean cores of a job x mean run time / (cores of the platform x mean time between arrivals)
    """
    rng = np.random.default_rng(seed)
    gap = float(np.mean(sizes)) * MEAN_RUN_TIME / (load * num_cores)
    submit_time = np.cumsum(rng.exponential(gap, num_jobs))
    return make_workload(submit_time, rng.choice(np.array(sizes, np.int64), num_jobs), rng)


def queueing_workload(
    platform: Platform, pair: tuple[int, int], num_jobs: int, num_waiting: int, job_cores: int = 4
) -> Workload:
    """A workload of which a given number of jobs wait at any time, whatever the number.

    All jobs ask for the same number of cores, so that *first* and *smallest* take them in order of
    submission. Then the schedule is that of all jobs submitted at once, and a job that arrives when the one
    ``num_waiting`` places before it starts keeps the queue as long as it is, without changing the schedule.
    """
    cores = np.full(num_jobs, job_cores, np.int64)
    at_once = make_workload(np.zeros(num_jobs), cores, np.random.default_rng(0))
    simulator = EmbeddedSimulator(platform, at_once)
    simulator.reset()
    while not simulator.over:
        simulator.run(pair, num_jobs)
    start_time = simulator.job_records()["start_time"]
    submit_time = np.zeros(num_jobs)
    submit_time[num_waiting:] = start_time[: num_jobs - num_waiting]
    return dataclasses.replace(at_once, submit_time=submit_time)


def uniform_platform(num_cores: int) -> Platform:
    """A platform of equal nodes."""
    return _equal_nodes(num_cores // CORES_PER_NODE, [CORES_PER_NODE // 2] * 2)


def pool_platform(num_cores: int) -> Platform:
    """All cores on one processor: a job only waits for enough of them."""
    return _equal_nodes(1, [num_cores])


def _equal_nodes(number: int, cores: list[int]) -> Platform:
    """So many nodes, each with processors of so many cores."""
    processors = {
        str(index): {
            "cores": count,
            "clock_ghz": 2.5,
            "flop_per_cycle": 8.0,
            "power_watts": 20.0 * count,
            "bandwidth_gb_per_s": 32.0,
        }
        for index, count in enumerate(cores)
    }
    node = {"processors": [{"type": name, "number": 1} for name in processors], "memory_gb": 24.0}
    links = {"type": "InfiniBand QDR", "latency": "0us"}
    return load_platform(
        {
            "types": {"processors": processors, "nodes": {"node": node}},
            "global_links": links,
            "clusters": [
                {"id": "equal", "local_links": links, "nodes": [{"type": "node", "number": number}]}
            ],
        }
    )
