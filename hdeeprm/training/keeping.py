"""The checkpoints of a run: ``last.pt`` to go on from, ``best.pt`` to decide with."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hdeeprm import __version__
from hdeeprm.agents.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from hdeeprm.errors import AgentError, HDeepRMError
from hdeeprm.scenario import Scenario

from .trainee import Trainee

FOLDER = "checkpoints"
LAST = "last.pt"
BEST = "best.pt"
CURE = "take the other checkpoint as a new start with -im, or train anew"


class Keeper:
    """Writes and reads the checkpoints of a run.

    Args:
        trainee: Whose checkpoints they are.
        run: The run directory.
    """

    def __init__(self, trainee: Trainee, run: Path) -> None:
        self._trainee = trainee
        self.last, self.best = run / FOLDER / LAST, run / FOLDER / BEST

    def save_last(self, progress: Mapping[str, Any]) -> None:
        """Write all that it takes to go on.

        Args:
            progress: What the trainee itself does not know.

        Raises:
            AgentError, RunDirectoryError: If it cannot be written; the one before it stands then.
        """
        state = self._trainee.state() | {"logbook": self._trainee.logbook.state(), "progress": dict(progress)}
        self._save(self.last, state)

    def save_best(self, facts: Mapping[str, Any]) -> None:
        """Write the present model as the best one.

        Args:
            facts: What is known of it.
        """
        self.save_model(self.best, facts)

    def save_model(self, path: Path, facts: Mapping[str, Any]) -> None:
        """Write the present model."""
        self._save(path, self._trainee.model_state() | {"training": dict(facts)})

    def load_last(self) -> Mapping[str, Any]:
        """Let the trainee go on from the last checkpoint, and return what was saved with it as progress.

        Raises:
            AgentError: If it cannot be read, or is of something else.
        """
        checkpoint = self._read(self.last)
        try:
            progress: Mapping[str, Any] = checkpoint.state["progress"]
            _check_same("HDeepRM", progress["version"], __version__)
            self._trainee.load_state(checkpoint.state)
            self._trainee.logbook.load(checkpoint.state["logbook"])
        except HDeepRMError as error:
            raise AgentError(f"{self.last}: cannot be gone on with: {error}; {CURE}") from error
        except (LookupError, RuntimeError, TypeError, ValueError, AttributeError) as error:
            text = " ".join(str(error).split())
            raise AgentError(f"{self.last}: is damaged: {type(error).__name__}: {text}; {CURE}") from error
        return progress

    def load_best(self) -> None:
        """Let the trainee decide as the best model did.

        Raises:
            AgentError: If its checkpoint cannot be read.
        """
        self._trainee.load_model_state(self._read(self.best).state)

    def _read(self, path: Path) -> Checkpoint:
        checkpoint = load_checkpoint(path)
        trainee = self._trainee
        checkpoint.check(trainee.name, trainee.shape, trainee.facts)
        return checkpoint

    def _save(self, path: Path, state: Mapping[str, Any]) -> None:
        path.parent.mkdir(exist_ok=True)
        trainee = self._trainee
        save_checkpoint(path, trainee.name, trainee.shape, interned(trainee.facts), interned(state))


def interned(tree: Any) -> Any:
    """The same nesting with one object for equal texts.

    A file refers back to a text that it holds already, by its identity; so equal contents would be of
    different bytes where one was read from a file.
    """
    if isinstance(tree, Mapping):
        return {interned(key): interned(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [interned(value) for value in tree]
    return sys.intern(tree) if type(tree) is str else tree


def scenario_digest(scenario: Scenario) -> str:
    """A word that changes with the jobs and with the platform that they run on."""
    digest = hashlib.blake2b(digest_size=16)
    workload, platform = scenario.workload, scenario.platform
    for values in (
        platform.node_memory_kb,
        platform.processor_node,
        platform.processor_cores,
        platform.processor_bandwidth_mb_per_s,
        platform.processor_mflops,
        platform.processor_milliwatts,
        workload.submit_time,
        workload.run_time,
        workload.requested_time,
        workload.requested_cores,
        workload.memory_kb,
        workload.bandwidth_mb_per_s,
    ):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _check_same(what: str, saved: object, present: object) -> None:
    if saved != present:
        raise AgentError(f"it was written with {what} {saved}, this is {present}")
