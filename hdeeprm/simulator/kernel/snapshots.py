"""Copying the state of a simulation into another one of the same platform.

What is fixed and what can be derived is not copied: the trees are written anew when they are next asked, and
segments that were never used in an episode are alike in all simulations.
"""

from __future__ import annotations

from .compiling import compiled, entry_point
from .core_selection import mark_all
from .promises import copy_reservation
from .queue import restore_orders
from .tables import NONE, NUM_SELECTIONS
from .tables import Simulation as Sim


@compiled
def copy_platform(target: Sim, source: Sim) -> None:
    """Bring clock, nodes, processors and cores to the state of another simulation."""
    num_used, num_segments = source.clock[0].num_segments, source.segments.size
    for index in range(num_used):
        target.segments[index] = source.segments[index]
    for index in range(num_used, target.clock[0].num_segments):
        target.segments[index].next_of_job = index + 1 if index + 1 < num_segments else NONE
    for node in range(source.nodes.size):
        target.nodes[node] = source.nodes[node]
    for processor in range(source.processors.size):
        target.processors[processor] = source.processors[processor]
    for word in range(source.words.size):
        target.words[word] = source.words[word]
    target.clock[0] = source.clock[0]


@compiled
def copy_jobs(target: Sim, source: Sim, with_ranks: bool) -> None:
    """Bring the jobs and their queue to the state of another simulation."""
    num_jobs = source.clock[0].num_jobs
    for job in range(num_jobs):
        target.progress[job] = source.progress[job]
        copy_reservation(target, target.queue, job, source, job)
    for selection in range(1, NUM_SELECTIONS):
        for rank in range(num_jobs + 1):
            target.waiting[selection, rank] = source.waiting[selection, rank]
        if with_ranks:
            for rank in range(num_jobs):
                target.ranks[selection, rank] = source.ranks[selection, rank]


@entry_point
def save(target: Sim, source: Sim) -> None:
    """Copy the state of a simulation to a place where it rests; its trees are left out."""
    copy_jobs(target, source, True)
    copy_platform(target, source)


@entry_point
def restore(target: Sim, source: Sim) -> None:
    """Bring a simulation to a state of it, or of another one over the same jobs; logs are not copied."""
    before, clock = target.clock[0], source.clock[0]
    same_ranks = before.first_job == clock.first_job and before.num_jobs == clock.num_jobs
    copy_jobs(target, source, not same_ranks)
    copy_platform(target, source)
    mark_all(target)
    restore_orders(target, target.queue, not same_ranks)
