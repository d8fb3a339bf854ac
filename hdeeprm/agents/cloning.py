"""Behaviour cloning: a learner's policy is fitted to what a teacher chose, or to what its choices are worth.

[Pomerleau 1991, "Efficient Training of Artificial Neural Networks for Autonomous Navigation"], where the
teacher may hold several actions to be equally good. A teacher that plans also says what each other action
would lose; then the policy is fitted to lose little, which forgives mistakes that do not matter and avoids
those that do  [Lagoudakis & Parr 2003, "Reinforcement Learning as Classification"].
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
SMALL_REGRET_PERCENTILE = 10.0
"""Percentile of the regrets above 0 below which they make hardly a difference."""


def clone(
    learner: Learner,
    observations: Observations,
    action_masks: Masks,
    acceptable: npt.NDArray[np.int8],
    *,
    regrets: npt.NDArray[np.float64] | None = None,
    epochs: int = 10,
    batch_size: int = 256,
    lr: float = 0.001,
    seed: int = 0,
) -> list[float]:
    """Fit a learner's logits to a teacher's choices.

    The loss of a decision is -log of the probability that the policy takes any of the acceptable actions;
    with regrets r it is the mean over the policy of log(1 + r / r0) instead, r0 a small one of those above 0.
    The learner's optimizer and random stream stay as they are; what estimates values is not fitted.

    Args:
        learner: Its network is changed.
        observations: What the teacher saw, float32, shape (n, size); where the learner normalizes
            observations, they count in its statistics.
        action_masks: What was allowed, int8, shape (n, actions).
        acceptable: 1 for the actions that the teacher deems equally good, at least one of them allowed in
            each row, int8, shape (n, actions).
        regrets: What each action loses against the best one, at least 0, shape (n, actions), if it is known.
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
    aims = acceptable if regrets is None else _costs(regrets)
    columns = [torch.from_numpy(np.ascontiguousarray(item)) for item in (observations, action_masks, aims)]
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(learner.network.parameters(), lr)
    losses = []
    for epoch in range(1, epochs + 1):
        order = torch.randperm(len(observations), generator=generator)
        parts = torch.split(order, batch_size)
        total = sum(_fit(learner, optimizer, epoch, *(column[part] for column in columns)) for part in parts)
        losses.append(total / len(observations))
    learner.weights_replaced()
    return losses


def _fit(
    learner: Learner,
    optimizer: torch.optim.Optimizer,
    epoch: int,
    observations: Tensor,
    action_masks: Tensor,
    aims: Tensor,
) -> float:
    """One step down a minibatch; the sum of its losses.

    Raises:
        TrainingDiverged: If it is not finite; the weights are still those from before.
    """
    log_policy = torch.log_softmax(learner.logits(observations, action_masks), dim=-1)
    losses = _losses(log_policy, aims.to(log_policy.device))
    total = losses.sum().item()
    if not math.isfinite(total):
        raise TrainingDiverged(
            f"{learner.name}: the loss is {total} in epoch {epoch} of cloning; lower the learning rate, or "
            "look for observations that are not finite"
        )
    optimizer.zero_grad()
    losses.mean().backward()  # type: ignore[no-untyped-call]
    # What the loss does not reach, the estimate of values, has no gradient and stays.
    torch.nn.utils.clip_grad_norm_(learner.network.parameters(), MAX_GRAD_NORM)
    optimizer.step()
    return total


def _losses(log_policy: Tensor, aims: Tensor) -> Tensor:
    """The loss of each decision: by acceptable actions (int8), or by the costs of all."""
    if aims.dtype == torch.int8:
        return -torch.logsumexp(log_policy.masked_fill(aims == 0, -math.inf), dim=-1)
    return (log_policy.exp() * aims).sum(dim=-1)


def _costs(regrets: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Regrets on a scale on which neither the many small nor the few large ones rule, float32."""
    above = regrets[regrets > 0.0]
    scale = np.percentile(above, SMALL_REGRET_PERCENTILE) if len(above) else 1.0
    return np.log1p(regrets / scale).astype(np.float32)


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
