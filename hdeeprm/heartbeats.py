"""Watches of a run that also write its beats, for those who watch from another process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from hdeeprm.env import WorkloadManagementEnv
from hdeeprm.playing import Watch
from hdeeprm.results import RunDirectory
from hdeeprm.results.heartbeat import Beat, Heart
from hdeeprm.training import Progress, TrainingWatch

SIMULATING = "simulating"


@contextmanager
def beating(
    directory: RunDirectory, watch: Watch, training_watch: TrainingWatch
) -> Iterator[tuple[Watch, TrainingWatch]]:
    """The same watches, which also keep progress.json of a run up to date.

    The file goes when the run has come to its end; it stays where the run is broken off or fails, and tells
    how far it went.
    """
    heart = Heart(directory)
    yield _over_simulation(heart, watch), _over_training(heart, training_watch)
    heart.stop()


def _over_simulation(heart: Heart, watch: Watch) -> Watch:
    pace = _Pace()

    def watched(env: WorkloadManagementEnv, num_decisions: int) -> None:
        watch(env, num_decisions)
        if num_decisions == 0:
            pace.rate(0)  # from here on; the episode has not begun
        elif heart.is_due:
            heart.beat(_of_simulation(env, pace.rate(num_decisions)))

    return watched


def _of_simulation(env: WorkloadManagementEnv, decisions_per_second: float) -> Beat:
    simulator, num_cores = env.simulator, env.scenario.platform.num_cores
    gauges = {
        "waiting jobs": float(simulator.num_waiting),
        "running jobs": float(simulator.num_running),
        "utilization": 1.0 - simulator.num_free_cores / num_cores,
        "power": simulator.watts,
        "simulated time": simulator.now,
        "decisions/s": decisions_per_second,
    }
    return Beat(SIMULATING, "jobs", simulator.num_ended, simulator.num_jobs, gauges)


def _over_training(heart: Heart, watch: TrainingWatch) -> TrainingWatch:
    def watched(progress: Progress) -> None:
        watch(progress)
        if heart.is_due:
            heart.beat(_of_training(progress))

    return watched


def _of_training(progress: Progress) -> Beat:
    gauges = {
        "return": progress.mean_return,
        progress.loss_name: progress.loss,
        "validation objective": progress.objective,
        "mean wait": progress.mean_wait,
        "utilization": progress.utilization,
        "steps/s": progress.steps_per_second,
    }
    return Beat(progress.stage, progress.unit, progress.done, progress.total, gauges)


class _Pace:
    """How many there are of something each second, since the last time that was asked."""

    def __init__(self) -> None:
        self._time, self._count = time.perf_counter(), 0

    def rate(self, count: int) -> float:
        """Mean rate since the last call.

        Args:
            count: How many there were so far.
        """
        now = time.perf_counter()
        rate = (count - self._count) / max(1e-9, now - self._time)
        self._time, self._count = now, count
        return rate
