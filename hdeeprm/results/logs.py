"""Logs of a run: its decisions and rewards, and when cores, memory and bandwidth were not enough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdeeprm.metrics import IntArray
from hdeeprm.simulator.protocol import BlockedBy

from .csv_text import exact, quoted, table
from .simulated import Records


def decisions_csv(decisions: Records, actions: IntArray, action_names: Sequence[str]) -> str:
    """A row per decision: its number, its time in s, the action, and what came of it.

    Args:
        decisions: ``time``, ``num_waiting``, ``num_started``, ``blocked_by``, ``reward``; shape (decisions,).
        actions: Action taken at each, shape (decisions,).
        action_names: Name of every action.
    """
    names = [quoted(name) for name in action_names]
    reasons = [reason.name for reason in BlockedBy]
    return table(
        {
            "decision": map(str, range(len(decisions))),
            "time": exact(decisions["time"]),
            "action": exact(actions),
            "action_name": [names[action] for action in actions.tolist()],
            "num_waiting": exact(decisions["num_waiting"]),
            "num_started": exact(decisions["num_started"]),
            "blocked_by": [reasons[reason] for reason in decisions["blocked_by"].tolist()],
            "reward": exact(decisions["reward"]),
        }
    )


def rewards_csv(decisions: Records) -> str:
    """The reward of each decision."""
    return table({"decision": map(str, range(len(decisions))), "reward": exact(decisions["reward"])})


def shortages_csv(decisions: Records, lacking: BlockedBy) -> str:
    """Times in s at which the selected job did not fit for lack of cores, or of memory."""
    return table({"time": exact(decisions["time"][decisions["blocked_by"] == lacking])})


def oversubscriptions_csv(oversubscriptions: Records) -> str:
    """Processors with less than no bandwidth left: from when in s, and for how long; by start."""
    ordered = oversubscriptions[np.lexsort((oversubscriptions["processor"], oversubscriptions["start"]))]
    return table(
        {
            "processor": exact(ordered["processor"]),
            "start": exact(ordered["start"]),
            "duration": exact(ordered["end"] - ordered["start"]),
        }
    )
