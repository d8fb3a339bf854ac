"""The options of one experiment: every field with its type, unit, meaning and default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, WithJsonSchema

from hdeeprm.options.fields import (
    OBSERVATION_NAMES,
    RANDOM_AGENT,
    agent_name,
    observation_name,
    selected_pairs,
    selection_schema,
    window_start,
)
from hdeeprm.selections import PAIR_NAMES, ActionTable, SelectionPair

LogLevel: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
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


class Section(BaseModel):
    """What all parts of the options share: immutable, no unknown keys, no conversion of types."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class WindowOptions(Section):
    """A sequence of consecutive jobs of the workload."""

    start: Annotated[int | Literal["random"], BeforeValidator(window_start)] = Field(
        default=0, json_schema_extra={"minimum": 0}
    )
    """Index of the first job, from 0 in order of submission, or "random": drawn anew for each episode."""

    length: int = Field(ge=1, examples=[1000])
    """Number of jobs in the sequence, at least 1."""


class WorkloadOptions(Section):
    """How jobs are made from a trace, and what stands in for the fields that it lacks."""

    run_time: Literal["logged", "synthetic"] | None = None
    """True run time of a job, which agents never see: "logged" takes what the trace recorded; "synthetic"
    multiplies the requested time by a factor drawn per job from 0.05 to 1.25; null takes the logged ones
    where the trace has them."""

    memory: Literal["zero", "skip", "draw"] = "zero"
    """A job without a memory request: "zero" lets it ask for none, "skip" leaves it out, "draw" draws one."""

    memory_unit: Literal["KB", "bytes", "MB"] = "KB"
    """Unit of the trace's memory fields; the SWF standard says KB. 1 MB = 1000 KB."""

    memory_scope: Literal["processor", "job"] = "processor"
    """What the trace's memory request is for: each processor asked for (the standard) or the whole job."""

    mem_bw: Literal["draw", "none"] = "draw"
    """Memory bandwidth, which traces lack: "draw" draws 4, 8 ... 24 GB/s per core for each job from the
    run's seed, "none" lets no job ask for any."""

    walltime: Literal["none", "requested"] = "none"
    """Limit at which a running job is killed: "none", or "requested" for its requested time."""

    window: WindowOptions | None = None
    """Sequence of jobs to take instead of the first ones; null takes the first nb_jobs."""

    oversized: Literal["reject", "error"] = "reject"
    """A job that could not run on the empty platform: "reject" rejects it on arrival and names it in the
    summary, "error" refuses the workload."""


class SimulatorOptions(Section):
    """What makes time pass."""

    backend: Literal["embedded"] = "embedded"
    """Simulator: "embedded" is built in and needs nothing else installed."""

    clock: Literal["exact"] = "exact"
    """How time advances: "exact" goes from event to event without rounding."""

    instant_tolerance: float = Field(default=1e-9, ge=0, lt=1)
    """Events within this x max(1, now) seconds of one another are one instant and bring one decision."""


class ActionOptions(Section):
    """The actions that the agent chooses from."""

    selection: Annotated[
        tuple[str, ...],
        BeforeValidator(selected_pairs),
        WithJsonSchema(selection_schema()),
    ] = PAIR_NAMES
    """Selection pairs allowed, numbered from 0 in this order: a list of {job selection: [core selections]},
    of names such as "first-high_gflops", or of job selections, each with all core selections. Without it:
    the agent's pair where one is named, else all 36 pairs."""

    void: bool = True
    """Whether the last action starts nothing. Where only the agent names a pair, the default is false."""


class EnvOptions(Section):
    """The decision problem: what is optimized, chosen and shown."""

    objective: Objective = "avg_job_slowdown"
    """What the reward stands for."""

    reward: Literal["instant", "integrated"] = "instant"
    """"instant": the state right after the action; "integrated": the objective's change since the last
    decision, so that the return of an episode is the objective itself."""

    actions: ActionOptions = ActionOptions()
    """Selection pairs that the agent chooses from, and the void action."""

    observation: Annotated[str, BeforeValidator(observation_name)] = Field(
        default="normal", json_schema_extra={"enum": list(OBSERVATION_NAMES)}
    )
    """What the agent sees: "normal" nodes, processors, cores and queue; "small" leaves out the cores;
    "minimal" shows the queue only."""

    queue_sensitivity: float = Field(default=0.05, gt=0)
    """Relative change of the queue's length at which the observed variation saturates; above 0, no unit."""


class AgentOptions(Section):
    """Who decides."""

    type: Literal["CLASSIC"] = "CLASSIC"
    """Family of the agent: "CLASSIC" follows one selection pair."""

    name: Annotated[str | None, BeforeValidator(agent_name)] = Field(
        default=None, json_schema_extra={"examples": ["first-high_gflops", RANDOM_AGENT]}
    )
    """Selection pair that the agent applies at every decision, such as "first-high_gflops", or "random":
    any allowed action, uniformly. null takes action 0."""

    @property
    def policy_pair(self) -> SelectionPair | None:
        """The pair that the agent applies; None if it is random or takes action 0."""
        return None if self.name in (None, RANDOM_AGENT) else SelectionPair.parse(str(self.name))


class Options(Section):
    """One experiment: platform, workload, simulator, environment and agent; made by ``load_options``."""

    seed: int = Field(default=0, ge=0)
    """Seed of all random draws, at least 0; the same seed gives the same results."""

    nb_resources: int | None = Field(default=None, ge=1)
    """Number of cores of the platform, which is checked against it; null checks nothing."""

    nb_jobs: int | None = Field(default=None, ge=1)
    """Number of jobs to take from the start of the workload, at least 1; null takes all."""

    workload_file_path: str = ""
    """SWF trace or Batsim JSON workload, relative to this file's folder, or a shipped one such as
    "gaia_like.swf"; empty where another workload is given."""

    platform_file_path: str = Field(min_length=1, examples=["learning"])
    """Platform JSON file, relative to this file's folder, or a shipped platform such as "gaia"."""

    log_level: LogLevel = "WARNING"
    """Least severe messages that go to the log of the run."""

    workload: WorkloadOptions = WorkloadOptions()
    """Which fields of the trace the jobs take, and what stands in for missing ones."""

    simulator: SimulatorOptions = SimulatorOptions()
    """Simulator that runs the jobs, and its clock."""

    env: EnvOptions = EnvOptions()
    """Objective, reward, actions and observation of the decision problem."""

    agent: AgentOptions = AgentOptions()
    """Agent that takes the decisions."""

    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """Folder of the options file, from which its relative paths start."""
        return self._folder

    def located(self, folder: Path) -> Options:
        """The same options, their relative paths starting at another folder."""
        copy = self.model_copy()
        copy._folder = folder
        return copy

    def canonical(self) -> dict[str, Any]:
        """All options with their defaults, ready for JSON, keys sorted; loads again to the same options."""
        return _sorted_keys(self.model_dump(mode="json"))

    def action_table(self) -> ActionTable:
        """The table of the actions that the agent chooses from."""
        return ActionTable.from_selection(self.env.actions.selection, self.env.actions.void)


def _sorted_keys(tree: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _sorted_keys(tree[key]) if isinstance(tree[key], dict) else tree[key] for key in sorted(tree)
    }
