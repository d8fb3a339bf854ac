"""SLURM's own commands: calling them, their errors, and what ``squeue`` answers.

``squeue`` is the only source of states: ``sacct`` needs an accounting database, which many clusters lack.
"""

from __future__ import annotations

import subprocess
from typing import NamedTuple

from hdeeprm.errors import StudyError

_PATIENCE = 75.0
"""Seconds to wait for a command of SLURM, which itself gives up after at most 60."""

_GONE = "Invalid job id"
"""What ``squeue`` says of a job that ended so long ago that SLURM has forgotten it."""


class QueuedTask(NamedTuple):
    """One job of the queue; every task of an array is one."""

    job: str  # its own number
    array: str  # number of the array, the same as ``job`` where it is in none
    state: str  # such as PENDING, RUNNING, COMPLETING
    reason: str  # why it waits, such as Resources


def call(command: str, *arguments: str, text: str = "") -> str:
    """What a command of SLURM prints.

    Args:
        command: Such as ``sbatch``.
        arguments: Of the command.
        text: Its standard input.

    Raises:
        StudyError: If it is not there, or refuses; the message has SLURM's own words.
    """
    try:
        done = subprocess.run(
            (command, *arguments), input=text, capture_output=True, text=True, check=True, timeout=_PATIENCE
        )
    except FileNotFoundError:
        raise not_found(command) from None
    except subprocess.TimeoutExpired:
        raise StudyError(f"slurm: {command} gave no answer in {_PATIENCE:g} s; is SLURM running?") from None
    except subprocess.CalledProcessError as error:
        words = " ".join((error.stderr or error.stdout).split())
        raise StudyError(f"slurm: {command} refused: {words or f'exit code {error.returncode}'}") from None
    return done.stdout


def not_found(command: str) -> StudyError:
    """The error that a command of SLURM is not there."""
    return StudyError(
        f"slurm: {command} was not found; start the study where SLURM's commands are, or with --on local"
    )


def queued(*arguments: str) -> list[QueuedTask]:
    """Jobs that have not ended, tasks of arrays one by one.

    Args:
        arguments: More of ``squeue``'s, such as ``("-j", "17")``.

    Raises:
        StudyError: If SLURM does not answer.
    """
    try:
        answer = call("squeue", "--noheader", "--array", "--format=%A|%F|%T|%r", *arguments)
    except StudyError as error:
        if _GONE in str(error):
            return []
        raise
    return [QueuedTask(*line.split("|", 3)) for line in answer.splitlines()]


def queued_steps(job: str, *arguments: str) -> list[str]:
    """Numbers of the steps of a job that have not ended."""
    try:
        answer = call("squeue", "--noheader", "--steps", "--format=%i", "--jobs", job, *arguments)
    except StudyError as error:
        if _GONE in str(error):
            return []
        raise
    return [line.strip().rpartition(".")[2] for line in answer.splitlines()]


def is_task_alive(task: str) -> bool | None:
    """Whether a worker that SLURM started still runs; None where SLURM does not answer.

    Args:
        task: JOB or JOB.STEP.PROC. Of a single process of a step SLURM knows nothing: it counts as running as
            long as its step does.
    """
    job, _, process = task.partition(".")
    try:
        # The number of an array also finds its other tasks; a waiting one under it has not started a worker.
        if not any(found.job == job and found.state != "PENDING" for found in queued("--jobs", job)):
            return False
        return process.partition(".")[0] in queued_steps(job) if process else True
    except StudyError:
        return None
