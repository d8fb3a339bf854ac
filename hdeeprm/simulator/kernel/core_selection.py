"""Which processor gives the next core: a tournament tree per core selection.

Cores of one processor are alike, so trees hold processors. A leaf holds the processor's key and its node's
free memory; an inner node the maximum of each, so that the best processor with enough memory is found from
the top. Trees are brought up to date only when they are asked: a selection that nobody uses costs nothing.
"""

from __future__ import annotations

from .compiling import compiled
from .tables import HIGH_CORES, HIGH_GFLOPS, HIGH_MEM, HIGH_MEM_BW, LOW_POWER, NO_KEY, NONE, NUM_SELECTIONS
from .tables import Simulation as Sim

MB_PER_GB = 1000.0
_SUM_ERRORS = 2**20
"""Keys between those of two neighbouring free bandwidths, for what sums of equal terms differ by."""
_SUM_UNIT = 2.0**-50  # GB/s: below the last bit of sums of any size that matters

_ALL_TREES = 2**NUM_SELECTIONS - 2  # every tree but that of *random*


@compiled
def mark_node(sim: Sim, node: int, memory_changed: bool, processor: int) -> None:
    """Note that a processor's free cores or bandwidth, and perhaps its node's memory, have changed."""
    state = sim.nodes[node]
    if not state.stale:
        state.stale = 1
        sim.fit_tree[sim.fit_tree[0].num_stale].stale_node = node
        sim.fit_tree[0].num_stale += 1
    if memory_changed:
        first = sim.nodes[node].first_processor
        for sibling in range(first, first + sim.nodes[node].num_processors):
            _mark_processor(sim, sibling)
    else:
        _mark_processor(sim, processor)


@compiled
def mark_all(sim: Sim) -> None:
    """Note that every leaf of every selection tree has to be written anew."""
    for processor in range(sim.processors.size):
        sim.processors[processor].stale = _ALL_TREES
        for selection in range(1, NUM_SELECTIONS):
            sim.trees[selection, processor].stale_processor = processor
    for selection in range(1, NUM_SELECTIONS):
        sim.trees[selection, 0].num_stale = sim.processors.size
    for node in range(sim.nodes.size):
        sim.nodes[node].stale = 1
        sim.fit_tree[node].stale_node = node
    sim.fit_tree[0].num_stale = sim.nodes.size


@compiled
def _mark_processor(sim: Sim, processor: int) -> None:
    state = sim.processors[processor]
    if state.stale == _ALL_TREES:
        return
    for selection in range(1, NUM_SELECTIONS):
        if not (state.stale >> selection) & 1:
            sim.trees[selection, sim.trees[selection, 0].num_stale].stale_processor = processor
            sim.trees[selection, 0].num_stale += 1
    state.stale = _ALL_TREES


@compiled
def _set_leaf(sim: Sim, selection: int, processor: int) -> int:
    """Write a processor's leaf and return its index in the tree."""
    state = sim.processors[processor]
    index = (sim.trees.shape[1] >> 1) + sim.trees[selection, processor].leaf
    leaf = sim.trees[selection, index]
    if state.free_cores == 0:
        leaf.key = NO_KEY
        leaf.memory = NONE
        return index
    leaf.memory = sim.nodes[sim.processors[processor].node].free_memory
    leaf.key = 0  # high_gflops, low_power: the order of the leaves decides
    if selection == HIGH_CORES:
        leaf.key = state.free_cores
    elif selection == HIGH_MEM:
        leaf.key = leaf.memory
    elif selection == HIGH_MEM_BW:
        leaf.key = _bandwidth_key(sim, processor)
    return index


@compiled
def _bandwidth_key(sim: Sim, processor: int) -> int:
    """Free bandwidth as a key; equal ones in the order of their sums where these are kept."""
    state = sim.processors[processor]
    if not sim.clock[0].summing_bandwidth:
        return state.free_bandwidth
    error = int((state.summed_bandwidth - state.free_bandwidth / MB_PER_GB) / _SUM_UNIT)
    return state.free_bandwidth * _SUM_ERRORS + max(-_SUM_ERRORS // 2, min(error, _SUM_ERRORS // 2 - 1))


@compiled
def sum_bandwidth(sim: Sim, processor: int, bandwidth: int, count: int) -> None:
    """Add what a core takes or gives back to the sum of free bandwidth, core by core as HDeepRM 0.3 does.

    Among processors with the same free bandwidth it takes the one whose sum was rounded up.
    """
    state = sim.processors[processor]
    if sim.clock[0].summing_bandwidth:
        for _ in range(count):
            state.summed_bandwidth += bandwidth / MB_PER_GB


@compiled
def _join(sim: Sim, selection: int, index: int) -> bool:
    """Recompute an inner node; whether it changed."""
    node = sim.trees[selection, index]
    left, right = sim.trees[selection, 2 * index], sim.trees[selection, 2 * index + 1]
    key, memory = max(left.key, right.key), max(left.memory, right.memory)
    changed = key != node.key or memory != node.memory
    node.key = key
    node.memory = memory
    return changed


@compiled
def _update(sim: Sim, selection: int) -> None:
    """Bring a selection's tree up to date, from its leaves where few are stale."""
    num_stale = sim.trees[selection, 0].num_stale
    num_leaves = sim.trees.shape[1] >> 1
    for place in range(num_stale):
        processor = sim.trees[selection, place].stale_processor
        sim.processors[processor].stale &= ~(1 << selection)
        index = _set_leaf(sim, selection, processor)
        if 4 * num_stale < num_leaves:
            index >>= 1
            while index > 0 and _join(sim, selection, index):
                index >>= 1
    if 4 * num_stale >= num_leaves:
        for inner in range(num_leaves - 1, 0, -1):
            _join(sim, selection, inner)
    sim.trees[selection, 0].num_stale = 0


@compiled
def _first_with_memory(sim: Sim, selection: int, memory: int) -> int:
    """The first leaf whose memory is enough, which there is."""
    index = 1
    while index < sim.trees.shape[1] >> 1:
        index = 2 * index if sim.trees[selection, 2 * index].memory >= memory else 2 * index + 1
    return index


@compiled
def _first_leaf(index: int, num_leaves: int) -> int:
    while index < num_leaves:
        index *= 2
    return index


@compiled
def _best_with_memory(sim: Sim, selection: int, memory: int) -> int:
    """The leaf with the highest key, then the lowest place, whose memory is enough: branch and bound."""
    num_leaves = sim.trees.shape[1] >> 1
    best, best_key = NONE, NO_KEY
    sim.stack[0] = 1
    height = 1
    while height > 0:
        height -= 1
        index = sim.stack[height]
        node = sim.trees[selection, index]
        if node.memory < memory or node.key < best_key:
            continue
        if node.key == best_key and _first_leaf(index, num_leaves) > best:
            continue
        if index >= num_leaves:
            if node.key > best_key or index < best:
                best, best_key = index, node.key
            continue
        left, right = 2 * index, 2 * index + 1
        right_first = sim.trees[selection, right].key > sim.trees[selection, left].key
        sim.stack[height] = left if right_first else right
        sim.stack[height + 1] = right if right_first else left
        height += 2
    return best


@compiled
def best_processor(sim: Sim, selection: int, memory: int) -> int:
    """The processor that a core selection takes the next core from; there is one with enough memory."""
    if sim.trees[selection, 0].num_stale > 0:
        _update(sim, selection)
    if selection in (HIGH_GFLOPS, LOW_POWER):
        leaf = _first_with_memory(sim, selection, memory)
    else:
        leaf = _best_with_memory(sim, selection, memory)
    return sim.trees[selection, leaf - (sim.trees.shape[1] >> 1)].processor
