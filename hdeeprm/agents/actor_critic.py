"""Actor-critic: one gradient step down each short rollout, with advantages over estimated values.

Advantage actor-critic, synchronous  [Mnih et al. 2016, "Asynchronous Methods for Deep Reinforcement
Learning"], with generalized advantage estimation  [Schulman et al. 2016, "High-Dimensional Continuous Control
Using Generalized Advantage Estimation"] and masked actions  [Huang & Ontañón 2022, "A Closer Look at Invalid
Action Masking in Policy Gradient Algorithms"]. Adam takes the place of RMSProp.
"""

from __future__ import annotations

from dataclasses import dataclass

from .distributions import entropy, log_softmax, of_actions
from .on_policy import Batch, OnPolicySettings, RolloutLearner, normalized
from .settings import integer, number, switch


@dataclass(frozen=True)
class ActorCriticSettings(OnPolicySettings):
    """Settings of actor-critic."""

    rollout_steps: int = integer(16)
    """Steps in each environment between updates."""

    gae_lambda: float = number(0.95, at_least=0, at_most=1)
    """Generalized advantage estimation: 0 trusts the estimated values alone, 1 the rewards alone."""

    normalize_advantages: bool = switch(False)
    """Whether advantages are taken relative to their mean, in standard deviations."""


class ActorCritic(RolloutLearner):
    """Actor-critic (A2C).

    One update goes one step down, over all steps of the rollout,

        mean of  -log pi(a|s) A  +  value_coef (V(s) - R)^2  -  entropy_coef H(pi(.|s))

    Losses: ``policy_loss``, ``value_loss``, ``entropy`` are the means of -log pi(a|s) A, (V - R)^2 and H;
    ``explained_variance`` is 1 - Var(R - V) / Var(R).
    """

    name = "actor-critic"
    Settings = ActorCriticSettings
    settings: ActorCriticSettings

    def _update(self, batch: Batch) -> dict[str, float]:
        settings = self.settings
        advantages = normalized(batch.advantages) if settings.normalize_advantages else batch.advantages
        scores, values = self.network(batch.observations)
        log_policy = log_softmax(scores, batch.allowed)
        taken = of_actions(log_policy, batch.actions)
        policy_loss = -(taken * advantages).mean()
        value_loss = (values - batch.returns).square().mean()
        mean_entropy = entropy(log_policy, batch.allowed).mean()
        loss = policy_loss + settings.value_coef * value_loss - settings.entropy_coef * mean_entropy
        self._descend([loss], settings.max_grad_norm)
        return {
            "policy_loss": policy_loss.item(),
            "value_loss": value_loss.item(),
            "entropy": mean_entropy.item(),
        }
