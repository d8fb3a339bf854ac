"""The checkpoints of a run: ``last.pt`` to go on from, ``best.pt`` to decide with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hdeeprm import __version__
from hdeeprm.agents.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from hdeeprm.agents.damage import DAMAGE, damage_text
from hdeeprm.agents.stored import entry, real, whole
from hdeeprm.errors import AgentError, HDeepRMError
from hdeeprm.scenario import Scenario

from .trainee import Trainee

FOLDER = "checkpoints"
LAST = "last.pt"
BEST = "best.pt"
CURE = "take the other checkpoint as a new start with -im, or train anew"


class Passed(NamedTuple):
    """What the trainee itself does not know of how far training is."""

    version: str  # of HDeepRM
    scenario: str  # as of :func:`scenario_digest`
    validations: int
    saves: int
    points: int
    best: Mapping[str, Any]  # ``step``, ``episode`` and ``objective`` of the best model; empty before any
    objective: float  # of the last validation

    @classmethod
    def read(cls, saved: Mapping[str, Any]) -> Passed:
        """What a checkpoint holds of it.

        Raises:
            AgentError: If an entry is something else; the message names it.
        """
        counts = {}
        for key in ("validations", "saves", "points"):
            with entry(saved, key) as count:
                counts[key] = whole(count)
        with entry(saved, "best") as best:
            if best:
                best = {name: whole(best[name]) for name in ("step", "episode")} | {
                    "objective": real(best["objective"])
                }
        with entry(saved, "objective") as objective:
            return cls(
                saved["version"], saved["scenario"], **counts, best=dict(best), objective=real(objective)
            )


class Keeper:
    """Writes and reads the checkpoints of a run.

    Args:
        trainee: Whose checkpoints they are.
        run: The run directory.
    """

    def __init__(self, trainee: Trainee, run: Path) -> None:
        self._trainee = trainee
        self.last, self.best = run / FOLDER / LAST, run / FOLDER / BEST

    def save_last(self, passed: Passed) -> None:
        """Write all that it takes to go on.

        Args:
            passed: What the trainee itself does not know.

        Raises:
            AgentError, RunDirectoryError: If it cannot be written; the one before it stands then.
        """
        state = self._trainee.state() | {
            "logbook": self._trainee.logbook.state(),
            "progress": passed._asdict(),
        }
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

    def load_last(self) -> Passed:
        """Let the trainee go on from the last checkpoint, and return what was saved with it.

        Raises:
            AgentError: If it cannot be read, or is of something else.
        """
        state = self._read(self.last).state
        with _used(self.last):
            with entry(state, "progress") as saved:
                _check_same("HDeepRM", saved["version"], __version__)
                passed = Passed.read(saved)
            self._trainee.load_state(state)
            with entry(state, "logbook") as saved:
                self._trainee.logbook.load(saved)
        return passed

    def load_best(self) -> None:
        """Let the trainee decide as the best model did.

        Raises:
            AgentError: If its checkpoint cannot be read.
        """
        state = self._read(self.best).state
        with _used(self.best):
            self._trainee.load_model_state(state)

    def _read(self, path: Path) -> Checkpoint:
        checkpoint = load_checkpoint(path)
        trainee = self._trainee
        checkpoint.check(trainee.name, trainee.shape, trainee.facts)
        return checkpoint

    def _save(self, path: Path, state: Mapping[str, Any]) -> None:
        path.parent.mkdir(exist_ok=True)
        trainee = self._trainee
        save_checkpoint(path, trainee.name, trainee.shape, trainee.facts, state)


@contextmanager
def _used(path: Path) -> Iterator[None]:
    """Say of an error which checkpoint cannot be used.

    Raises:
        AgentError: In the place of the error.
    """
    try:
        yield
    except (HDeepRMError, *DAMAGE) as error:
        what = "cannot be gone on with" if isinstance(error, HDeepRMError) else "is damaged"
        raise AgentError(f"{path}: {what}: {damage_text(error)}; {CURE}") from error


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
