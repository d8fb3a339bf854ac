"""What can be read from a simulation at any time: numbers of its clock."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .protocol import Records


def clock_views(clock: Records) -> dict[str, npt.NDArray[Any]]:
    """The fields of the clock: faster to read than its record."""
    return {name: clock[name] for name in clock.dtype.names or ()}


class Gauges:
    """Readings of a simulation."""

    _clock: dict[str, npt.NDArray[Any]]

    def _integer(self, field: str) -> int:
        return int(self._clock[field].item())

    def _float(self, field: str) -> float:
        return float(self._clock[field].item())

    @property
    def now(self) -> float:
        """Simulated time since the first submission of the episode, in s."""
        return self._float("now")

    @property
    def over(self) -> bool:
        """Whether there is no episode, or it has come to its end."""
        return bool(self._clock["over"].item())

    @property
    def first_job(self) -> int:
        """Index in the workload of the episode's first job."""
        return self._integer("first_job")

    @property
    def num_jobs(self) -> int:
        """Number of jobs of the episode."""
        return self._integer("num_jobs")

    @property
    def num_waiting(self) -> int:
        """Number of waiting jobs."""
        return self._integer("num_waiting")

    @property
    def num_running(self) -> int:
        """Number of running jobs."""
        return self._integer("num_running")

    @property
    def num_ended(self) -> int:
        """Number of jobs that have ended, done or out of walltime."""
        return self._integer("num_ended")

    @property
    def num_decisions(self) -> int:
        """Number of decisions taken in this episode."""
        return self._integer("num_decisions")

    @property
    def num_free_cores(self) -> int:
        """Number of cores that run no job."""
        return self._integer("free_cores")

    @property
    def watts(self) -> float:
        """Power of the platform now, in W."""
        return self._integer("milliwatts") / 1000.0

    @property
    def energy_joules(self) -> float:
        """Energy of the platform since the first submission, in J."""
        return self._float("energy_mj") / 1000.0

    @property
    def num_pstate_changes(self) -> tuple[int, int]:
        """P-state commands sent (one for all cores of an instant that enter a P-state), and cores changed."""
        return self._integer("num_pstate_commands"), self._integer("num_pstate_changes")

    @property
    def num_backfilled(self) -> int:
        """Number of jobs that started while one that goes before them did not."""
        return self._integer("num_backfilled")

    @property
    def num_reserved(self) -> int:
        """Number of reservations that were made."""
        return self._integer("num_reserved")

    @property
    def num_late(self) -> int:
        """Number of jobs that started later than their reservation had promised."""
        return self._integer("num_late")

    @property
    def worst_delay(self) -> float:
        """The most that a job started later than promised, in s."""
        return self._float("worst_delay")

    @property
    def invalid_actions(self) -> int:
        """Number of masked actions of this episode that were replaced."""
        return self._integer("invalid_actions")
