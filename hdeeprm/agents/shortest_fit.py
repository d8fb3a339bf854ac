"""A classic rule that adapts: the shortest job if it fits, else the smallest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hdeeprm.errors import AgentError
from hdeeprm.selections import CoreSelection, JobSelection, SelectionPair

from .base import Agent, Mask, Observation

if TYPE_CHECKING:
    from .facade import AgentEnvironment

EITHER = (JobSelection.shortest, JobSelection.smallest)


class ShortestFitAgent(Agent):
    """Starts short jobs as long as the shortest one fits; where it does not, small ones.

    A blocked shortest job then no longer keeps free cores idle. Both pairs must be among the actions, with
    the same core selection; the first core selection that has both is taken.

    Raises:
        AgentError: At the beginning of an episode, if they are not.
    """

    def begin(self, environment: AgentEnvironment) -> None:
        """Find the two actions."""
        self._simulator = environment.env.simulator
        names = environment.action_names
        for core in CoreSelection:
            pairs = [SelectionPair(job, core).name for job in EITHER]
            if set(pairs) <= set(names):
                self._shortest, self._smallest = map(names.index, pairs)
                return
        raise AgentError(
            "the agent 'shortest-fit' chooses between the pairs shortest-X and smallest-X of a core selection "
            "X, and the actions hold no two such; add them to env.actions.selection"
        )

    def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
        """The shortest job's action where that job fits now, else the smallest one's."""
        return self._shortest if self._simulator.fits(JobSelection.shortest) else self._smallest
