"""REINFORCE as the documentation of HDeepRM 0.3 has one write it: a deep policy network."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from hdeeprm.agent import PolicyLearningAgent


class ReinforceAgent(PolicyLearningAgent):
    """Learns a policy with a network of five layers."""

    def __init__(self, gamma: float, hidden: int, action_size: int, observation_size: int) -> None:
        super(ReinforceAgent, self).__init__(gamma)  # noqa: UP008  (as files of the time have it)
        sizes = [observation_size, hidden, hidden, hidden, hidden]
        self.layers = nn.ModuleList(nn.Linear(size, hidden) for size in sizes[:4])
        self.preference = nn.Linear(hidden, action_size)

    def forward_policy(self, observation: np.ndarray) -> torch.Tensor:
        for layer in self.layers:
            observation = F.leaky_relu(layer(observation))
        return F.softmax(self.preference(observation), dim=1)

    def forward(self, *inp):
        pass
