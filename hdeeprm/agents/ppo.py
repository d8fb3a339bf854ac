"""Proximal policy optimization: several epochs down each rollout, never far from the policy that made it.

The clipped objective  [Schulman et al. 2017, "Proximal Policy Optimization Algorithms"] with generalized
advantage estimation  [Schulman et al. 2016] and masked actions  [Huang & Ontañón 2022, "A Closer Look at
Invalid Action Masking in Policy Gradient Algorithms"]; details as in CleanRL  [Huang et al. 2022], but for
the values' loss, which is not clipped  [Andrychowicz et al. 2021 find no gain in it].
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .distributions import entropy, log_softmax, of_actions
from .learner import PIECE_ROWS
from .on_policy import Batch, OnPolicySettings, RolloutLearner, normalized
from .settings import integer, number

LOSS_NAMES = ("policy_loss", "value_loss", "entropy", "old_approx_kl", "approx_kl", "clipfrac")


@dataclass(frozen=True)
class PPOSettings(OnPolicySettings):
    """Settings of proximal policy optimization."""

    epochs: int = integer(4)
    """Passes over each rollout."""

    num_minibatches: int = integer(4)
    """Parts, drawn anew for each epoch, that a rollout is learned from in."""

    clip: float = number(0.2, above=0)
    """An action's probability gains nothing by changing by more than this share of itself."""

    target_kl: float | None = number(None, above=0, optional=True)
    """No further epoch begins once the policy is farther than this from the one that made the rollout, in
    nats; null goes through all epochs."""


class PPO(RolloutLearner):
    """Proximal policy optimization (PPO).

    Each minibatch goes one step down, with r = pi(a|s) / pi_old(a|s),

        mean of  -min(r A, clip(r, 1 - clip, 1 + clip) A)
        + value_coef / 2 (V(s) - R)^2  -  entropy_coef H(pi(.|s))

    Losses are means over the minibatches: ``policy_loss`` and ``entropy``, the first term and H;
    ``value_loss``, (V - R)^2 / 2; ``old_approx_kl``, -log r; ``approx_kl``, r - 1 - log r  [Schulman 2020,
    "Approximating KL Divergence"]; ``clipfrac``, the share of the steps whose r was clipped.
    ``explained_variance`` is 1 - Var(R - V) / Var(R).
    """

    name = "ppo"
    Settings = PPOSettings
    settings: PPOSettings

    def _update(self, batch: Batch) -> dict[str, float]:
        old = self._log_probabilities(batch)
        losses: list[Tensor] = []
        for _ in range(self.settings.epochs):
            order = torch.randperm(len(old), generator=self.generator).to(self.device)
            parts = order.chunk(self.settings.num_minibatches)
            losses += [
                self._learn_from(Batch(*(column[part] for column in batch)), old[part]) for part in parts
            ]
            if self._is_far(losses[-1]):
                break
        means = torch.stack(losses).mean(dim=0)
        return dict(zip(LOSS_NAMES, means.tolist(), strict=True))

    def _learn_from(self, batch: Batch, old: Tensor) -> Tensor:
        """One step down a minibatch; its losses in the order of their names, shape (6,)."""
        settings = self.settings
        advantages = normalized(batch.advantages) if settings.normalize_advantages else batch.advantages
        scores, values = self.network(batch.observations)
        log_policy = log_softmax(scores, batch.allowed)
        log_ratio = of_actions(log_policy, batch.actions) - old
        ratio = log_ratio.exp()
        clipped = ratio.clamp(1 - settings.clip, 1 + settings.clip)
        policy_loss = -torch.minimum(ratio * advantages, clipped * advantages).mean()
        value_loss = 0.5 * (values - batch.returns).square().mean()
        mean_entropy = entropy(log_policy, batch.allowed).mean()
        loss = policy_loss + settings.value_coef * value_loss - settings.entropy_coef * mean_entropy
        self._descend([loss], settings.max_grad_norm)
        with torch.no_grad():
            kl = (ratio - 1 - log_ratio).mean()
            share_clipped = (ratio != clipped).float().mean()
            return torch.stack((policy_loss, value_loss, mean_entropy, -log_ratio.mean(), kl, share_clipped))

    def _log_probabilities(self, batch: Batch) -> Tensor:
        """Of the actions taken, under the policy that took them, shape (rows,)."""
        with torch.no_grad():
            pieces = torch.split(batch.observations, PIECE_ROWS)
            scores = torch.cat([self.network.scores(piece) for piece in pieces])
            return of_actions(log_softmax(scores, batch.allowed), batch.actions)

    def _is_far(self, losses: Tensor) -> bool:
        """Whether the policy has gone so far from the rollout's that no epoch is to follow."""
        target = self.settings.target_kl
        return target is not None and losses[LOSS_NAMES.index("approx_kl")].item() > target
