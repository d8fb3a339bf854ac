"""What a checkpoint says of its agent and of the environment that it is for, as sections of options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdeeprm.agents.damage import NAME_A_CHECKPOINT as CURE
from hdeeprm.env.observations import JOB_FEATURES
from hdeeprm.errors import AgentError, DependencyNotInstalled
from hdeeprm.options import LEARNER_NAMES, Options
from hdeeprm.options.agent_names import added_names
from hdeeprm.selections import VOID_NAME
from hdeeprm.simulator.kernel.observations import SYSTEM_SIZE

if TYPE_CHECKING:
    from hdeeprm.agents.checkpoints import Checkpoint

JOB_PREFIX = "job-"
"""What the names of actions begin with that choose a job."""
QUEUE = "queue"

Section = dict[str, Any]


def learner_sections(path: Path, env: Section, options: Options) -> tuple[Section, Section]:
    """Sections *agent* and *env* of options with which the learner of a checkpoint decides.

    Args:
        path: A checkpoint.
        env: The section that all contenders have in common.
        options: Say what the checkpoint does not.

    Raises:
        AgentError: If the checkpoint cannot be read, or is of an agent of a file.
    """
    checkpoint = _load(path)
    if checkpoint.agent not in (*LEARNER_NAMES, *added_names()):
        whose = "holds weights alone" if checkpoint.agent is None else f"is of the agent {checkpoint.agent!r}"
        raise AgentError(f"{path}: {whose}; name the file of its agent with it, as agent.py:{path}")
    agent = {
        "name": checkpoint.agent,
        "run": "test",
        "input_model": str(path.absolute()),
        "hidden": _hidden(checkpoint),
        "gamma": options.agent.gamma,
    }
    return agent, _environment(checkpoint, env, options)


def plugin_facts(path: Path, env: Section, options: Options) -> tuple[int, Section]:
    """What the checkpoint of an agent of a file was made with: ``agent.hidden``, and the section *env*.

    Raises:
        AgentError: If the checkpoint cannot be read.
    """
    checkpoint = _load(path)
    return _hidden(checkpoint), env if checkpoint.agent is None else _environment(checkpoint, env, options)


def _load(path: Path) -> Checkpoint:
    try:
        from hdeeprm.agents.checkpoints import load_checkpoint
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise DependencyNotInstalled(
            f"{path}: a checkpoint needs PyTorch; install it with: pip install 'hdeeprm[learn]'"
        ) from None
    return load_checkpoint(path)


def _hidden(checkpoint: Checkpoint) -> int:
    """Units of a hidden layer: the rows of the first matrix, in the package's networks and in most others."""
    rows = (int(weight.shape[0]) for weight in checkpoint.weights.values() if weight.ndim == 2)
    return next(rows, 1)


def _environment(checkpoint: Checkpoint, env: Section, options: Options) -> Section:
    """The section *env* with the observation and the actions that a checkpoint was made for.

    Raises:
        AgentError: If it does not say them.
    """
    facts = checkpoint.environment
    try:
        observation, size = facts["observation"], int(facts["observation_size"])
        names = [name for name in facts["actions"] if name != VOID_NAME]
        actions: Section = {"void": VOID_NAME in facts["actions"]}
        if names[0].startswith(JOB_PREFIX):
            core = facts.get("core_selection", options.env.actions.core_selection)
            actions |= {"type": "jobs", "num_jobs": len(names), "core_selection": core}
        else:
            actions |= {"type": "pairs", "selection": names}
    except (LookupError, TypeError, ValueError, AttributeError):
        raise AgentError(f"{checkpoint.path}: does not say what environment it is for; {CURE}") from None
    if observation == QUEUE:
        actions["num_jobs"] = (size - SYSTEM_SIZE) // JOB_FEATURES
    return env | {"observation": observation, "actions": actions}
