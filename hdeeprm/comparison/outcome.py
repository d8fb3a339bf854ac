"""What comes of the episodes of a comparison: the value of each metric in each, and who failed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from hdeeprm.errors import AgentError
from hdeeprm.metrics import METRICS

from .episodes import Plan, Played
from .standings import Failure

Watch = Callable[[int, int], None]
"""Told how many episodes are done, and how many there are."""


class Outcome:
    """Takes in what comes of episodes, in whatever order that is."""

    def __init__(self, plan: Plan, num_seeds: Sequence[int], keep_going: bool, watch: Watch) -> None:
        self._plan, self._keep_going, self._watch = plan, keep_going, watch
        self._num_done, self._num_episodes = 0, len(plan.starts) * sum(num_seeds)
        self._failed: list[Played] = []
        self._reservations = np.zeros((len(num_seeds), 2), np.int64)  # those not kept, and all
        shapes = [(len(plan.starts), count) for count in num_seeds]
        self.values = {
            contender.label: {name: np.full(shape, math.nan) for name in METRICS}
            for contender, shape in zip(plan.contenders, shapes, strict=True)
        }
        watch(0, self._num_episodes)

    def take(self, chunk: Sequence[Played]) -> None:
        """Take in some episodes.

        Raises:
            AgentError: If a contender failed in one, and that is to end all.
        """
        for played in chunk:
            contender, window, number = played.episode
            if played.problem is not None:
                self._failed.append(played)
            self._reservations[contender] += played.num_late, played.num_reserved
            columns = self.values[self._plan.contenders[contender].label]
            for name, value in zip(METRICS, played.values, strict=False):  # a failed one has no values
                columns[name][window, number] = value
        self._num_done += len(chunk)
        self._watch(self._num_done, self._num_episodes)
        if self._failed and not self._keep_going:
            raise AgentError(str(self.failures()[0]))

    def reservation_notes(self) -> list[str]:
        """A line on the reservations that were not kept; none where all were."""
        late, reserved = self._reservations.sum(axis=0)
        if not late:
            return []
        worst = int(self._reservations[:, 0].argmax())
        of_worst = "{:,} of {:,}".format(*self._reservations[worst])
        return [
            f"reservations that were not kept: {late:,} of {reserved:,}, the most under "
            f"{self._plan.contenders[worst].label} ({of_worst})"
        ]

    def failures(self) -> tuple[Failure, ...]:
        """The first failure of each contender that failed."""
        first: dict[int, Failure] = {}
        for played in sorted(self._failed):
            contender, window, seed = played.episode
            found = first.get(contender)
            if found is None:
                label, start = self._plan.contenders[contender].label, self._plan.starts[window]
                first[contender] = Failure(label, window, start, seed, str(played.problem), 1)
            else:
                first[contender] = found._replace(num_episodes=found.num_episodes + 1)
        return tuple(first.values())
