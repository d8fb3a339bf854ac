"""Training as the package's learners go through it: many environments side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium.vector import AutoresetMode

from hdeeprm.agents.learner import Learner, Outcome
from hdeeprm.agents.stored import entry
from hdeeprm.env import WorkloadManagementEnv, WorkloadManagementVectorEnv
from hdeeprm.errors import AgentError, TrainingDiverged
from hdeeprm.options import Options

from .packing import packed_tree, unpacked_tree
from .parts import training_part, validation_part, validation_starts
from .trainee import Trainee


class SideBySide(Trainee):
    """A learner of the package, with as many environments as it was built for.

    Args:
        agent: Who learns.
        options: Of the experiment.
        env: An environment of the options.
        workload: A workload file that takes the place of the options' one.
    """

    agent: Learner

    def __init__(
        self, agent: Learner, options: Options, env: WorkloadManagementEnv, workload: str | Path | None
    ) -> None:
        super().__init__(agent, options, env, agent.name, agent.shape._asdict())
        self._envs = WorkloadManagementVectorEnv(
            options,
            num_envs=agent.num_envs,
            workload=workload,
            part=training_part(options),
            autoreset_mode=AutoresetMode.SAME_STEP,
        )
        self._starts = validation_starts(options, self._envs.scenario.workload.num_jobs)
        self._validation_envs = self._held_out(workload) if len(self._starts) else None
        self._observations: npt.NDArray[np.float32] = np.empty(0, np.float32)
        self._masks: npt.NDArray[np.int8] = np.empty(0, np.int8)
        self._returns = np.zeros(agent.num_envs)
        self._lengths = np.zeros(agent.num_envs, np.int64)

    def _held_out(self, workload: str | Path | None) -> WorkloadManagementVectorEnv:
        return WorkloadManagementVectorEnv(
            self.options,
            num_envs=len(self._starts),
            workload=workload,
            part=validation_part(self.options),
            autoreset_mode=AutoresetMode.SAME_STEP,
        )

    @property
    def environments(self) -> tuple[WorkloadManagementVectorEnv, ...]:
        """Those to learn in, and those of the held-out windows."""
        return tuple(envs for envs in (self._envs, self._validation_envs) if envs is not None)

    @property
    def has_validation(self) -> bool:
        """Whether there are held-out windows."""
        return self._validation_envs is not None

    def begin(self) -> None:
        """Start an episode in each environment, all with seeds of their own."""
        self._observations, infos = self._envs.reset(
            seed=independent_seeds(self.options.seed, self.agent.num_envs)
        )
        self._masks = infos["action_mask"]

    def advance(self) -> None:
        """Take steps until nothing is remembered that could not be saved."""
        self._step()
        while not self.agent.at_boundary:
            self._step()

    def _step(self) -> None:
        """One decision in each environment."""
        if self._lengths[0] == 0:
            self._note_preferences()
        actions = self.agent.act(self._observations, self._masks)
        observations, rewards, terminated, truncated, infos = self._envs.step(actions)
        masks = infos["action_mask"]
        ended = terminated | truncated
        final = observations
        if ended.any():
            final = np.where(ended[:, np.newaxis], self._envs.batch.view.final_observations, observations)
        self._note(rewards, ended, infos)
        outcome = Outcome(rewards, terminated, truncated, observations, final, masks)
        self._observations, self._masks = observations, masks
        losses = self.agent.learn(outcome)
        if losses is not None:
            self._check_weights()
            self.logbook.add_losses(losses)

    def _note_preferences(self) -> None:
        """An episode begins in the first environment."""
        likely = self.agent.preferences(self._observations[0], self._masks[0])
        self.logbook.add_preferences(likely, self.logbook.steps)

    def _note(
        self, rewards: npt.NDArray[np.float64], ended: npt.NDArray[np.bool_], infos: Mapping[str, Any]
    ) -> None:
        """Count a step, and the episodes that it ended."""
        self._returns += rewards
        self._lengths += 1
        self.logbook.steps += len(rewards)
        if ended.any():
            summaries = {name: values[ended] for name, values in infos["episode_summary"].items()}
            self.logbook.add_episodes(self._returns[ended], self._lengths[ended], summaries)
            self._returns[ended] = 0.0
            self._lengths[ended] = 0

    def _check_weights(self) -> None:
        """Refuse to go on with weights that are no numbers.

        Raises:
            TrainingDiverged: If one is not finite.
        """
        sums = torch.stack([weight.detach().sum() for weight in self.agent.network.parameters()])
        if not bool(torch.isfinite(sums).all()):
            raise TrainingDiverged(
                f"{self.name}: a weight is not finite after update {self.logbook.updates + 1}; lower agent.lr"
            )

    def validate(self) -> float:
        """Mean integrated objective per job over the held-out windows, decided without exploring."""
        envs = self._validation_envs
        assert envs is not None
        open_rows = np.ones(envs.num_envs, np.bool_)
        scores = np.zeros(envs.num_envs)
        observations, infos = envs.reset(
            seed=[self.options.seed] * envs.num_envs, options={"first_job": self._starts.tolist()}
        )
        while open_rows.any():
            actions = self.agent.greedy(observations, infos["action_mask"])
            observations, _, terminated, _, infos = envs.step(actions)
            ended = terminated & open_rows  # what follows in a row that has ended counts no more
            if ended.any():
                scores[ended] = infos["episode_summary"]["objective"][ended]
                open_rows &= ~ended
        return float(scores.mean() / envs.windows.length)

    @property
    def learning_rate(self) -> float:
        """Of the optimizer, now."""
        return float(self.agent.optimizer.param_groups[0]["lr"])

    def model_state(self) -> dict[str, Any]:
        """What it takes to decide."""
        return self.agent.model_state()

    def load_model_state(self, state: Mapping[str, Any]) -> None:
        """Decide as a model did."""
        self.agent.load_model_state(state)

    def graduate(self) -> None:
        """Nothing: a learner that is asked to decide never explores."""

    def state(self) -> dict[str, Any]:
        """The learner, the environments, and the returns of the episodes under way."""
        return self.agent.training_state() | {
            "environments": packed_tree(self._envs.snapshot()),
            "shown": packed_tree(self._shown()),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self.begin()
        self.agent.load_training_state(state)
        with entry(state, "environments") as saved:
            self._envs.restore(unpacked_tree(saved, self._envs.snapshot()))
        with entry(state, "shown") as saved:
            shown, own = unpacked_tree(saved, self._shown()), self._shown()
            if [array.shape for array in shown] != [array.shape for array in own]:
                raise AgentError("it holds arrays of other shapes")
            self._observations, self._masks, self._returns, self._lengths = shown

    def _shown(self) -> tuple[npt.NDArray[Any], ...]:
        return self._observations, self._masks, self._returns, self._lengths


def independent_seeds(seed: int, count: int) -> list[int]:
    """Seeds of environments side by side, such that those of different runs have nothing in common."""
    return [int(number) for number in np.random.SeedSequence(seed).generate_state(count)]
