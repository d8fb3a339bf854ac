"""out_schedule.csv: one row about the whole run in Batsim's columns, which are in alphabetical order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hdeeprm import __version__
from hdeeprm.metrics import FloatArray, JobRecords, execution_time, slowdown, wait_time

from .csv_text import quoted
from .jobs_csv import batsim_finish_time
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
    simulator: str = "embedded"  # what made time pass


def schedule_csv(jobs: JobRecords, cores: Intervals, use: PlatformUse, wall: WallTimes) -> str:
    """Text of out_schedule.csv.

    As in Batsim, makespan counts from time 0, means are sums over the ended jobs divided by all of them,
    rejected ones included, and the last open interval of each core is in no time. Jobs that a broken-off run
    left unfinished are in nothing.
    """
    columns = _counts(jobs) | _times(jobs) | _core_times(jobs, cores, use) | _platform(use, wall)
    cells = columns | {"batsim_version": quoted(f"hdeeprm {__version__} {use.simulator}")}
    return f"{','.join(sorted(cells))}\n{','.join(cells[name] for name in sorted(cells))}\n"


def _real(value: float) -> str:
    return f"{value:.6f}"


def _num_reported(jobs: JobRecords) -> int:
    return int((jobs.ended | jobs.rejected).sum())


def _counts(jobs: JobRecords) -> dict[str, str]:
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


def _times(jobs: JobRecords) -> dict[str, str]:
    finish, ended, num_jobs = batsim_finish_time(jobs), jobs.ended, max(1, _num_reported(jobs))
    per_job = {
        "waiting_time": wait_time(jobs)[ended],
        "turnaround_time": (finish - jobs.submit_time)[ended],
        "slowdown": slowdown(jobs)[ended],
    }
    cells = {"makespan": _real(finish[ended].max(initial=0.0))}
    for name, values in per_job.items():
        cells[f"mean_{name}"] = _real(values.sum() / num_jobs)
        cells[f"max_{name}"] = _real(values.max(initial=0.0))
    return cells


def _core_times(jobs: JobRecords, cores: Intervals, use: PlatformUse) -> dict[str, str]:
    ended: FloatArray = np.where(jobs.ended, jobs.requested_cores * execution_time(jobs), 0.0)
    computing = float(ended.sum())
    used = float(last_use(cores, batsim_finish_time(jobs), use.num_cores).sum())
    names = ("time_sleeping", "time_switching_off", "time_switching_on", "time_unavailable")
    return {
        "time_computing": _real(computing),
        "time_idle": _real(max(0.0, used - computing)),
    } | dict.fromkeys(names, _real(0.0))


def _platform(use: PlatformUse, wall: WallTimes) -> dict[str, str]:
    return {
        "consumed_joules": _real(use.energy_joules),
        "nb_computing_machines": str(use.num_cores),
        "nb_grouped_switches": str(use.num_pstate_commands),
        "nb_machine_switches": str(use.num_pstate_changes),
        "scheduling_time": _real(wall.scheduling),
        "simulation_time": _real(wall.simulation),
    }
