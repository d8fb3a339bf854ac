"""What the journal says of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

PLANNED, RUN, KEY, POINT, SEED, TRIAL, ATTEMPT = "planned", "run", "key", "point", "seed", "trial", "attempt"
"""What a planned run says of itself, as attributes of its trial."""
WORKER = "worker"
OUTCOME = "outcome"
CAUSE = "cause"
"""Why an attempt ended without a result that counts: one of the causes below."""
GONE, STOPPED, DROPPED, RETRIED = "gone", "stopped", "dropped", "retried"
AFTER = "after"
"""Of an attempt that is not the first: why the one before it ended so, one of the causes above."""
FILE, LEFT_OUT, FILE_NAME = "file", "left_out", "file_name"
"""What the journal says of the study: its file, the runs that it asks for no longer, and the file's name."""
REQUEUED = frozenset({GONE, STOPPED})
"""Causes after which a run is to be taken again without anybody asking for it."""


class Status(Enum):
    """Where a run is."""

    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    PRUNED = "pruned"

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self not in (Status.WAITING, Status.RUNNING)


@dataclass(frozen=True)
class Run:
    """A run as it stands: its last attempt.

    Attributes:
        number: Of the run, from 0 in the order of planning; its directory has it as its name.
        status: Where it is.
        point: Its options of the grid.
        seed: Its seed; None where there are none, or it went through all.
        params: What the sampler picked for it.
        metrics: What it returned.
        per_seed: What it returned with each seed, by the seed as text, where it went through several.
        error: ``type``, ``message`` and ``traceback`` of what made it fail; empty where nothing did.
        reports: What it reported on the way, by step.
        worker: Who has it, or had it.
        attempt: How many times it was taken, from 1.
        started, ended: When.
        seconds: Duration, in s; None until it has ended.
        cpu_seconds: Time that its processes computed, in s.
        trial: Number of its last attempt in the journal.
    """

    number: int
    status: Status
    point: dict[str, Any]
    seed: int | None
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    per_seed: dict[str, dict[str, Any]] = field(default_factory=dict)
    error: dict[str, str] = field(default_factory=dict)
    reports: dict[int, float] = field(default_factory=dict)
    worker: str = ""
    attempt: int = 1
    started: datetime | None = None
    ended: datetime | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    trial: int = 0

    @property
    def options(self) -> dict[str, Any]:
        """All options that are its own."""
        return {**self.point, **self.params}

    @classmethod
    def of(cls, trial: FrozenTrial) -> Run:
        """The run that a trial is an attempt of."""
        attributes = trial.user_attrs
        outcome = attributes.get(OUTCOME, {})
        return cls(
            number=attributes[RUN],
            status=status_of(trial),
            point=attributes[POINT],
            seed=attributes[SEED],
            params=dict(trial.params),
            metrics=outcome.get("metrics", {}),
            per_seed=outcome.get("per_seed", {}),
            error=outcome.get("error", {}),
            reports=dict(trial.intermediate_values),
            worker=attributes.get(WORKER, ""),
            attempt=attributes.get(ATTEMPT, 1),
            started=trial.datetime_start,
            ended=trial.datetime_complete,
            seconds=outcome.get("seconds"),
            cpu_seconds=outcome.get("cpu_seconds"),
            trial=trial.number,
        )


def status_of(trial: FrozenTrial) -> Status:
    """Where a run is whose last attempt a trial is."""
    from optuna.trial import TrialState

    if trial.state is TrialState.FAIL and trial.user_attrs.get(CAUSE) in REQUEUED:
        return Status.WAITING  # about to be put in again
    return {
        TrialState.WAITING: Status.WAITING,
        TrialState.RUNNING: Status.RUNNING,
        TrialState.COMPLETE: Status.COMPLETE,
        TrialState.PRUNED: Status.PRUNED,
        TrialState.FAIL: Status.FAILED,
    }[trial.state]
