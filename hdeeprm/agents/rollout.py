"""Planning by simulation: every action is tried in sampled futures, and the best one is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hdeeprm.selections import ALL_PAIRS, JobSelection, SelectionPair
from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.simulator.futures import Futures, Outlook
from hdeeprm.workloads.episode_windows import EpisodeWindows

from .base import Agent, Mask, Observation
from .settings import LearnerSettings, choice, integer

if TYPE_CHECKING:
    from hdeeprm.env import WorkloadManagementEnv

    from .facade import AgentEnvironment

BEST_PAIR = "best"
FIXED_PAIRS = tuple(pair for pair in ALL_PAIRS if pair.job != JobSelection.random)
TRIAL_WINDOWS = 16


@dataclass(frozen=True)
class RolloutSettings(LearnerSettings):
    """Settings of the rollout agent."""

    num_futures: int = integer(8)
    """Sampled futures that each action is tried in."""

    num_arrivals: int = integer(20, at_least=0)
    """Jobs that arrive in each future."""

    num_past_jobs: int = integer(200, at_least=0)
    """Jobs before the episode that count as seen, besides those of the episode so far."""

    base: str = choice(BEST_PAIR, *(pair.name for pair in FIXED_PAIRS))
    """Pair that goes on after the action; "best" finds the best one on windows of the part "train"."""

    seed: int = integer(0, at_least=0)
    """Seed of the futures, together with the episode's first job."""


class RolloutAgent(Agent):
    """Rollouts of a base policy  [Bertsekas, Tsitsiklis & Wu 1997, "Rollout Algorithms for Combinatorial
    Optimization"].

    At each decision point every action is simulated in the same futures, with the base pair going on after
    it; the action with the best mean of the integrated objective is taken, the first of equals. Futures are
    drawn from what has been seen, never from what will come: see :class:`hdeeprm.simulator.futures.Futures`.

    Attributes:
        acceptable: After a decision, the actions that do now what the chosen one does, int8, shape
            (actions,): what a learner that imitates this agent may choose as well.
        regrets: After a decision, what each action would lose against the chosen one, in units of the
            objective, 0 where it is masked, float64, shape (actions,).

    Args:
        settings: As of :class:`RolloutSettings`.

    Raises:
        OptionsError: If one is unknown or out of range.
    """  # noqa: D205  (the source belongs to the first sentence)

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = RolloutSettings.read(settings)
        self.acceptable: npt.NDArray[np.int8] = np.zeros(0, np.int8)
        self.regrets: npt.NDArray[np.float64] = np.zeros(0)
        self._base: tuple[int, int] | None = None

    def begin(self, environment: AgentEnvironment) -> None:
        """Prepare futures of the environment's simulation."""
        env = environment.env
        if self._base is None:
            self._base = self._find_base(env)
        self._futures = Futures(
            env.simulator,
            env.actions.as_array(),
            self._base,
            num_futures=self.settings.num_futures,
            num_arrivals=self.settings.num_arrivals,
            num_past_jobs=self.settings.num_past_jobs,
            rng=np.random.default_rng((self.settings.seed, env.simulator.first_job)),
        )

    def decide(self, observation: Observation, action_mask: Mask | None = None) -> int:
        """The action that comes to the best end on average."""
        outlook: Outlook = self._futures.look()
        self.acceptable, self.regrets = outlook.acceptable, outlook.regrets
        return outlook.best

    def _find_base(self, env: WorkloadManagementEnv) -> tuple[int, int]:
        """The pair that the settings name, or the best one."""
        pair = best_pair(env) if self.settings.base == BEST_PAIR else SelectionPair.parse(self.settings.base)
        return pair.codes(env.actions.scores)


def best_pair(env: WorkloadManagementEnv) -> SelectionPair:
    """The fixed pair with the best integrated objective, over windows spread over the part "train".

    Args:
        env: Names platform, workload, objective and split; without a split windows are from all jobs.
    """
    options = env.experiment_options
    part = "train" if options.workload.has_split else None
    windows = EpisodeWindows.of(options, env.scenario.workload.num_jobs, part)
    starts = np.unique(windows.spread(TRIAL_WINDOWS))
    simulator = env.simulator.beside()
    scores = [_score(simulator, pair, starts, windows.length) for pair in FIXED_PAIRS]
    return FIXED_PAIRS[int(np.argmax(scores))]


def _score(
    simulator: EmbeddedSimulator, pair: SelectionPair, starts: npt.NDArray[np.int64], length: int
) -> float:
    """Sum over windows of the integrated objective under a pair."""
    total = 0.0
    for start in starts:
        simulator.reset(int(start), length, seed=0)
        while not simulator.over:
            simulator.run(pair.codes(), length)
        total += simulator.summary()["objective"]
    return total
