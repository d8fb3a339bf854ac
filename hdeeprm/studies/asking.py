"""Ask and tell: drivers in other languages take a run, do it, and say how it ended."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hdeeprm.errors import StudyError, did_you_mean

from .driver import prepared
from .liveness import ASKED
from .queue.records import POINT, RUN, SEED, WORKER, Status
from .queue.taking import Taker, finish, put_back
from .runs.outcome import checked_metrics

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from .file import StudyFile
    from .queue import Queue

FAILED, PRUNED = "failed", "pruned"


def ask(file: StudyFile) -> dict[str, Any] | None:
    """The next run, now given to whoever asks; None if none waits.

    Returns:
        ``run``: its number; ``options``: all of them; ``seeds``: those that it is to go through, the mean of
        the metric over which is to be told.
    """
    from .sampling import sampled_study

    queue = prepared(file)
    trial = Taker(queue, f"{ASKED}{socket.gethostname()}:{os.getppid()}").take()
    if trial is None:
        return None
    try:
        _, params = sampled_study(file, queue, trial)
    except BaseException:  # nobody has heard of the run
        put_back(queue, trial)
        raise
    seed = trial.user_attrs[SEED]
    seeds = list(file.seeds) if file.search else [] if seed is None else [seed]
    return {
        "run": trial.user_attrs[RUN],
        "options": {**file.options, **trial.user_attrs[POINT], **params},
        "seeds": seeds,
    }


def tell(file: StudyFile, number: int, result: float | Sequence[float] | Mapping[str, Any] | str) -> None:
    """How a run that was asked for ended.

    Args:
        file: The study.
        number: Of the run.
        result: Its metric, all metrics in the file's order, metrics by name, ``"failed"`` or ``"pruned"``.

    Raises:
        StudyError: If the run was not asked for, or the result is none.
    """
    queue = prepared(file)
    trial = _asked(queue, number)
    word = result if isinstance(result, str) else ""
    if word == PRUNED:
        finish(queue, trial, "PRUNED", {"reason": "told so"})
    elif word == FAILED:
        error = {"type": "Told", "message": "told to have failed", "traceback": ""}
        finish(queue, trial, "FAIL", {"error": error})
    else:
        metrics = checked_metrics(_metrics(file, result), file.metrics)
        values = [float(metrics[name]) for name in file.metrics]
        finish(queue, trial, "COMPLETE", {"metrics": metrics}, values)


def told(words: Sequence[str]) -> list[float] | dict[str, Any] | str:
    """What the command line says of a run: numbers, metrics as an object of JSON, or a word.

    Raises:
        StudyError: If an object is begun and is none.
    """
    text = " ".join(words)
    if not text.startswith("{"):
        try:
            return [float(word) for word in words]
        except ValueError:
            return text
    try:
        metrics: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StudyError(f"tell: {text!r:.60} is no object of JSON: {error}") from None
    return metrics


def _asked(queue: Queue, number: int) -> FrozenTrial:
    """The attempt that was given to somebody who asked."""
    run = queue.run(number)
    trial = queue.latest()[number]
    if run.status is not Status.RUNNING:
        raise StudyError(f"run {number}: is {run.status.value}; only a run that was asked for can be told of")
    if not trial.user_attrs.get(WORKER, "").startswith(ASKED):
        raise StudyError(
            f"run {number}: worker {run.worker} has it; only a run that was asked for can be told of"
        )
    return trial


def _metrics(file: StudyFile, result: Any) -> dict[str, Any]:
    """Metrics by name."""
    if isinstance(result, Mapping):
        return {str(name): value for name, value in result.items()}
    if isinstance(result, str):
        words = (FAILED, PRUNED)
        text = f"{result!r} is neither a number, metrics as JSON, nor one of {', '.join(words)}"
        raise StudyError(f"tell: {text}.{did_you_mean(result, words)}")
    values = list(result) if isinstance(result, Sequence) else [result]
    if len(values) != len(file.metrics):
        wanted = f"{len(file.metrics)} values ({', '.join(file.metrics)})"
        raise StudyError(f"tell: {wanted} are wanted; {len(values)} were given")
    return dict(zip(file.metrics, values, strict=True))
