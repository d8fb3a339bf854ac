"""The options of one experiment: every field with its type, unit, meaning and default."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import Field, PrivateAttr

from hdeeprm.options.agent import LEARNING_KEYS, AgentOptions, TrainingOptions
from hdeeprm.options.agent_names import CLASSIC
from hdeeprm.options.env import EnvOptions, idle_action_keys
from hdeeprm.options.queue import QueueOptions, idle_queue_keys
from hdeeprm.options.section import Section
from hdeeprm.options.simulator import SimulatorOptions, idle_simulator_keys
from hdeeprm.options.workload import WorkloadOptions
from hdeeprm.selections import ActionTable, CoreSelection

LogLevel: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


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

    queue: QueueOptions = QueueOptions()
    """Whether a job that does not fit blocks the others, and backfilling."""

    env: EnvOptions = EnvOptions()
    """Objective, reward, actions and observation of the decision problem."""

    agent: AgentOptions = AgentOptions()
    """Agent that takes the decisions."""

    training: TrainingOptions = TrainingOptions()
    """How a LEARNING agent trains: for how long, on how many environments, checked how often."""

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
        """All options with their defaults, ready for JSON, keys sorted; loads again to the same options.

        What means nothing beside the others is left out: the selection where actions are jobs, ``num_jobs``
        and ``core_selection`` where they are pairs (the observation "queue" needs the former), what another
        simulator or clock has, what only backfilling has where there is none, and what only learning agents
        have where the agent is a classic one.
        """
        tree = _sorted_keys(self.model_dump(mode="json"))
        for key in idle_action_keys(self.env.actions.type, self.env.observation):
            del tree["env"]["actions"][key]
        for key in idle_simulator_keys(self.simulator.backend, self.simulator.clock):
            del tree["simulator"][key]
        for key in idle_queue_keys(self.queue.backfilling):
            del tree["queue"][key]
        for key in LEARNING_KEYS if self.agent.type == CLASSIC else ():
            del tree["agent"][key]
        return tree

    def action_table(self) -> ActionTable:
        """The table of the actions that the agent chooses from."""
        actions = self.env.actions
        if actions.type == "jobs":
            return ActionTable.of_jobs(actions.num_jobs, CoreSelection[actions.core_selection], actions.void)
        return ActionTable.from_selection(actions.selection, actions.void)


def _sorted_keys(tree: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _sorted_keys(tree[key]) if isinstance(tree[key], dict) else tree[key] for key in sorted(tree)
    }
