"""What must hold of the kernel's tables at any time, recounted from the jobs and from the free cores."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.simulator.kernel import tables


def check_tables(simulator: EmbeddedSimulator) -> None:
    """Recount every table of the kernel from the jobs and from the masks of free cores."""
    sim = simulator.tables
    clock = sim.clock[0]
    jobs = sim.jobs[clock.first_job : clock.first_job + clock.num_jobs]
    progress = sim.progress[: clock.num_jobs]
    running = np.flatnonzero(progress["status"] == tables.RUNNING)
    held = held_by_jobs(sim, running)
    check_cores(sim, held)
    check_work(jobs, progress, running)
    check_ledgers(sim, jobs, held)
    check_queue(sim, progress)
    check_calendar(sim, running)
    check_power(sim, held)
    ended = np.isin(progress["status"], [tables.SUCCESS, tables.WALLTIME_REACHED]).sum()
    assert clock.num_ended == ended
    assert clock.num_running == len(running)
    assert clock.num_started == len(running) + ended


def held_by_jobs(sim: tables.Simulation, running: np.ndarray) -> list[tuple[int, int, int]]:
    """Job, word and mask of every segment, by the chains of the jobs and of the processors alike."""
    held = []
    for job in running:
        index = sim.progress[job].first_segment
        while index != tables.NONE:
            segment = sim.segments[index]
            assert segment.job == job
            assert segment.num_cores == int(segment.cores).bit_count() > 0
            held.append((int(job), int(segment.word), int(segment.cores)))
            index = segment.next_of_job
    on_processors = []
    for processor, state in enumerate(sim.processors):
        index, previous = state.first_segment, tables.NONE
        while index != tables.NONE:
            segment = sim.segments[index]
            assert segment.previous_on_processor == previous
            assert sim.words[segment.word].processor == processor
            on_processors.append((int(segment.job), int(segment.word), int(segment.cores)))
            index, previous = segment.next_on_processor, index
    assert sorted(on_processors) == sorted(held)
    free, index = 0, sim.clock[0].free_segment
    while index != tables.NONE:
        free, index = free + 1, sim.segments[index].next_of_job
        assert free <= sim.segments.size, "the list of free segments has no end"
    assert free + len(held) == sim.segments.size, "a segment is lost"
    return held


def check_cores(sim: tables.Simulation, held: list[tuple[int, int, int]]) -> None:
    """No core has two jobs, and what no job holds is free."""
    taken = [0] * sim.words.size
    for _, word, cores in held:
        assert not taken[word] & cores, "a core has two jobs"
        taken[word] |= cores
    for word, mask in zip(sim.words, taken, strict=True):
        assert word.free == word.all_cores ^ mask
        assert word.segment == tables.NONE


def check_work(jobs: np.ndarray, progress: np.ndarray, running: np.ndarray) -> None:
    """What running jobs have done and have left is their work."""
    done, remaining = progress["done_flop"][running], progress["remaining_flop"][running]
    assert done.min(initial=0.0) >= 0.0 and remaining.min(initial=0.0) >= 0.0
    np.testing.assert_allclose(done + remaining, jobs["work_flop"][running], rtol=1e-12)


def check_ledgers(sim: tables.Simulation, jobs: np.ndarray, held: list[tuple[int, int, int]]) -> None:
    """Free cores, memory and bandwidth are what the running jobs leave."""
    free_cores = sim.processors["num_cores"].copy()
    bandwidth = sim.processors["bandwidth"].copy()
    memory = sim.nodes["memory_kb"].copy()
    for job, word, cores in held:
        processor = sim.words[word].processor
        number = cores.bit_count()
        free_cores[processor] -= number
        bandwidth[processor] -= number * jobs[job].bandwidth
        memory[sim.processors[processor].node] -= number * jobs[job].memory_kb
    np.testing.assert_array_equal(sim.processors["free_cores"], free_cores)
    np.testing.assert_array_equal(sim.processors["free_bandwidth"], bandwidth)
    np.testing.assert_array_equal(sim.nodes["free_memory"], memory)
    assert memory.min() >= 0
    node_cores = np.bincount(sim.processors["node"], free_cores, minlength=sim.nodes.size)
    np.testing.assert_array_equal(sim.nodes["free_cores"], node_cores)
    assert sim.clock[0].free_cores == free_cores.sum()
    np.testing.assert_array_equal(sim.processors["oversubscribed"], bandwidth < 0)
    assert sim.clock[0].num_oversubscribed == (bandwidth < 0).sum()
    requests = sum(jobs[job].requested_time for job in {job for job, _, _ in held})
    running_request = sim.clock[0].running_request + sim.clock[0].running_request_error
    assert running_request == pytest.approx(requests, rel=1e-12, abs=1e-9)


def check_queue(sim: tables.Simulation, progress: np.ndarray) -> None:
    """The Fenwick trees count the waiting jobs, no more and no less."""
    clock = sim.clock[0]
    waiting = np.flatnonzero(progress["status"] == tables.WAITING)
    assert clock.num_waiting == len(waiting)
    assert np.all(progress["status"][clock.next_arrival :] == tables.PENDING) or clock.num_ended > 0
    for selection in range(1, tables.NUM_SELECTIONS):
        counts = np.zeros(clock.num_jobs + 1, int)
        for rank in sim.ranks[selection]["rank"][waiting]:
            index = rank + 1
            while index <= clock.num_jobs:
                counts[index] += 1
                index += index & -index
        np.testing.assert_array_equal(sim.waiting[selection][: clock.num_jobs + 1], counts)


def check_calendar(sim: tables.Simulation, running: np.ndarray) -> None:
    """The heap holds the running jobs, none before its parent; no end lies in the past."""
    progress, number = sim.progress, int(sim.clock[0].num_running)
    heap = [int(job) for job in progress["job_at_slot"][:number]]
    assert sorted(heap) == running.tolist()
    for slot, job in enumerate(heap):
        assert progress[job].calendar_slot == slot
        assert progress[job].end_time >= sim.clock[0].now * (1 - 1e-12)
        parent = heap[(slot - 1) // 2] if slot else job
        assert (progress[parent].end_time, progress[parent].sequence) <= (
            progress[job].end_time,
            progress[job].sequence,
        )


def check_power(sim: tables.Simulation, held: list[tuple[int, int, int]]) -> None:
    """Powers and speeds of jobs, processors and platform follow from the P-states."""
    milliwatts: Counter[int] = Counter()
    speeds: dict[int, list[int]] = {}
    active: Counter[int] = Counter()
    for job, word, cores in held:
        processor = int(sim.words[word].processor)
        state, pstate = sim.processors[processor], int(sim.processors[processor].oversubscribed)
        active[processor] += cores.bit_count()
        milliwatts[job] += cores.bit_count() * int(state[f"milliwatts_p{pstate}"])
        speeds.setdefault(job, []).append(int(state[f"mflops_p{pstate}"]))
    for job, speed in speeds.items():
        assert sim.progress[job].mflops == min(speed)
        assert sim.progress[job].num_slowest == speed.count(min(speed))
        assert sim.progress[job].milliwatts == milliwatts[job]
    total = 0
    for processor, state in enumerate(sim.processors):
        number, oversubscribed = active[processor], int(state.oversubscribed)
        power = number * int(state[f"milliwatts_p{oversubscribed}"])
        power += (state.num_cores - number) * int(state.milliwatts_p2 if number else state.milliwatts_p3)
        assert state.num_active == number
        assert state.milliwatts == power
        total += power
    assert sim.clock[0].milliwatts == total
