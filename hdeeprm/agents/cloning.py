"""Behaviour cloning: a learner's policy is fitted to what a teacher chose.

[Pomerleau 1991, "Efficient Training of Artificial Neural Networks for Autonomous Navigation"], where the
teacher may hold several actions to be equally good.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hdeeprm.errors import AgentError, TrainingDiverged

from .experience import Masks
from .learner import Learner
from .normalization import Observations

MAX_GRAD_NORM = 1.0


def clone(
    learner: Learner,
    observations: Observations,
    action_masks: Masks,
    acceptable: npt.NDArray[np.int8],
    *,
    epochs: int = 10,
    batch_size: int = 256,
    lr: float = 0.001,
    seed: int = 0,
) -> list[float]:
    """Fit a learner's logits to a teacher's choices by cross-entropy.

    The loss of a decision is -log of the probability that the policy takes any of the acceptable actions. The
    learner's optimizer and random stream stay as they are; what estimates values is not fitted.

    Args:
        learner: Its network is changed.
        observations: What the teacher saw, float32, shape (n, size); where the learner normalizes
            observations, they count in its statistics.
        action_masks: What was allowed, int8, shape (n, actions).
        acceptable: 1 for the actions that the teacher deems equally good, at least one of them allowed in
            each row, int8, shape (n, actions).
        epochs: Passes over the sample.
        batch_size: Decisions in a minibatch, drawn anew for each epoch.
        lr: Learning rate.
        seed: Of the order of the decisions.

    Returns:
        The mean loss of each epoch, while it was learned from.

    Raises:
        AgentError: If there is no decision, or one without an acceptable action.
        TrainingDiverged: If the loss is not finite.
    """
    _check_sample(action_masks, acceptable)
    learner.watch(observations)
    columns = [
        torch.from_numpy(np.ascontiguousarray(item)) for item in (observations, action_masks, acceptable)
    ]
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(learner.network.parameters(), lr)
    losses = []
    for epoch in range(epochs):
        order = torch.randperm(len(observations), generator=generator)
        parts = torch.split(order, batch_size)
        total = sum(_fit(learner, optimizer, *(column[part] for column in columns)) for part in parts)
        losses.append(total / len(observations))
        if not math.isfinite(losses[-1]):
            raise TrainingDiverged(
                f"{learner.name}: the loss is {losses[-1]} in epoch {epoch + 1} of cloning"
            )
    learner.weights_replaced()
    return losses


def _fit(
    learner: Learner,
    optimizer: torch.optim.Optimizer,
    observations: Tensor,
    action_masks: Tensor,
    acceptable: Tensor,
) -> float:
    """One step down a minibatch; the sum of its losses."""
    log_policy = torch.log_softmax(learner.logits(observations, action_masks), dim=-1)
    wrong = (acceptable == 0).to(log_policy.device)
    losses = -torch.logsumexp(log_policy.masked_fill(wrong, -math.inf), dim=-1)
    optimizer.zero_grad()
    losses.mean().backward()  # type: ignore[no-untyped-call]
    # What the loss does not reach has no gradient and stays.
    torch.nn.utils.clip_grad_norm_(learner.network.parameters(), MAX_GRAD_NORM)
    optimizer.step()
    return losses.sum().item()


def _check_sample(action_masks: Masks, acceptable: npt.NDArray[np.int8]) -> None:
    """Refuse what cannot be fitted.

    Raises:
        AgentError: If there is no decision, or one without an acceptable action.
    """
    if len(acceptable) == 0:
        raise AgentError("the teacher took no decision to learn from; give it more episodes")
    hopeless = np.flatnonzero(~((action_masks != 0) & (acceptable != 0)).any(axis=1))
    if len(hopeless):
        raise AgentError(f"decision {hopeless[0]} of the teacher has no acceptable action that is allowed")
