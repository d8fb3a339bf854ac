"""Distributions over actions of which some are not allowed.

A mask is a boolean tensor of shape (rows, actions) with at least one allowed action in each row. An action
that is not allowed gets the logit -inf, hence the probability 0 and no gradient  [Huang & Ontañón 2022].
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def mask_logits(scores: Tensor, allowed: Tensor) -> Tensor:
    """The scores, with -inf where an action is not allowed."""
    return scores.masked_fill(~allowed, -math.inf)


def log_softmax(scores: Tensor, allowed: Tensor) -> Tensor:
    """Logarithms of the probabilities of all actions, -inf where one is not allowed."""
    return torch.log_softmax(mask_logits(scores, allowed), dim=-1)


def sample(logits: Tensor, generator: torch.Generator) -> Tensor:
    """An action for each row, drawn by its probability, shape (rows,).

    The largest of logits + Gumbel noise is distributed like the softmax of the logits. The noise is drawn by
    the CPU wherever the logits are, so that every device sees the same stream.
    """
    exponential = torch.empty(logits.shape).exponential_(generator=generator)
    return (logits - exponential.log_().to(logits.device)).argmax(dim=-1)


def of_actions(log_policy: Tensor, actions: Tensor) -> Tensor:
    """Logarithm of the probability of one action in each row, shape (rows,)."""
    return log_policy.gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def entropy(log_policy: Tensor, allowed: Tensor) -> Tensor:
    """Entropy over the allowed actions of each row, in nats, shape (rows,)."""
    finite = log_policy.masked_fill(~allowed, 0.0)  # 0 times -inf would be NaN
    return -(log_policy.exp() * finite).sum(dim=-1)
