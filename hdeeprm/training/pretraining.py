"""Behaviour cloning before training: a teacher is watched, and the learner fitted to what it did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from hdeeprm.agents import Agent
from hdeeprm.agents.cloning import clone
from hdeeprm.agents.on_policy import PolicyLearner
from hdeeprm.errors import AgentError
from hdeeprm.options import Options

from .demonstrations import Demonstration, teaching_options, watch_teacher
from .progress import Progress, TrainingWatch
from .stopping import StopRequest


def check_pretraining(agent: Agent, options: Options) -> None:
    """Refuse what cannot be done before any of it is.

    Raises:
        AgentError: If the agent's network gives no probabilities of actions, or the teacher is a learner.
    """
    if not isinstance(agent, PolicyLearner):
        raise AgentError(
            f"training.pretrain: {getattr(agent, 'name', type(agent).__name__)!r} cannot be fitted to a "
            "teacher's choices, since it does not score actions by preference; leave pretrain out, or take "
            "'reinforce', 'actor-critic' or 'ppo'"
        )
    teaching_options(options)


def pretrain(
    learner: Agent,
    options: Options,
    workload: str | Path | None,
    watch: TrainingWatch,
    stop: StopRequest,
) -> list[float]:
    """Watch the teacher that the options name, and fit the learner to it.

    Args:
        learner: Its network is changed.
        options: Of the experiment; ``training.pretrain`` is given.
        workload: A workload file that takes the place of the options' one.
        watch: Told how far this is.
        stop: Looked at between episodes.

    Returns:
        The mean loss of each epoch.

    Raises:
        AgentError: If the learner cannot be fitted, or the teacher fails.
        TrainingDiverged: If the loss is not finite.
        KeyboardInterrupt: If the user has asked to stop.
    """
    chosen = options.training.pretrain
    assert chosen is not None and isinstance(learner, PolicyLearner)
    seen: list[Demonstration] = watch_teacher(options, workload, watch, stop)
    num_decisions = sum(len(part.observations) for part in seen)
    watch(Progress(f"cloning {num_decisions:,} decisions", "epochs", 0, chosen.epochs))
    return clone(
        learner,
        np.concatenate([part.observations for part in seen]),
        np.concatenate([part.action_masks for part in seen]),
        np.concatenate([part.acceptable for part in seen]),
        regrets=_joined([part.regrets for part in seen]),
        epochs=chosen.epochs,
        seed=options.seed,
    )


def _joined(regrets: list[npt.NDArray[np.float64] | None]) -> npt.NDArray[np.float64] | None:
    """The regrets of all episodes; None where the teacher tells none."""
    told = [part for part in regrets if part is not None]
    return np.concatenate(told) if told else None
