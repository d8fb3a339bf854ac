"""Logs of a run: its decisions and rewards, and when cores, memory and bandwidth were not enough."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hdeeprm.metrics import IntArray
from hdeeprm.simulator.protocol import BlockedBy

from .csv_text import exact, quoted, table
from .simulated import Records

DECISION_COLUMNS = (
    "decision",
    "time",
    "action",
    "action_name",
    "num_waiting",
    "num_started",
    "blocked_by",
    "reward",
)


def decisions_csv(decisions: Records, actions: IntArray, action_names: Sequence[str]) -> Iterator[str]:
    """A row per decision: its number, its time in s, the action, and what came of it.

    Args:
        decisions: ``time``, ``num_waiting``, ``num_started``, ``blocked_by``, ``reward``; shape (decisions,).
        actions: Action taken at each, shape (decisions,).
        action_names: Name of every action.
    """
    names = [quoted(name) for name in action_names]
    reasons = [reason.name for reason in BlockedBy]

    def columns(part: slice) -> list[Iterable[str]]:
        rows, chosen = decisions[part], actions[part]
        return [
            map(str, range(part.start, part.stop)),
            exact(rows["time"]),
            exact(chosen),
            [names[action] for action in chosen.tolist()],
            exact(rows["num_waiting"]),
            exact(rows["num_started"]),
            [reasons[reason] for reason in rows["blocked_by"].tolist()],
            exact(rows["reward"]),
        ]

    return table(DECISION_COLUMNS, len(decisions), columns)


def rewards_csv(decisions: Records) -> Iterator[str]:
    """The reward of each decision."""
    rewards = decisions["reward"]
    return table(
        ("decision", "reward"),
        len(rewards),
        lambda part: [map(str, range(part.start, part.stop)), exact(rewards[part])],
    )


def shortages_csv(decisions: Records, lacking: BlockedBy) -> Iterator[str]:
    """Times in s at which the selected job did not fit for lack of cores, or of memory."""
    times = decisions["time"][decisions["blocked_by"] == lacking]
    return table(("time",), len(times), lambda part: [exact(times[part])])


def oversubscriptions_csv(oversubscriptions: Records) -> Iterator[str]:
    """Processors with less than no bandwidth left: since when in s, and for how long."""

    def columns(part: slice) -> list[Iterable[str]]:
        rows = oversubscriptions[part]
        return [exact(rows["processor"]), exact(rows["start"]), exact(rows["end"] - rows["start"])]

    return table(("processor", "start", "duration"), len(oversubscriptions), columns)
