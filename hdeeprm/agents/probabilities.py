"""Probabilities of actions as a network answers them: are they any, and what do masks leave of them."""

from __future__ import annotations

import torch
from torch import Tensor

from hdeeprm.errors import AgentError

from .base import Mask
from .blame import member_place


def checked(probabilities: object, num_actions: int | None, kind: type) -> Tensor:
    """The probabilities, if they are some.

    Args:
        probabilities: What the network answered.
        num_actions: How many there must be; None where that is not known.
        kind: Class of the agent, for the message.

    Raises:
        AgentError: If they are no tensor, of another number, NaN, infinite, negative or all 0.
    """
    problem = _problem(probabilities, num_actions)
    if problem is not None or not isinstance(probabilities, Tensor):
        place = member_place(kind, "forward_policy")
        raise AgentError(f"{place}: {kind.__name__}.forward_policy answered {problem}")
    return probabilities


def _problem(found: object, num_actions: int | None) -> str | None:
    if not isinstance(found, Tensor):
        return f"a {type(found).__name__}; a tensor of probabilities, shape (1, actions), is wanted"
    if num_actions is not None and tuple(found.shape) not in ((1, num_actions), (num_actions,)):
        return (
            f"a tensor of shape {tuple(found.shape)}; the probabilities of {num_actions} actions are wanted, "
            f"shape (1, {num_actions}): let the last layer have action_size outputs"
        )
    if not bool(torch.isfinite(found).all()):
        return "NaN or infinite probabilities; lower lr, or look for a division by zero"
    if bool((found < 0).any()):
        return f"a negative probability, {found.min().item():g}; end with softmax over the actions (dim=1)"
    if not bool((found > 0).any()):
        return "probabilities that are all 0; end with softmax over the actions (dim=1)"
    return None


def restricted(probabilities: Tensor, action_mask: Mask | None) -> Tensor:
    """The probabilities with those of masked actions 0, summing to 1.

    Where the allowed ones are all 0, each allowed action is equally likely.
    """
    if action_mask is None or action_mask.all():
        return probabilities / probabilities.sum(-1, keepdim=True)
    mask = torch.as_tensor(action_mask, dtype=probabilities.dtype).reshape(probabilities.shape)
    allowed = probabilities * mask
    total = allowed.sum(-1, keepdim=True)
    return allowed / total if bool(total > 0) else mask / mask.sum(-1, keepdim=True)
