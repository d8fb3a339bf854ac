"""Many simulations side by side: the entry points that move all of them in one call.

Each table has one more axis in front. Rows do not know of one another, so any division of the rows over
threads gives the same results.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .choices import Masks, is_allowed, write_mask
from .compiling import compiled, entry_point
from .decisions import close_decision, decide, next_decision
from .observations import Floats32
from .observations import observe as write_observation
from .opening import open_episode, seed
from .rewards import summarise
from .tables import DECISION, OVER, PLAIN_QUEUE, STALLED, Floats, Integers, QueueTables, Table
from .tables import Simulation as Sim

NEXT_STEP, SAME_STEP, DISABLED = range(3)
"""When an ended episode is followed by the next one, as in Gymnasium's vector environments."""


class View(NamedTuple):
    """What the caller sees of N simulations; A actions, S values of an observation."""

    codes: Integers  # (A, 2) job selection and core selection of each action
    kind: int  # of observation; -1: none is written
    job_limits: Floats  # (4,)
    observations: Floats32  # (N, S)
    final_observations: Floats32  # (N, S) before an episode was followed by the next one
    masks: Masks  # (N, A)
    outcomes: Table  # (N,) OUTCOME
    final_masks: Masks  # (N, A)
    final_outcomes: Table  # (N,) OUTCOME
    summaries: Table  # (N,) SUMMARY of the episodes that ended in this step


@compiled
def _queue_of_row(queue: QueueTables, index: int) -> QueueTables:
    if len(queue) == 0:
        return PLAIN_QUEUE
    return QueueTables(
        queue.programs[index],
        queue.registers[index],
        queue.scores[index],
        queue.orders[index],
        queue.candidates[index],
        queue.plan[index],
        queue.node_plan[index],
        queue.reservations[index],
    )


@compiled
def row(stack: Sim, index: int) -> Sim:
    """One of the simulations side by side; they may share one table of jobs."""
    return Sim(
        stack.jobs[min(index, stack.jobs.shape[0] - 1)],
        stack.clock[index],
        stack.progress[index],
        stack.segments[index],
        stack.nodes[index],
        stack.processors[index],
        stack.words[index],
        stack.waiting[index],
        stack.ranks[index],
        stack.trees[index],
        stack.fit_tree[index],
        stack.stack[index],
        stack.log[index],
        _queue_of_row(stack.queue, index),
    )


@compiled
def _write_outcome(sim: Sim, over: bool, out: Any) -> None:
    clock = sim.clock[0]
    clock.over = over
    out.reward = clock.decision_reward
    out.over = over
    out.now = clock.now
    out.num_waiting = clock.num_waiting
    out.num_running = clock.num_running
    out.num_ended = clock.num_ended
    out.invalid_actions = clock.invalid_actions


@compiled
def _show(sim: Sim, view: View, index: int, over: bool) -> None:
    """Write observation, mask and outcome of the present state."""
    if view.kind >= 0:
        write_observation(sim, view.kind, view.job_limits, view.observations[index])
    write_mask(sim, view.codes, view.masks[index])
    _write_outcome(sim, over, view.outcomes[index])


@compiled
def _keep_final(sim: Sim, view: View, index: int) -> None:
    """Write what an episode came to, before another one takes its place."""
    summarise(sim, view.summaries[index])
    for place in range(view.observations.shape[1]):
        view.final_observations[index, place] = view.observations[index, place]
    for action in range(view.masks.shape[1]):
        view.final_masks[index, action] = view.masks[index, action]
    view.final_outcomes[index] = view.outcomes[index]


@compiled
def _open(sim: Sim, view: View, index: int) -> bool:
    """Start the next episode and show its first decision point; whether it has one."""
    open_episode(sim)
    over = next_decision(sim) == OVER
    sim.clock[0].opening = 0
    sim.clock[0].decision_reward = 0.0
    _show(sim, view, index, over)
    return not over


@compiled
def _allowed(sim: Sim, codes: Integers, action: int) -> int:
    """The action itself, or the first allowed one where it is masked, which is counted."""
    if is_allowed(sim, codes[action, 0]):
        return action
    sim.clock[0].invalid_actions += 1
    for other in range(codes.shape[0]):
        if is_allowed(sim, codes[other, 0]):
            return other
    return action


@compiled
def _step(sim: Sim, view: View, index: int, action: int) -> int:
    """Take one action and go to the next decision point."""
    action = _allowed(sim, view.codes, action)
    decide(sim, view.codes[action, 0], view.codes[action, 1])
    outcome = next_decision(sim)
    close_decision(sim)
    _show(sim, view, index, outcome != DECISION)
    return outcome


@entry_point
def show(sim: Sim, view: View, index: int, over: bool) -> None:
    """Write what a row shows, of a simulation that was moved from outside."""
    _show(sim, view, index, over)


@entry_point
def keep_final(sim: Sim, view: View, index: int) -> None:
    """Write what the episode of a row came to, likewise."""
    _keep_final(sim, view, index)


@entry_point
def allowed(sim: Sim, codes: Integers, action: int) -> int:
    """The action that is taken where one is chosen, likewise."""
    return _allowed(sim, codes, action)


@entry_point
def open_rows(stack: Sim, view: View, chosen: Masks, seeds: Integers) -> int:
    """Start new episodes in the chosen rows; with seeds (N, 6), their random streams start anew.

    Returns:
        The first row whose episode has no job that can run, or -1.
    """
    for index in range(stack.clock.shape[0]):
        if chosen[index]:
            sim = row(stack, index)
            if seeds.shape[0] > 0:
                seed(sim.clock[0], seeds[index])
            if not _open(sim, view, index):
                return index
    return -1


@entry_point
def step_rows(stack: Sim, view: View, actions: Integers, mode: int, first: int, last: int) -> int:
    """Take one action in each row from ``first`` to before ``last``; ended episodes are followed by new ones.

    They are in the same step (SAME_STEP), instead of the next step (NEXT_STEP), or not at all, which the mode
    says. A row whose action is below 0 is left alone.

    Returns:
        The first row that stalled, was over already, or whose next episode has no job that can run; or -1.
    """
    for index in range(first, last):
        if actions[index] < 0:
            continue
        sim = row(stack, index)
        if view.outcomes[index].over:
            if mode == DISABLED or not _open(sim, view, index):
                return index
            continue
        outcome = _step(sim, view, index, actions[index])
        if outcome == STALLED:
            return index
        if outcome == OVER:
            _keep_final(sim, view, index)
            if mode == SAME_STEP:
                reward = view.outcomes[index].reward
                if not _open(sim, view, index):
                    return index
                view.outcomes[index].reward = reward
                view.outcomes[index].over = 0
    return -1
