"""out_schedule.csv: one row about the whole run in Batsim's columns, which are in alphabetical order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hdeeprm import __version__
from hdeeprm.metrics import FloatArray

from .csv_text import quoted
from .jobs_csv import ReportedJobs
from .placements import Intervals, last_use


class WallTimes(NamedTuple):
    """What a run took on the wall clock, in s."""

    simulation: float  # all of it
    scheduling: float = 0.0  # the agent's part; 0 where it was not measured


class PlatformUse(NamedTuple):
    """What a run did to the platform."""

    num_cores: int
    energy_joules: float
    num_pstate_commands: int
    num_pstate_changes: int
    computing_time: float  # s, sum over cores
    idle_time: float  # likewise
    simulator: str = ""  # what made time pass


def core_times(jobs: ReportedJobs, cores: Intervals, num_cores: int) -> tuple[float, float]:
    """How long the cores computed and were idle, in s; the last open interval of each is in neither.

    Args:
        jobs: Jobs of a run.
        cores: The cores of each.
        num_cores: Number of cores of the platform.
    """
    ended: FloatArray = np.where(jobs.ended, jobs.num_requested * jobs.execution_time, 0.0)
    computing = float(ended.sum())
    used = float(last_use(cores, jobs.finish_time, num_cores).sum())
    return computing, max(0.0, used - computing)


def schedule_csv(jobs: ReportedJobs, use: PlatformUse, wall: WallTimes) -> str:
    """Text of out_schedule.csv.

    As in Batsim, makespan counts from time 0, and means are sums over the ended jobs divided by all of them,
    rejected ones included. Jobs that a broken-off run left unfinished are in nothing.
    """
    cells = _counts(jobs) | _times(jobs) | _platform(use) | _NEVER
    cells |= {
        "batsim_version": quoted(f"hdeeprm {__version__} {use.simulator}".rstrip()),
        "scheduling_time": _real(wall.scheduling),
        "simulation_time": _real(wall.simulation),
    }
    return f"{','.join(sorted(cells))}\n{','.join(cells[name] for name in sorted(cells))}\n"


def _real(value: float) -> str:
    return f"{value:.6f}"


_NEVER = dict.fromkeys(
    ("time_sleeping", "time_switching_off", "time_switching_on", "time_unavailable"), _real(0.0)
)


def _num_reported(jobs: ReportedJobs) -> int:
    return int((jobs.ended | jobs.rejected).sum())


def _counts(jobs: ReportedJobs) -> dict[str, str]:
    num_success = int(jobs.success.sum())
    counts = {
        "nb_jobs": _num_reported(jobs),
        "nb_jobs_finished": int(jobs.ended.sum()),
        "nb_jobs_killed": int(jobs.ended.sum()) - num_success,
        "nb_jobs_rejected": int(jobs.rejected.sum()),
        "nb_jobs_success": num_success,
    }
    success_rate = _real(num_success / max(1, _num_reported(jobs)))
    return {name: str(count) for name, count in counts.items()} | {"success_rate": success_rate}


def _times(jobs: ReportedJobs) -> dict[str, str]:
    ended, num_jobs = jobs.ended, max(1, _num_reported(jobs))
    per_job = {
        "waiting_time": jobs.waiting_time[ended],
        "turnaround_time": jobs.turnaround_time[ended],
        "slowdown": jobs.slowdown[ended],
    }
    cells = {"makespan": _real(jobs.finish_time[ended].max(initial=0.0))}
    for name, values in per_job.items():
        cells[f"mean_{name}"] = _real(values.sum() / num_jobs)
        cells[f"max_{name}"] = _real(values.max(initial=0.0))
    return cells


def _platform(use: PlatformUse) -> dict[str, str]:
    return {
        "consumed_joules": _real(use.energy_joules),
        "nb_computing_machines": str(use.num_cores),
        "nb_grouped_switches": str(use.num_pstate_commands),
        "nb_machine_switches": str(use.num_pstate_changes),
        "time_computing": _real(use.computing_time),
        "time_idle": _real(use.idle_time),
    }
