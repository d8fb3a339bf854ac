"""Does a job fit whole, now? A tree over the nodes that counts the cores it could have.

How many cores with a given memory a node has to give does not depend on the order of taking them, so the
answer is the same for every core selection. Nodes with memory for all their free cores are counted in bulk.
"""

from __future__ import annotations

from .compiling import compiled, inlined
from .randomness import below
from .tables import BLOCKED_BY_CORES, BLOCKED_BY_MEMORY, NONE, NOT_BLOCKED, PLENTY
from .tables import Simulation as Sim

_RANDOM_TRIES = 64


@compiled
def _set_leaf(sim: Sim, node: int) -> int:
    state = sim.nodes[node]
    index = (sim.fit_tree.shape[0] >> 1) + node
    leaf = sim.fit_tree[index]
    leaf.free_cores = state.free_cores
    leaf.memory = state.free_memory if state.free_cores > 0 else NONE
    leaf.memory_per_core = state.free_memory // state.free_cores if state.free_cores > 0 else PLENTY
    return index


@compiled
def _join(sim: Sim, index: int) -> None:
    node, left, right = sim.fit_tree[index], sim.fit_tree[2 * index], sim.fit_tree[2 * index + 1]
    node.free_cores = left.free_cores + right.free_cores
    node.memory = max(left.memory, right.memory)
    node.memory_per_core = min(left.memory_per_core, right.memory_per_core)


@compiled
def _update(sim: Sim) -> None:
    num_stale = sim.fit_tree[0].num_stale
    num_leaves = sim.fit_tree.shape[0] >> 1
    for place in range(num_stale):
        node = sim.fit_tree[place].stale_node
        sim.nodes[node].stale = 0
        index = _set_leaf(sim, node) >> 1
        while index > 0 and 4 * num_stale < num_leaves:
            _join(sim, index)
            index >>= 1
    if 4 * num_stale >= num_leaves:
        for inner in range(num_leaves - 1, 0, -1):
            _join(sim, inner)
    sim.fit_tree[0].num_stale = 0


@compiled
def _memory_allows(sim: Sim, num_cores: int, memory: int) -> bool:
    """Whether the nodes together have that many free cores with that memory each."""
    _update(sim)
    found = 0
    sim.stack[0] = 1
    height = 1
    while height > 0 and found < num_cores:
        height -= 1
        index = sim.stack[height]
        node = sim.fit_tree[index]
        if node.memory < memory:
            continue
        if node.memory_per_core >= memory:
            found += node.free_cores
        elif index >= sim.fit_tree.shape[0] >> 1:
            found += min(node.free_cores, node.memory // memory)
        else:
            sim.stack[height] = 2 * index + 1
            sim.stack[height + 1] = 2 * index
            height += 2
    return found >= num_cores


@inlined
def blocked_by(sim: Sim, job: int) -> int:
    """What a job lacks to start now: nothing, cores, or memory."""
    row = sim.jobs[sim.clock[0].first_job + job]
    if sim.clock[0].free_cores < row.requested_cores:
        return BLOCKED_BY_CORES
    if row.memory_kb == 0 or _memory_allows(sim, row.requested_cores, row.memory_kb):
        return NOT_BLOCKED
    return BLOCKED_BY_MEMORY


@compiled
def _free_core_node(sim: Sim, place: int) -> tuple[int, int]:
    """The node of the free core with ``place`` free cores before it, and how many of them are its own."""
    index = 1
    while index < sim.fit_tree.shape[0] >> 1:
        index *= 2
        if place >= sim.fit_tree[index].free_cores:
            place -= sim.fit_tree[index].free_cores
            index += 1
    return index - (sim.fit_tree.shape[0] >> 1), place


@compiled
def random_core_place(sim: Sim, memory: int) -> tuple[int, int]:
    """A free core with enough memory, each equally likely: its node, its place among the free cores there.

    Free cores are tried at random; where memory is so tight that many tries fail, all nodes are counted.
    """
    _update(sim)
    for _ in range(_RANDOM_TRIES):
        node, place = _free_core_node(sim, below(sim.clock[0], sim.clock[0].free_cores))
        if sim.nodes[node].free_memory >= memory:
            return node, place
    allowed = 0
    for state in sim.nodes:
        if state.free_memory >= memory:
            allowed += state.free_cores
    place = below(sim.clock[0], allowed)
    node = 0
    while sim.nodes[node].free_memory < memory or place >= sim.nodes[node].free_cores:
        if sim.nodes[node].free_memory >= memory:
            place -= sim.nodes[node].free_cores
        node += 1
    return node, place
