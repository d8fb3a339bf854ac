"""Advantage actor-critic as the documentation of HDeepRM 0.3 has one write it: two bases, two heads."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from hdeeprm.agent import PolicyLearningAgent, ValueLearningAgent


class ActorCriticAgent(PolicyLearningAgent, ValueLearningAgent):
    """Learns a policy and, to judge its actions by, the value of observations."""

    def __init__(self, gamma: float, hidden: int, action_size: int, observation_size: int) -> None:
        super(ActorCriticAgent, self).__init__(gamma)  # noqa: UP008  (as files of the time have it)
        self.shared = nn.Linear(observation_size, hidden)
        self.actor_layer = nn.Linear(hidden, hidden)
        self.actor = nn.Linear(hidden, action_size)
        self.critic_layer = nn.Linear(hidden, hidden)
        self.critic = nn.Linear(hidden, 1)

    def decide(self, observation: np.ndarray) -> int:
        probabilities, value = self.process(observation)
        self.save_value(value)
        return self.get_action(probabilities)

    def process(self, observation: np.ndarray) -> tuple:
        batch = torch.from_numpy(observation).float().unsqueeze(0)
        return self.forward_policy(batch), self.forward_value(batch)

    def forward_policy(self, observation: torch.Tensor) -> torch.Tensor:
        seen = F.leaky_relu(self.shared(observation))
        return F.softmax(self.actor(F.leaky_relu(self.actor_layer(seen))), dim=1)

    def forward_value(self, observation: torch.Tensor) -> torch.Tensor:
        seen = F.leaky_relu(self.shared(observation))
        return self.critic(F.leaky_relu(self.critic_layer(seen)))

    def loss(self) -> torch.Tensor:
        rews = self.transform_rewards()
        advs = [rew - value.item() for rew, value in zip(rews, self.values)]  # noqa: B905
        return torch.stack(self.policy_loss(advs)).sum() + torch.stack(self.value_loss(rews)).sum()

    def forward(self, *inp):
        pass
