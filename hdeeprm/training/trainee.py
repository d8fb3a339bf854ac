"""An agent together with the environments that it learns in and is validated on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from gymnasium import Env
from gymnasium.vector import VectorEnv

from hdeeprm.agents import Agent
from hdeeprm.agents.checkpoints import environment_facts
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.options import Options

from .logbook import Logbook


class Trainee(ABC):
    """An agent together with the environments that it learns in and is validated on.

    Args:
        agent: Who learns.
        options: Of the experiment.
        env: An environment of the options, which says what the agent sees and what it can do.
        name: Of the agent, in its checkpoints.
        shape: Sizes that the agent is built with.

    Attributes:
        logbook: What happened so far.
        facts: What a checkpoint says of the environment.
    """

    def __init__(
        self,
        agent: Agent,
        options: Options,
        env: WorkloadManagementEnv,
        name: str,
        shape: Mapping[str, int],
    ) -> None:
        self.agent = agent
        self.options = options
        self.name, self.shape = name, shape
        self.facts = environment_facts(env)
        self.logbook = Logbook(env.actions.names)

    @property
    @abstractmethod
    def has_validation(self) -> bool:
        """Whether there are held-out windows."""

    @property
    @abstractmethod
    def environments(self) -> tuple[Env[Any, Any] | VectorEnv[Any, Any, Any], ...]:
        """All that it runs episodes in, to be closed when training ends, however it does."""

    @abstractmethod
    def begin(self) -> None:
        """Go to where training begins."""

    @abstractmethod
    def advance(self) -> None:
        """Train up to the next point at which :meth:`state` holds all that there is.

        Raises:
            TrainingDiverged: If a reward, a loss, a gradient or a weight is no finite number.
        """

    @abstractmethod
    def validate(self) -> float:
        """Mean integrated objective per job over the held-out windows; training takes no notice of it."""

    @property
    @abstractmethod
    def learning_rate(self) -> float:
        """Of the optimizer, now."""

    @abstractmethod
    def model_state(self) -> dict[str, Any]:
        """What it takes to decide as the agent does now."""

    @abstractmethod
    def load_model_state(self, state: Mapping[str, Any]) -> None:
        """Decide as a model did."""

    @abstractmethod
    def graduate(self) -> None:
        """Training is over: the agent explores no more."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What it takes to go on bit for bit, the logbook aside: the model state and more."""

    @abstractmethod
    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state.

        Raises:
            AgentError: If it is of something else.
        """
