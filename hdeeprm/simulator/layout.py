"""From a platform and a workload to the tables of the kernel."""

from __future__ import annotations

import numpy as np

from hdeeprm.platforms import Platform
from hdeeprm.workloads.workload import Workload

from .kernel import tables
from .kernel.tables import Integers, Simulation, SmallIntegers, Table


def hardware_tables(platform: Platform) -> dict[str, Table | SmallIntegers]:
    """The tables of nodes, processors and words of cores."""
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
    order = _tree_order(platform)
    return {
        "nodes": _nodes(platform),
        "processors": processors,
        "words": words,
        "core_word": np.repeat(np.arange(len(words)), _bit_counts(words)).astype(np.int32),
        "tree_order": order,
        "tree_leaf": np.argsort(order, axis=1).astype(np.int32),
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


def _bit_counts(words: Table) -> Integers:
    return np.bitwise_count(words["all_cores"]).astype(np.int64)


def _tree_order(platform: Platform) -> SmallIntegers:
    """For each core selection the processor of each leaf; by speed and by power where these decide."""
    order = np.tile(np.arange(platform.num_processors, dtype=np.int32), (tables.NUM_SELECTIONS, 1))
    order[tables.HIGH_GFLOPS] = np.argsort(-platform.processor_mflops[:, 0], kind="stable")
    order[tables.LOW_POWER] = np.argsort(platform.processor_milliwatts[:, 0], kind="stable")
    return order


def job_tables(platform: Platform, workload: Workload) -> dict[str, Table | tables.Floats]:
    """The table of jobs, with the work that depends on the platform, and the job limits."""
    jobs = np.zeros(workload.num_jobs, tables.JOB)
    for column in ("submit_time", "requested_cores", "requested_time", "memory_kb", "walltime"):
        jobs[column] = getattr(workload, column)
    jobs["bandwidth"] = workload.bandwidth_mb_per_s
    speed = platform.reference_speed_flops
    derived = np.isnan(workload.work_flop)
    jobs["work_flop"] = np.where(derived, workload.run_time * speed, workload.work_flop)
    derived = np.isnan(workload.requested_work_flop)
    requested = np.where(derived, workload.requested_time * speed, workload.requested_work_flop)
    jobs["requested_work_flop"] = requested
    jobs["feasible"] = platform.feasible(workload.requested_cores, workload.memory_kb)
    limits = workload.job_limits
    return {
        "jobs": jobs,
        "job_limits": np.array(
            [
                limits.requested_time,
                limits.requested_cores,
                limits.memory_kb,
                limits.bandwidth_mb_per_s,
            ]
        ),
    }


def state_tables(platform: Platform, num_words: int, max_jobs: int, recording: bool) -> dict[str, Table]:
    """The tables that change, for episodes of up to ``max_jobs`` jobs; filled by the kernel's reset."""
    num_nodes, num_processors, num_cores = platform.num_nodes, platform.num_processors, platform.num_cores
    selections = tables.NUM_SELECTIONS
    log = 4096 if recording else 0
    return {
        "clock": np.zeros(1, tables.CLOCK),
        "progress": np.zeros(max_jobs, tables.PROGRESS),
        "waiting": np.zeros((selections, max_jobs + 1), np.int32),
        "rank": np.zeros((selections, max_jobs), np.int32),
        "ranked": np.zeros((selections, max_jobs), np.int32),
        "calendar": np.zeros(min(max_jobs, num_cores), np.int32),
        "segments": np.zeros(num_cores, tables.SEGMENT),
        "processor_states": np.zeros(num_processors, tables.PROCESSOR_STATE),
        "node_states": np.zeros(num_nodes, tables.NODE_STATE),
        "free_words": np.zeros(num_words, np.int64),
        "word_segment": np.zeros(num_words, np.int32),
        "trees": _empty_trees((selections, 2 * _num_leaves(num_processors)), tables.LEAF),
        "fit_tree": _empty_trees((2 * _num_leaves(num_nodes),), tables.FIT),
        "stale_processors": np.zeros((selections, num_processors), np.int32),
        "stale_nodes": np.zeros(num_nodes, np.int32),
        "num_stale": np.zeros(selections + 1, np.int64),
        "stack": np.zeros(128, np.int64),
        "placements": np.zeros(log + 2 * num_cores if recording else 0, tables.PLACEMENT),
        "oversubscriptions": np.zeros(log + 2 * num_processors if recording else 0, tables.OVERSUBSCRIPTION),
    }


def _num_leaves(count: int) -> int:
    """The least power of two that holds so many leaves, at least 2."""
    return max(2, 1 << (count - 1).bit_length())


def _empty_trees(shape: tuple[int, ...], kind: np.dtype[np.record]) -> Table:
    """Trees in which the leaves that stand for nothing are never the best."""
    trees = np.zeros(shape, kind)
    trees["memory"] = tables.NONE
    if kind == tables.LEAF:
        trees["key"] = -(2**62)
    else:
        trees["memory_per_core"] = 2**62
    return trees


def build_simulation(platform: Platform, workload: Workload, max_jobs: int, recording: bool) -> Simulation:
    """All tables of one simulation."""
    hardware = hardware_tables(platform)
    state = state_tables(platform, len(hardware["words"]), max_jobs, recording)
    simulation = Simulation(**hardware, **job_tables(platform, workload), **state)  # type: ignore[arg-type]
    simulation.clock["num_cores"] = platform.num_cores
    simulation.clock["recording"] = recording
    return simulation
