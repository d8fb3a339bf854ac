"""The files of a simulation that is over, in Batsim's form and under Batsim's names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hdeeprm.results.atomic import check_folder, make_folder, write_together
from hdeeprm.results.jobs_csv import ReportedJobs, jobs_csv
from hdeeprm.results.schedule_csv import PlatformUse, WallTimes, schedule_csv
from hdeeprm.simulator.batsim.clock import tables

from .ids import ids_text
from .messages import STATES
from .simulation import Simulation
from .tracing import ENERGY_HEADER, PSTATES_HEADER, STATES_HEADER

NO_ENERGY = -1.0


def write_files(
    simulation: Simulation, prefix: str, simulation_time: float, scheduling_time: float
) -> list[Path]:
    """Write what a simulation came to.

    Args:
        simulation: One that is over.
        prefix: What the names of the files begin with, such as "out"; :func:`make_place` was called with it.
        simulation_time: Wall-clock time of all of it, in s.
        scheduling_time: Of the scheduler's part, in s.

    Returns:
        The files: ``_jobs.csv`` and ``_schedule.csv``; ``_machine_states.csv`` unless that is off; with
        energy ``_consumed_energy.csv`` and ``_pstate_changes.csv``.

    Raises:
        RunDirectoryError: If one can't be written; then none is.
    """
    traces, jobs = simulation.traces, _reported(simulation)
    wall = WallTimes(simulation_time, scheduling_time)
    texts = {
        "jobs.csv": "".join(jobs_csv(jobs, np.arange(len(jobs.job_ids)))),
        "schedule.csv": schedule_csv(jobs, _platform_use(simulation), wall),
    }
    if simulation.options.machine_states:
        texts["machine_states.csv"] = _lines(STATES_HEADER, traces.states)
    if simulation.options.energy:
        texts["consumed_energy.csv"] = _lines(ENERGY_HEADER, traces.energy)
        texts["pstate_changes.csv"] = _lines(PSTATES_HEADER, traces.pstates)
    contents = {
        Path(f"{prefix}_{name}"): text.encode(errors="backslashreplace")  # JSON may hold what no file can
        for name, text in texts.items()
    }
    write_together(contents)
    return list(contents)


def make_place(prefix: str) -> None:
    """Make the folder of the files whose names begin with a prefix.

    Raises:
        RunDirectoryError: If it can't be made, or nothing can be written there.
    """
    path = Path(f"{prefix}_jobs.csv")
    make_folder(path.parent)
    check_folder(path)


def _lines(header: str, lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in (header, *lines))


def _reported(simulation: Simulation) -> ReportedJobs:
    """The jobs in the order in which they ended or were rejected."""
    work = simulation.batsim.work
    order = work.order[: work.clock["num_order"][0]]
    numbers, rows = order.tolist(), work.jobs[order]
    jobs = [simulation.jobs[number] for number in numbers]
    ran = rows["status"] != tables.REJECTED
    run_time, finish_time = rows["run_time"], rows["start"] + rows["run_time"]
    joules = rows["joules"] if simulation.options.energy else np.full(len(rows), NO_ENERGY)
    return ReportedJobs(
        job_ids=[job.short_name for job in jobs],
        workload_names=[job.workload_name for job in jobs],
        profiles=[job.profile_name for job in jobs],
        submit_time=rows["submit_time"],
        num_requested=np.array([job.num_hosts for job in jobs], np.int64),
        walltime=rows["walltime"],
        final_state=np.array([STATES[status] for status in rows["status"].tolist()], np.object_),
        start_time=np.where(ran, rows["start"], np.nan),
        execution_time=np.where(ran, run_time, np.nan),
        finish_time=np.where(ran, finish_time, np.nan),
        slowdown=(finish_time - rows["submit_time"]) / np.where(ran, run_time, np.nan),
        allocated=[ids_text(simulation.allocations.get(number, ())) for number in numbers],
        energy_joules=joules,
        metadata=[job.metadata for job in jobs],
    )


def _platform_use(simulation: Simulation) -> PlatformUse:
    clock = simulation.batsim.work.clock[0]
    joules = max(0.0, float(clock.last_completion_joules - max(0.0, clock.first_submission_joules)))
    return PlatformUse(
        num_cores=int(clock.num_hosts),
        energy_joules=joules if simulation.options.energy else NO_ENERGY,
        num_pstate_commands=int(clock.num_switches),
        num_pstate_changes=int(clock.num_switched),
        computing_time=float(clock.computing_time),
        idle_time=float(clock.idle_time),
    )
