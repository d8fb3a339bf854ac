"""From an agent class to an agent for an environment, with the weights that the options name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from hdeeprm.errors import AgentError
from hdeeprm.options import Options
from hdeeprm.shipped import shipped_file

from .base import Agent
from .blame import blamed, member_place
from .classic import ClassicAgent
from .damage import DAMAGE, NAME_A_CHECKPOINT, damage_text
from .settings import checked_seed

if TYPE_CHECKING:
    from hdeeprm.env import WorkloadManagementEnv

    from .checkpoints import Checkpoint
    from .learner import Learner
    from .learning import LearningAgent
    from .networks import Shape

AnyAgent = TypeVar("AnyAgent", bound=Agent)


def build(kind: type[Agent], options: Options, env: WorkloadManagementEnv, num_envs: int) -> Agent:
    """An agent of a class, built as the classes of its family are.

    A learner of the package's form takes keywords, a ``LearningAgent`` takes (gamma, hidden, action_size,
    observation_size), a ``ClassicAgent`` a selection pair, any other agent nothing.

    Raises:
        AgentError: If it cannot be built, or the checkpoint that the options name is not for it.
    """
    if issubclass(kind, ClassicAgent):
        pair = options.agent.policy_pair
        return _called(kind, {"policy_pair": env.actions.names[0] if pair is None else pair.name})
    if _is_a(kind, "learner", "Learner"):
        return _learner(cast("type[Learner]", kind), options, env, num_envs)
    if _is_a(kind, "learning", "LearningAgent"):
        return _learning_agent(cast("type[LearningAgent]", kind), options, env)
    return _called(kind, {})


def located(path: str, folder: Path) -> Path:
    """A file that options name: beside them, in the working directory, or among the shipped models."""
    beside = folder / path
    if beside.exists():
        return beside
    return Path(path) if Path(path).exists() else shipped_file("models", path) or beside


def learner_shape(env: WorkloadManagementEnv) -> Shape:
    """Sizes that a learner of the package is built with for an environment."""
    from .networks import Shape

    size, num_actions = int(env.observation_space.shape[0]), env.actions.num_actions  # type: ignore[index]
    chosen = env.experiment_options.env
    if chosen.actions.type == "jobs" and chosen.observation == "queue":
        from hdeeprm.env.observations import JOB_FEATURES

        return Shape(size, num_actions, chosen.actions.num_jobs, JOB_FEATURES)
    return Shape(size, num_actions)


def torch_device(name: str) -> str:
    """The device that ``training.device`` means: "auto" takes CUDA where there is one.

    Raises:
        AgentError: If CUDA is asked for and there is none.
    """
    import torch

    has_cuda = torch.cuda.is_available()
    if name == "cuda" and not has_cuda:
        raise AgentError("training.device: 'cuda' is wanted, but PyTorch finds none; take 'auto' or 'cpu'")
    return "cuda" if has_cuda and name != "cpu" else "cpu"


def _learner(kind: type[Learner], options: Options, env: WorkloadManagementEnv, num_envs: int) -> Agent:
    """A learner of the package's form."""
    from .checkpoints import environment_facts, load_checkpoint

    chosen, training = options.agent, options.training
    shape = learner_shape(env)
    learner = kind(
        shape,
        gamma=chosen.gamma,
        lr=chosen.lr,
        hidden=chosen.hidden,
        num_envs=num_envs,
        seed=options.seed,
        settings=chosen.settings,
        normalize_observations=training.normalize_observations,
        normalize_rewards=training.normalize_rewards,
        device=torch_device(training.device),
    )
    if chosen.input_model is not None:
        checkpoint = load_checkpoint(located(chosen.input_model, options.folder))
        checkpoint.check(kind.name, shape._asdict(), environment_facts(env))
        _load_model_state(learner, checkpoint)
    return learner


def _load_model_state(learner: Learner, checkpoint: Checkpoint) -> None:
    from .checkpoints import check_weights

    if checkpoint.agent is None:
        raise AgentError(
            f"{checkpoint.path}: holds weights alone, which only an agent file can load; name it with -a"
        )
    check_weights(learner.network, checkpoint.weights, checkpoint.path)
    try:
        learner.load_model_state(checkpoint.state)
    except DAMAGE as error:
        raise AgentError(
            f"{checkpoint.path}: cannot be loaded into {learner.name!r}: {damage_text(error)}; "
            f"{NAME_A_CHECKPOINT}"
        ) from error


def _learning_agent(kind: type[LearningAgent], options: Options, env: WorkloadManagementEnv) -> Agent:
    """A plug-in that learns, with weights drawn from the seed or from a checkpoint."""
    import torch

    from .checkpoints import environment_facts, load_checkpoint, load_weights, plugin_shape

    chosen, shape = options.agent, plugin_shape(env)
    torch.manual_seed(checked_seed(options.seed))
    arguments = {"gamma": chosen.gamma, "hidden": chosen.hidden}
    agent = _called(
        kind, arguments | {"action_size": shape["num_actions"], "observation_size": shape["observation_size"]}
    )
    if chosen.input_model is not None:
        checkpoint = load_checkpoint(located(chosen.input_model, options.folder))
        checkpoint.check(kind.__name__, shape, environment_facts(env))
        with blamed(kind, lambda: f"{kind.__name__} cannot be loaded from {checkpoint.path}"):
            load_weights(agent, checkpoint.weights, checkpoint.path)
    with blamed(kind, lambda: f"{kind.__name__}.train failed"):
        agent.train(chosen.run == "train")
    return agent


def _called(kind: type[AnyAgent], arguments: Mapping[str, Any]) -> AnyAgent:
    """An agent of a class whose author wrote its constructor.

    Raises:
        AgentError: If the constructor takes other arguments, or raises an error.
    """
    form = f"{kind.__name__}({', '.join(arguments)})"
    try:
        inspect.signature(kind).bind(*arguments.values())
    except (TypeError, ValueError) as error:
        raise AgentError(
            f"{member_place(kind)}: {kind.__name__} cannot be built as {form}: {error}; let its constructor "
            "take these arguments"
        ) from None
    with blamed(kind, lambda: f"{form} failed"):
        return kind(*arguments.values())


def _is_a(kind: type[Agent], module: str, name: str) -> bool:
    """Whether a class is derived from one whose module imports PyTorch, without importing that."""
    return any(
        base.__module__ == f"hdeeprm.agents.{module}" and base.__name__ == name for base in kind.__mro__
    )
