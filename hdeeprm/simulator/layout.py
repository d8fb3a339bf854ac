"""From a platform and a workload to the tables of the kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdeeprm.platforms import Platform
from hdeeprm.workloads.workload import Workload

from .kernel import tables
from .kernel.randomness import MODULUS_2
from .kernel.tables import PLAIN_QUEUE, Floats, Integers, QueueTables, Simulation, Table
from .queue_rules import QueueRules

NODE_FACTS = ("memory_kb", "first_processor", "num_processors")
PROCESSOR_FACTS = (
    *("node", "num_cores", "bandwidth", "mflops_p0", "mflops_p1"),
    *("milliwatts_p0", "milliwatts_p1", "milliwatts_p2", "milliwatts_p3"),
)
"""What does not change in a simulation."""

_PLAIN = QueueRules()

LOG_SIZE = 65_536
"""Entries that the log has beyond what one decision and one instant may add."""


def platform_tables(platform: Platform) -> dict[str, Any]:
    """The tables of nodes, processors, words of cores, and the trees over them."""
    words, first_words, num_words = _words(platform)
    processors = np.zeros(platform.num_processors, tables.PROCESSOR)
    processors["node"] = platform.processor_node
    processors["num_cores"] = platform.processor_cores
    processors["bandwidth"] = platform.processor_bandwidth_mb_per_s
    processors["first_word"], processors["num_words"] = first_words, num_words
    for pstate in range(4):
        processors[f"milliwatts_p{pstate}"] = platform.processor_milliwatts[:, pstate]
    for pstate in range(2):
        processors[f"mflops_p{pstate}"] = platform.processor_mflops[:, pstate]
    return {
        "nodes": _nodes(platform),
        "processors": processors,
        "words": words,
        "trees": _selection_trees(platform),
        "fit_tree": _fit_tree(platform.num_nodes),
    }


def _nodes(platform: Platform) -> Table:
    nodes = np.zeros(platform.num_nodes, tables.NODE)
    nodes["memory_kb"] = platform.node_memory_kb
    nodes["num_processors"] = np.bincount(platform.processor_node, minlength=platform.num_nodes)
    nodes["first_processor"] = np.cumsum(nodes["num_processors"]) - nodes["num_processors"]
    np.add.at(nodes["num_cores"], platform.processor_node, platform.processor_cores)
    return nodes


def _words(platform: Platform) -> tuple[Table, Integers, Integers]:
    """Words of up to 32 cores, none of two processors; first word and number of words of each processor."""
    cores = platform.processor_cores
    num_words = -(-cores // tables.WORD_BITS)
    first_words = np.cumsum(num_words) - num_words
    words = np.zeros(int(num_words.sum()), tables.WORD)
    words["processor"] = np.repeat(np.arange(len(cores)), num_words)
    offsets = (np.arange(len(words)) - first_words[words["processor"]]) * tables.WORD_BITS
    words["first_core"] = platform.processor_first_core[words["processor"]] + offsets
    sizes = np.minimum(cores[words["processor"]] - offsets, tables.WORD_BITS)
    words["all_cores"] = (np.int64(1) << sizes) - 1
    return words, first_words, num_words


def _num_leaves(count: int) -> int:
    """The least power of two that holds so many leaves, at least 2."""
    return max(2, 1 << (count - 1).bit_length())


def _selection_trees(platform: Platform) -> Table:
    """A tree per core selection, its leaves by speed or by power where these decide, else by processor.

    Leaves that stand for no processor are never the best.
    """
    num_processors = platform.num_processors
    trees = np.zeros((tables.NUM_SELECTIONS, 2 * _num_leaves(num_processors)), tables.LEAF)
    trees["key"] = tables.NO_KEY
    trees["memory"] = tables.NONE
    order = np.tile(np.arange(num_processors), (tables.NUM_SELECTIONS, 1))
    order[tables.HIGH_GFLOPS] = np.argsort(-platform.processor_mflops[:, 0], kind="stable")
    order[tables.LOW_POWER] = np.argsort(platform.processor_milliwatts[:, 0], kind="stable")
    trees["processor"][:, :num_processors] = order
    trees["leaf"][:, :num_processors] = np.argsort(order, axis=1)
    return trees


def _fit_tree(num_nodes: int) -> Table:
    tree = np.zeros(2 * _num_leaves(num_nodes), tables.FIT)
    tree["memory"] = tables.NONE
    tree["memory_per_core"] = tables.PLENTY
    return tree


def job_table(platform: Platform, workload: Workload) -> Table:
    """The table of jobs, with the work that depends on the platform."""
    jobs = np.zeros(workload.num_jobs, tables.JOB)
    for column in ("submit_time", "requested_cores", "requested_time", "memory_kb", "walltime"):
        jobs[column] = getattr(workload, column)
    jobs["bandwidth"] = workload.bandwidth_mb_per_s
    speed = platform.reference_speed_flops
    jobs["work_flop"], jobs["requested_work_flop"] = workload.work_at(speed)
    jobs["feasible"] = platform.feasible(workload.requested_cores, workload.memory_kb)
    jobs["arrival_scale"] = 1.0
    return jobs


def arrival_scales(platform: Platform, workload: Workload, length: int, load: float) -> Floats:
    """What stretches the arrivals of each window so that it offers a load, 1 where that cannot be.

    The load of a window is the sum of run time x cores of its jobs over what the platform's cores give from
    the first submission to the last.

    Args:
        platform: Where the jobs run.
        workload: The jobs.
        length: Number of jobs of a window.
        load: What each window is to offer, such as 0.9.

    Returns:
        A factor per first job of a window, float64, shape (num_jobs,).
    """
    scales = np.ones(workload.num_jobs)
    length = min(length, workload.num_jobs)
    num_windows = workload.num_jobs - length + 1
    feasible = platform.feasible(workload.requested_cores, workload.memory_kb)
    areas = np.where(feasible, _run_times(platform, workload) * workload.requested_cores, 0.0)
    before = np.concatenate([[0.0], np.cumsum(areas)])
    span = workload.submit_time[length - 1 :] - workload.submit_time[:num_windows]
    offered = before[length:] - before[:num_windows]
    wanted_span = offered / (load * platform.num_cores)
    usable = (span > 0.0) & (wanted_span > 0.0)
    scales[:num_windows][usable] = wanted_span[usable] / span[usable]
    return scales


def _run_times(platform: Platform, workload: Workload) -> Floats:
    """Run times at reference speed, in s, also of jobs that say their work instead."""
    work = workload.work_flop / platform.reference_speed_flops
    return np.asarray(np.where(np.isnan(work), workload.run_time, work))


def build_simulation(
    platform: Platform, jobs: Table, max_jobs: int, recording: bool, queue: QueueRules = _PLAIN
) -> Simulation:
    """All tables of a simulation, for episodes of up to ``max_jobs`` jobs; the kernel's reset fills them."""
    log_size = LOG_SIZE + 2 * platform.num_cores if recording else 0
    simulation = Simulation(
        jobs=jobs,
        clock=np.zeros(1, tables.CLOCK),
        progress=np.zeros(max_jobs, tables.PROGRESS),
        segments=np.zeros(platform.num_cores, tables.SEGMENT),
        waiting=np.zeros((tables.NUM_SELECTIONS, max_jobs + 1), np.int32),
        ranks=np.zeros((tables.NUM_SELECTIONS, max_jobs), tables.RANK),
        stack=np.zeros(128, np.int64),
        log=np.zeros(log_size, tables.LOG),
        **platform_tables(platform),
        queue=queue.tables(platform.num_cores, platform.num_nodes, max_jobs),
    )
    simulation.clock["picked"] = simulation.clock["reserved_job"] = tables.NONE
    simulation.clock["undefined_job"] = tables.NONE
    simulation.clock["num_cores"] = platform.num_cores
    simulation.clock["recording"] = simulation.clock["noting_pstates"] = recording
    simulation.clock["over"] = 1
    simulation.segments["next_of_job"] = np.arange(
        1, platform.num_cores + 1
    )  # as the kernel leaves unused ones
    simulation.segments["next_of_job"][-1] = tables.NONE
    for place, number in enumerate(random_stream(0), start=1):
        simulation.clock[f"random_{place}"] = number
    return simulation


NO_STREAM = np.zeros(0, np.int64)
"""Stands for the random stream that goes on."""


def random_stream(seed: int) -> Integers:
    """What a seed starts the random stream of a simulation with, int64, shape (6,)."""
    return np.random.default_rng(seed).integers(1, MODULUS_2, size=6)


def _shapes(simulation: Simulation) -> list[tuple[int, ...]]:
    *own, queue = simulation
    return [table.shape for table in (*own, *queue)]


def same_platform_and_jobs(one: Simulation, other: Simulation) -> bool:
    """Whether a state of one simulation can be a state of the other."""
    if _shapes(one) != _shapes(other):
        return False
    if np.may_share_memory(one.jobs, other.jobs):  # made for one platform
        return True
    fixed = (
        (one.nodes, other.nodes, list(NODE_FACTS)),
        (one.processors, other.processors, list(PROCESSOR_FACTS)),
    )
    same = all(np.array_equal(mine[names], theirs[names]) for mine, theirs, names in fixed)
    return same and np.array_equal(one.jobs, other.jobs)


def _changed(simulation: Simulation, jobs: Table, change: Callable[[Any], Any]) -> Simulation:
    """A simulation with other jobs, and with each of its other tables changed."""
    own = {
        name: change(table) for name, table in simulation._asdict().items() if name not in ("jobs", "queue")
    }
    queue = QueueTables(*map(change, simulation.queue)) if simulation.queue else PLAIN_QUEUE
    return Simulation(jobs=jobs, queue=queue, **own)


def side_by_side(simulation: Simulation, count: int) -> Simulation:
    """As many copies of a simulation as wanted, with one more axis in front; they share one table of jobs."""
    return _changed(
        simulation, simulation.jobs[np.newaxis], lambda table: np.repeat(table[np.newaxis], count, axis=0)
    )


def row(stack: Simulation, index: int) -> Simulation:
    """The tables of one of several simulations side by side, not copied."""
    return _changed(stack, stack.jobs[min(index, len(stack.jobs) - 1)], lambda table: table[index])
