"""The waiting jobs in the order of scores: a kinetic tournament per score [Basch, Guibas & Hershberger 1999].

A leaf stands for a job, an inner node for the job of the smallest score below it, and for the time up to
which that certainly stays so. Leaves lie by the cores that jobs ask for, so that those that fit are the first
ones. Nodes are worked out anew only when that time is over or a job below comes or goes, and only when the
order is asked for. Scores whose order changes in no such way are compared job by job.
"""

from __future__ import annotations

import math

from .compiling import compiled
from .programs import program_value, submission
from .tables import FIRST_SCORE, LOW_MEM_BW, NONE, SHORTEST, SMALLEST
from .tables import Simulation as Sim

_ROUNDING = 1e-13
"""Relative distance within which two scores may be in another order than their rounded values."""


@compiled
def slot_of(sim: Sim, selection: int) -> int:
    """Which of the orders a job selection has; NONE for that of submission."""
    if selection <= FIRST_SCORE:
        return FIRST_SCORE - selection
    num_scores = sim.queue.programs.shape[0]
    if SHORTEST <= selection <= LOW_MEM_BW and num_scores + selection - SHORTEST < sim.queue.orders.shape[0]:
        return num_scores + selection - SHORTEST
    return NONE


@compiled
def is_ordered(sim: Sim, slot: int) -> bool:
    """Whether an order is kept up, instead of worked out job by job."""
    return bool(slot >= sim.queue.programs.shape[0] or sim.queue.programs[slot, 0, 0].ordered == 1)


@compiled
def score_of(sim: Sim, slot: int, job: int) -> float:
    """What an order ranks a waiting job by, now."""
    if not is_ordered(sim, slot):
        return program_value(sim, slot, 0, job)
    score = sim.queue.scores[slot, job]
    if score.slope == 0.0:
        return score.intercept
    return score.intercept + score.slope * (sim.clock[0].now - submission(sim, job))


@compiled
def comes_before(sim: Sim, slot: int, job: int, other: int) -> bool:
    """Whether a job comes before another one in an order; a tie goes to the older one."""
    one, two = score_of(sim, slot, job), score_of(sim, slot, other)
    return bool(one < two or (one == two and job < other))


@compiled
def leaf_of(sim: Sim, job: int) -> int:
    """Where a job lies among the leaves of the orders."""
    return (sim.queue.orders.shape[1] >> 1) + sim.ranks[SMALLEST, job].rank


@compiled
def _holds_until(sim: Sim, slot: int, winner: int, loser: int) -> float:
    """Until when a job of the smaller score certainly has it."""
    better, worse = sim.queue.scores[slot, winner], sim.queue.scores[slot, loser]
    if better.slope == 0.0 and worse.slope == 0.0:
        return math.inf
    first, second = submission(sim, winner), submission(sim, loser)
    if better.slope == worse.slope and better.intercept == worse.intercept and first == second:
        return math.inf
    now = sim.clock[0].now
    size = abs(better.intercept) + abs(worse.intercept)
    size += abs(better.slope) * (now - first) + abs(worse.slope) * (now - second)
    gap = score_of(sim, slot, loser) - score_of(sim, slot, winner) - _ROUNDING * size
    if gap <= 0.0:
        return now
    closing = max(0.0, better.slope - worse.slope) + _ROUNDING * (abs(better.slope) + abs(worse.slope))
    return now + gap / closing


@compiled
def _play(sim: Sim, slot: int, index: int) -> None:
    """Work an inner node out anew from the two below it."""
    node, left, right = (
        sim.queue.orders[slot, index],
        sim.queue.orders[slot, 2 * index],
        sim.queue.orders[slot, 2 * index + 1],
    )
    node.until = min(left.until, right.until)
    if left.winner == NONE or right.winner == NONE:
        node.winner = max(left.winner, right.winner)  # NONE is below every job
        return
    node.winner, loser = left.winner, right.winner
    if comes_before(sim, slot, loser, left.winner):
        node.winner, loser = right.winner, left.winner
    node.until = min(node.until, _holds_until(sim, slot, node.winner, loser))


@compiled
def _refresh(sim: Sim, slot: int) -> None:
    """Bring an order up to date: its expired nodes, each after those below it."""
    now = sim.clock[0].now
    if sim.queue.orders[slot, 1].until >= now:
        return
    index = 1
    while index > 0:
        if sim.queue.orders[slot, 2 * index].until < now:
            index = 2 * index
        elif sim.queue.orders[slot, 2 * index + 1].until < now:
            index = 2 * index + 1
        else:
            _play(sim, slot, index)
            index >>= 1


@compiled
def clear_orders(sim: Sim) -> None:
    """Let all orders be empty."""
    for slot in range(sim.queue.orders.shape[0]):
        for index in range(sim.queue.orders.shape[1]):
            sim.queue.orders[slot, index].winner = NONE
            sim.queue.orders[slot, index].until = math.inf


@compiled
def enter_orders(sim: Sim, job: int, winner: int) -> None:
    """Put a job into all orders, where the winner of its leaf is the job itself, or take it out (NONE)."""
    for slot in range(sim.queue.orders.shape[0]):
        index = leaf_of(sim, job)
        sim.queue.orders[slot, index].winner = winner
        index >>= 1
        while index > 0 and sim.queue.orders[slot, index].until != -math.inf:
            sim.queue.orders[slot, index].until = -math.inf
            index >>= 1


@compiled
def best_of_order(sim: Sim, slot: int) -> int:
    """The waiting job of the smallest score, the older one of several, of an order that is kept up."""
    _refresh(sim, slot)
    return sim.queue.orders[slot, 1].winner
