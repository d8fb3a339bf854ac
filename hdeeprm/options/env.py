"""The decision problem: objective, reward, actions and observation."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Field, WithJsonSchema

from hdeeprm.options.fields import (
    CORE_SELECTION_NAMES,
    WITHOUT_JOBS,
    core_selection_name,
    list_observations,
    observation_name,
    selected_pairs,
    selection_schema,
)
from hdeeprm.options.section import Section
from hdeeprm.selections import PAIR_NAMES

Objective: TypeAlias = Literal[
    "avg_job_slowdown",
    "avg_job_completion",
    "avg_utilization",
    "makespan",
    "energy_consumption",
    "edp",
    "avg_wait",
    "avg_bounded_slowdown",
]
OBJECTIVES: tuple[str, ...] = get_args(Objective)


class ActionOptions(Section):
    """The actions that the agent chooses from."""

    type: Literal["pairs", "jobs"] = "pairs"
    """What an action is: "pairs" a job selection with a core selection, applied until its job does not fit;
    "jobs" one of the first num_jobs waiting jobs, started alone."""

    selection: Annotated[
        tuple[str, ...],
        BeforeValidator(selected_pairs),
        WithJsonSchema(selection_schema()),
    ] = PAIR_NAMES
    """Selection pairs allowed (type pairs), numbered from 0 in this order: a list of {job selection: [core
    selections]}, of names such as "first-high_gflops", or of job selections, each with all core selections.
    Without it: the agent's pair where one is named, else all 36 pairs."""

    void: bool = True
    """Whether the last action starts nothing. Where only the agent names a pair, the default is false."""

    num_jobs: int = Field(default=32, ge=1, le=1024)
    """Number of waiting jobs, the oldest first, that type jobs chooses from and the observation "queue"
    shows, 1 to 1024."""

    core_selection: Annotated[str, BeforeValidator(core_selection_name)] = Field(
        default="high_gflops", json_schema_extra={"enum": list(CORE_SELECTION_NAMES)}
    )
    """Core selection that gives the chosen job its cores (type jobs)."""


class EnvOptions(Section):
    """The decision problem: what is optimized, chosen and shown."""

    objective: Objective = "avg_job_slowdown"
    """What the reward stands for."""

    reward: Literal["instant", "integrated"] = "instant"
    """"instant": the state right after the action; "integrated": the objective's change since the last
    decision, so that the return of an episode is the objective itself."""

    actions: ActionOptions = ActionOptions()
    """Selection pairs or jobs that the agent chooses from, and the void action."""

    observation: Annotated[str, BeforeValidator(observation_name)] = Field(
        default="normal", json_schema_extra=list_observations
    )
    """What the agent sees: "normal" nodes, processors, cores and queue; "small" leaves out the cores;
    "minimal" shows the queue only; "fit" shows which selections' jobs fit, and sums of the resources; "queue"
    shows the first num_jobs waiting jobs one by one. Registered ones have names of their own."""

    queue_sensitivity: float = Field(default=0.05, gt=0)
    """Relative change of the queue's length at which the observed variation saturates; above 0, no unit."""


def idle_action_keys(kind: object, observation: object) -> tuple[str, ...]:
    """Keys of ``env.actions`` that mean nothing where actions are of this type and this is observed."""
    if kind == "jobs":
        return ("selection",)
    if kind != "pairs":
        return ()
    return ("core_selection", "num_jobs") if observation in WITHOUT_JOBS else ("core_selection",)
