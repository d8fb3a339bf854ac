"""Training as agents of a file go through it: one environment, and a step of the optimizer per episode."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hdeeprm.agents.blame import blamed, member_place
from hdeeprm.agents.checkpoints import load_weights, plugin_shape
from hdeeprm.agents.learning import LearningAgent
from hdeeprm.agents.stored import entry, load_optimizer, whole
from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.errors import AgentError, TrainingDiverged
from hdeeprm.options import Options
from hdeeprm.playing import play

from .packing import packed, unpacked
from .parts import training_part, validation_part, validation_starts
from .trainee import Trainee

LOSS = "loss"


class OneByOne(Trainee):
    """An agent derived from ``LearningAgent``, which learns from its ``loss()`` after each episode.

    Args:
        agent: Who learns.
        options: Of the experiment.
        workload: A workload file that takes the place of the options' one.

    Raises:
        AgentError: If the agent has no weights, or fails to give them.
    """

    agent: LearningAgent

    def __init__(self, agent: LearningAgent, options: Options, workload: str | Path | None) -> None:
        self._env = WorkloadManagementEnv(options, workload=workload, part=training_part(options))
        super().__init__(agent, options, self._env, type(agent).__name__, plugin_shape(self._env))
        torch.set_num_threads(1)  # sums keep their order
        with self._blamed("to give its weights"):
            self._optimizer = self._new_optimizer()
        starts = validation_starts(options, self._env.scenario.workload.num_jobs)
        self._starts = [int(start) for start in starts]
        self._validation_env = (
            WorkloadManagementEnv(options, workload=workload, part=validation_part(options))
            if self._starts
            else None
        )
        self._seed: int | None = options.seed  # of the first episode; the others go on with its draws

    def _new_optimizer(self) -> torch.optim.Optimizer:
        if not any(weight.requires_grad for weight in self.agent.parameters()):
            raise AgentError(
                f"{member_place(type(self.agent))}: {self.name} has no weights to train; let its constructor "
                "make layers, or set agent.run to 'test'"
            )
        return torch.optim.Adam(self.agent.parameters(), self.options.agent.lr)

    @property
    def environments(self) -> tuple[WorkloadManagementEnv, ...]:
        """That to learn in, and that of the held-out windows."""
        return tuple(env for env in (self._env, self._validation_env) if env is not None)

    @property
    def has_validation(self) -> bool:
        """Whether there are held-out windows."""
        return bool(self._starts)

    def begin(self) -> None:
        """Seed what agents may draw from."""
        random.seed(self.options.seed)
        np.random.seed(self.options.seed % 2**32)

    def advance(self) -> None:
        """Play an episode and learn from it."""
        log, first_step = self.logbook, self.logbook.steps
        decisions = play(self._env, self.agent, self._seed)
        self._seed = None
        rewards = decisions.records["reward"]
        self._require_finite("a reward", float(rewards.sum()))
        loss = self._learn()
        log.steps += len(rewards)
        if decisions.first_probabilities is not None:
            log.add_preferences(decisions.first_probabilities, first_step)
        log.add_episodes(rewards.sum(), len(rewards), self._env.summary())
        log.add_losses({LOSS: loss})

    def _learn(self) -> float:
        """One step down the loss of the episode; its value."""
        with self._blamed(f"to learn from episode {self.logbook.episodes}"):
            loss = self.agent.loss()
            value = self._checked(loss).item()
            self._require_finite("the loss", value)
            self._optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
            self.agent.forget()
            total = sum(float(weight.detach().abs().sum()) for weight in self.agent.parameters())
        self._require_finite("a weight", total)
        return float(value)

    def _checked(self, loss: object) -> torch.Tensor:
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1 or not loss.requires_grad:
            kind = type(self.agent)
            raise AgentError(
                f"{member_place(kind, 'loss')}: {kind.__name__}.loss() returned what cannot be lowered; a "
                "tensor of one number that depends on the weights is wanted"
            )
        return loss

    def _require_finite(self, what: str, value: float) -> None:
        if not math.isfinite(value):
            raise TrainingDiverged(
                f"{self.name}: {what} is {value} in episode {self.logbook.episodes}; lower agent.lr, or look "
                "for a division by zero or the logarithm of 0 in the agent's file"
            )

    def _blamed(self, to_do: str) -> AbstractContextManager[None]:
        """Say of an error which line of the agent raised it, and what it was to do."""
        kind = type(self.agent)
        return blamed(kind, lambda: f"{kind.__name__} failed {to_do}")

    def _explore(self, explores: bool) -> None:
        with self._blamed("to begin exploring" if explores else "to stop exploring"):
            if explores:
                self.agent.train()
            else:
                self.agent.eval()

    def validate(self) -> float:
        """Mean integrated objective per job over the held-out windows, decided without exploring."""
        env, agent = self._validation_env, self.agent
        assert env is not None
        scores = []
        with _draws_kept():
            self._explore(False)
            for start in self._starts:
                play(env, agent, self.options.seed, first_job=start)
                scores.append(env.summary()["objective"] / env.windows.length)
            self._explore(True)
        return float(np.mean(scores))

    @property
    def learning_rate(self) -> float:
        """Of the optimizer, now."""
        return float(self._optimizer.param_groups[0]["lr"])

    def model_state(self) -> dict[str, Any]:
        """The weights."""
        with self._blamed("to give its weights"):
            return {"model_state_dict": self.agent.state_dict()}

    def load_model_state(self, state: Mapping[str, Any]) -> None:
        """Decide as a model did."""
        weights = state["model_state_dict"]
        with self._blamed("to take its weights"):
            load_weights(self.agent, weights, "the checkpoint")

    def graduate(self) -> None:
        """Let the agent decide without exploring."""
        self._explore(False)

    def state(self) -> dict[str, Any]:
        """Weights, optimizer, and all that is drawn from."""
        return self.model_state() | {
            "optimizer_state_dict": self._optimizer.state_dict(),
            "draws": _draws(),
            "stream": self._stream(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self.load_model_state(state)
        with entry(state, "optimizer_state_dict") as saved:
            load_optimizer(self._optimizer, saved)
        with entry(state, "stream") as saved:
            if saved is not None:
                self._seed = None
                self._env.reset(seed=self.options.seed)
                self._env.simulator.random_stream = {name: whole(value) for name, value in saved.items()}
        with entry(state, "draws") as saved:
            _set_draws(saved)

    def _stream(self) -> dict[str, int] | None:
        """Random stream of the environment, all of it that outlasts an episode; None before the first one."""
        if self._seed is not None:
            return None
        return self._env.simulator.random_stream


def _draws() -> dict[str, Any]:
    """State of the global random generators, which agents of a file draw from."""
    kind, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    version, numbers, next_gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "numpy": [str(kind), packed(np.asarray(keys)), int(position), int(has_gauss), float(gauss)],
        "python": [version, list(numbers), next_gauss],
    }


def _set_draws(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, unpacked(keys, np.empty(0, np.uint32)), *rest))
    version, numbers, next_gauss = state["python"]
    random.setstate((version, tuple(numbers), next_gauss))


@contextmanager
def _draws_kept() -> Iterator[None]:
    """Let training draw afterwards what it would have drawn anyway."""
    before = _draws()
    try:
        yield
    finally:
        _set_draws(before)
