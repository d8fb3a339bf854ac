"""REINFORCE: a policy network that learns from the rewards of whole episodes [Williams 1992]."""

from torch import Tensor, nn

from hdeeprm.agent import PolicyLearningAgent


class ReinforceAgent(PolicyLearningAgent):
    """One hidden layer between the observation and the probabilities of the actions."""

    def __init__(self, gamma: float, hidden: int, action_size: int, observation_size: int) -> None:
        super().__init__(gamma)
        self.network = nn.Sequential(
            nn.Linear(observation_size, hidden), nn.ReLU(), nn.Linear(hidden, action_size), nn.Softmax(dim=1)
        )

    def forward_policy(self, observation: Tensor) -> Tensor:
        """Probabilities of the actions, shape (1, actions)."""
        return self.network(observation)
