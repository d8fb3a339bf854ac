"""Who decides, and how it learns."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue

from hdeeprm.options.agent_names import LEARNER_NAMES, RULE_NAMES, agent_name
from hdeeprm.options.section import Section
from hdeeprm.selections import EXAMPLE_PAIR, SelectionPair, is_pair

HISTORICAL_LEARNING_KEYS = ("run", "hidden", "lr", "gamma")
LEARNING_KEYS = (*HISTORICAL_LEARNING_KEYS, "input_model", "output_model")
"""Keys of ``AgentOptions`` that mean something to learning agents only."""


class AgentOptions(Section):
    """Who decides."""

    type: Literal["CLASSIC", "LEARNING"] = "CLASSIC"
    """Family of the agent: "CLASSIC" follows a rule, "LEARNING" a network. Without it the name says which;
    a file or a name that an installed package adds is taken for a LEARNING one."""

    name: Annotated[str | None, BeforeValidator(agent_name)] = Field(
        default=None, json_schema_extra={"examples": [EXAMPLE_PAIR, *RULE_NAMES, *LEARNER_NAMES]}
    )
    """CLASSIC: the selection pair that the agent applies at every decision, such as "first-high_gflops"
    or "F1-high_gflops";
    "random" any allowed action, uniformly; "shortest-fit" the shortest job if it fits, else the smallest;
    "rollout" the action that does best over sampled futures. LEARNING: "reinforce", "actor-critic", "ppo" or
    "dqn". Or a name of the entry points hdeeprm.agents. null, without a file: action 0 at every decision."""

    file: str | None = Field(default=None, min_length=1, examples=["agent.py"])
    """Python file with an agent class of one's own, in the place of a name; relative to this
    file's folder."""

    run: Literal["train", "test"] = "train"
    """What a LEARNING agent does: "train" learns, "test" decides without learning, always the same way."""

    hidden: int = Field(default=64, ge=1, le=65536)
    """Units of each hidden layer of a LEARNING agent's network, 1 to 65536."""

    lr: float = Field(default=0.001, gt=0, le=1)
    """Learning rate of a LEARNING agent, above 0 and at most 1, no unit."""

    gamma: float = Field(default=0.99, ge=0, le=1)
    """Discount of a reward for each decision that it lies ahead (LEARNING), 0 to 1, no unit."""

    input_model: str | None = Field(default=None, min_length=1, examples=["model.pt"])
    """Checkpoint with which a LEARNING agent begins, relative to this file's folder; null: a new model."""

    output_model: str | None = Field(default=None, min_length=1, examples=["model.pt"])
    """Checkpoint that a LEARNING agent's training writes besides those of the run directory; null: none."""

    settings: dict[str, JsonValue] = Field(default={})
    """The algorithm's own settings by name; each agent says which it has, and refuses others."""

    def __hash__(self) -> int:
        """Equal options have equal hashes; the settings, which cannot be hashed, are left out."""
        return hash((self.type, self.name, self.file, self.run, self.input_model, self.output_model))

    @property
    def policy_pair(self) -> SelectionPair | None:
        """The pair that the agent applies at every decision; None if it is no such agent."""
        return SelectionPair.parse(str(self.name)) if is_pair(self.name) else None


class PretrainOptions(Section):
    """Behaviour cloning before training: the network learns to decide as another agent does."""

    teacher: Annotated[str, BeforeValidator(agent_name)] = Field(examples=["rollout"])
    """Name of the agent to learn from, as agent.name has it."""

    episodes: int = Field(ge=1, examples=[100])
    """Number of episodes in which the teacher is watched, at least 1."""

    epochs: int = Field(default=10, ge=1)
    """How many times the network goes through all that was watched, at least 1."""


class TrainingOptions(Section):
    """How a LEARNING agent trains."""

    episodes: int | None = Field(default=None, ge=1)
    """Number of episodes to train for, over all environments together, at least 1; null: as many as
    total_steps takes. One where neither is given."""

    total_steps: int | None = Field(default=None, ge=1, examples=[1000000])
    """Number of decisions to train for, over all environments together, at least 1, in the place of
    episodes."""

    num_envs: int = Field(default=16, ge=1, le=65536)
    """Number of environments that run side by side, 1 to 65536; agents of a file that decide one observation
    at a time have one."""

    validation_windows: int = Field(default=16, ge=1)
    """Number of held-out windows on which the model is validated, at least 1."""

    validations: int = Field(default=20, ge=0)
    """How many times over the run the model is validated, so that the best one is kept; 0: never."""

    normalize_observations: bool = False
    """Whether observations are shifted and scaled by their running mean and deviation."""

    normalize_rewards: bool = True
    """Whether rewards are scaled by the running deviation of the discounted return."""

    pretrain: PretrainOptions | None = None
    """Agent to learn from before training begins; null: none."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where the network is computed: "auto" takes CUDA where there is one, else the CPU."""
