"""A classic rule that adapts: the shortest job if it fits, else the smallest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import AgentError
from hdeeprm.selections import CoreSelection, JobSelection, SelectionPair

from .base import Agent, Mask, Observation
from .settings import LearnerSettings, choice

if TYPE_CHECKING:
    from .facade import AgentEnvironment

EITHER = (JobSelection.shortest, JobSelection.smallest)
ANY_CORE = "any"


@dataclass(frozen=True)
class ShortestFitSettings(LearnerSettings):
    """Settings of the agent ``shortest-fit``."""

    core: str = choice(ANY_CORE, *CoreSelection.__members__)
    """Core selection of both pairs; "any" takes the first that has both among the actions, random last."""


class ShortestFitAgent(Agent):
    """Starts short jobs as long as the shortest one fits; where it does not, small ones.

    A blocked shortest job then no longer keeps free cores idle. Both pairs must be among the actions, with
    the same core selection.

    Args:
        settings: As of :class:`ShortestFitSettings`.

    Raises:
        OptionsError: If a setting is unknown or not allowed.
        AgentError: At the beginning of an episode, if the pairs are not among the actions.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        chosen = ShortestFitSettings.read(settings).core
        every = sorted(CoreSelection, key=lambda core: core == CoreSelection.random)
        self._cores = every if chosen == ANY_CORE else [CoreSelection[chosen]]

    def begin(self, environment: AgentEnvironment) -> None:
        """Find the two actions."""
        self._simulator = environment.env.simulator
        names = environment.action_names
        for core in self._cores:
            pairs = [SelectionPair(job, core).name for job in EITHER]
            if set(pairs) <= set(names):
                self._shortest, self._smallest = map(names.index, pairs)
                return
        raise AgentError(
            "the agent 'shortest-fit' chooses between the pairs shortest-X and smallest-X of one X, a core "
            "selection, and the actions hold no two such; add them to env.actions.selection"
        )

    def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
        """The shortest job's action where that job fits now, else the smallest one's."""
        return self._shortest if self._simulator.fits(JobSelection.shortest) else self._smallest
