"""What happened in training so far: counters, and a row per update, per episode and per first decision."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

from hdeeprm.agents.stored import entry, whole
from hdeeprm.errors import AgentError
from hdeeprm.results import RunDirectory
from hdeeprm.results.training_csv import history_csv

from .packing import packed, unpacked

SUMMARY_NAMES = (
    "objective",
    "avg_wait",
    "avg_turnaround",
    "avg_bounded_slowdown",
    "utilization",
    "makespan",
    "energy_joules",
)
"""Of the summary of an episode, what episodes.csv shows."""
EPISODE_COLUMNS = ("episode", "step", "return", "length", *SUMMARY_NAMES)
COUNTERS, TABLES = ("steps", "episodes", "updates"), ("losses", "episode_rows", "preferences")
"""What of a logbook a checkpoint holds."""
EPISODE_COUNTS = ("episode", "step", "length")
RECENT_EPISODES = 100
"""Episodes that the means shown are over."""

FloatArray = npt.NDArray[np.float64]


class Rows:
    """A table of numbers that grows.

    Args:
        names: Its columns; none until they are known.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names = tuple(names)
        self._numbers = array("d")

    def __len__(self) -> int:
        return len(self._numbers) // max(1, len(self.names))

    def add(self, numbers: Iterable[float]) -> None:
        """Add a row, or several one after the other, a number per column."""
        self._numbers.extend(numbers)

    def last(self, count: int) -> FloatArray:
        """The last rows, at most as many, shape (rows, columns)."""
        width = max(1, len(self.names))
        return np.array(self._numbers[max(0, len(self._numbers) - count * width) :]).reshape(-1, width)

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {"names": list(self.names), "numbers": packed(np.array(self._numbers))}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint holds.

        Raises:
            AgentError: If it is of other columns, or no whole rows.
        """
        names, numbers = tuple(state["names"]), unpacked(state["numbers"], np.empty(0))
        if self.names not in ((), names) or not all(type(name) is str for name in names):
            raise AgentError(f"it has the columns {', '.join(map(str, names))}")
        if len(numbers) % max(1, len(names)):
            raise AgentError(f"{len(numbers)} numbers are no rows of {len(names)}")
        self.names, self._numbers = names, array("d", numbers.tobytes())


class Logbook:
    """What happened in training so far.

    Args:
        action_names: Name of every action.

    Attributes:
        steps: Decisions taken, in all environments together.
        episodes: Episodes that have ended.
        updates: Times that the agent has learned.
    """

    def __init__(self, action_names: Sequence[str]) -> None:
        self.steps = self.episodes = self.updates = 0
        self.losses = Rows()
        self.episode_rows = Rows(EPISODE_COLUMNS)
        self.preferences = Rows(("episode", "step", *action_names))

    def done(self, unit: str) -> int:
        """How many steps, or episodes, there were."""
        return self.steps if unit == "steps" else self.episodes

    def add_losses(self, losses: Mapping[str, float]) -> None:
        """The agent has learned, with these losses, whose names never change."""
        self.updates += 1
        if not self.losses.names:
            self.losses.names = ("update", "step", *losses)
        self.losses.add((self.updates, self.steps, *losses.values()))

    def add_episodes(
        self, returns: ArrayLike, lengths: ArrayLike, summaries: Mapping[str, ArrayLike]
    ) -> None:
        """Episodes have ended, at the same step.

        Args:
            returns: Their rewards added up, undiscounted, shape (episodes,).
            lengths: Their decisions.
            summaries: As simulators sum them up, by name.
        """
        count = np.size(returns)
        columns = {
            "episode": np.arange(self.episodes, self.episodes + count),
            "step": np.full(count, self.steps),
            "return": returns,
            "length": lengths,
            **summaries,
        }
        rows = np.column_stack([np.atleast_1d(columns[name]) for name in EPISODE_COLUMNS])
        self.episode_rows.add(rows.ravel().tolist())
        self.episodes += count

    def add_preferences(self, probabilities: Iterable[float], step: int) -> None:
        """Probabilities of the actions at the first decision of an episode, that step.

        An episode is counted by how many ended before it began, so that it lies beside these in figures.
        """
        self.preferences.add((self.episodes, step, *probabilities))

    def recent(self, column: str) -> float:
        """Mean of a column of episodes.csv over the last episodes; NaN before the first has ended."""
        rows = self.episode_rows.last(RECENT_EPISODES)
        return float(rows[:, EPISODE_COLUMNS.index(column)].mean()) if len(rows) else np.nan

    def last_loss(self) -> tuple[str, float]:
        """Name and value of the first of the last losses; NaN before the first update."""
        if not len(self.losses):
            return "loss", np.nan
        return self.losses.names[2], float(self.losses.last(1)[0, 2])

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            **{name: getattr(self, name) for name in COUNTERS},
            **{name: getattr(self, name).state() for name in TABLES},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what a checkpoint holds.

        Raises:
            AgentError: If an entry is something else, or does not fit the others.
        """
        for name in COUNTERS:
            with entry(state, name) as saved:
                setattr(self, name, whole(saved))
        for name in TABLES:
            with entry(state, name) as saved:
                getattr(self, name).load(saved)
        rows, counts = (len(self.losses), len(self.episode_rows)), (self.updates, self.episodes)
        if rows != counts:
            raise AgentError(f"{counts} updates and episodes have {rows} rows")

    def write(self, directory: RunDirectory) -> None:
        """Write losses.csv, episodes.csv and action_preferences.csv of a run.

        Raises:
            RunDirectoryError: If one cannot be written.
        """
        tables = {
            "losses.csv": (self.losses, ("update", "step")),
            "episodes.csv": (self.episode_rows, EPISODE_COUNTS),
            "action_preferences.csv": (self.preferences, ("episode", "step")),
        }
        for name, (rows, counts) in tables.items():
            directory.write(name, history_csv(rows.names, rows.last(len(rows)), counts))
