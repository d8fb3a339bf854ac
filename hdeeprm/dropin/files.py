"""The files of a simulation that is over, in Batsim's form and under Batsim's names."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hdeeprm import __version__
from hdeeprm.errors import RunDirectoryError
from hdeeprm.results.atomic import open_atomically
from hdeeprm.results.csv_text import quoted
from hdeeprm.results.jobs_csv import COLUMNS
from hdeeprm.simulator.batsim.clock import tables
from hdeeprm.simulator.kernel.tables import Table

from .ids import ids_text
from .messages import STATES
from .simulation import Simulation
from .tracing import ENERGY_HEADER, PSTATES_HEADER, STATES_HEADER

NO_ENERGY = -1.0
Floats = npt.NDArray[np.float64]


def write_files(
    simulation: Simulation, prefix: str, simulation_time: float, scheduling_time: float
) -> list[Path]:
    """Write what a simulation came to.

    Args:
        simulation: One that is over.
        prefix: What the names of the files begin with, such as "out"; :func:`make_folder` was called with it.
        simulation_time: Wall-clock time of all of it, in s.
        scheduling_time: Of the scheduler's part, in s.

    Returns:
        The files: ``_jobs.csv`` and ``_schedule.csv``; ``_machine_states.csv`` unless that is off; with
        energy ``_consumed_energy.csv`` and ``_pstate_changes.csv``.

    Raises:
        RunDirectoryError: If one can't be written; then none is.
    """
    traces = simulation.traces
    texts = {
        "jobs.csv": _lines(",".join(COLUMNS), _job_lines(simulation)),
        "schedule.csv": _schedule(simulation, simulation_time, scheduling_time),
    }
    if simulation.options.machine_states:
        texts["machine_states.csv"] = _lines(STATES_HEADER, traces.states)
    if simulation.options.energy:
        texts["consumed_energy.csv"] = _lines(ENERGY_HEADER, traces.energy)
        texts["pstate_changes.csv"] = _lines(PSTATES_HEADER, traces.pstates)
    paths = {Path(f"{prefix}_{name}"): text for name, text in texts.items()}
    with ExitStack() as stack:
        files = [stack.enter_context(open_atomically(path)) for path in paths]
        for file, text in zip(files, paths.values(), strict=True):
            file.write(text.encode(errors="backslashreplace"))  # JSON may hold what no file can
    return list(paths)


def make_folder(prefix: str) -> None:
    """Make the folder of the files whose names begin with a prefix.

    Raises:
        RunDirectoryError: If it can't be made, or nothing can be written there.
    """
    folder = Path(f"{prefix}_").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(
            f"-e {prefix}: {folder} can't be made: {error.strerror}; take another prefix"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RunDirectoryError(f"-e {prefix}: {folder} can't be written to; take another prefix")


def _lines(header: str, lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in (header, *lines))


def _rows(simulation: Simulation) -> Table:
    """The jobs of the machine in the order in which they ended or were rejected."""
    work = simulation.machine.work
    return work.jobs[work.order[: work.clock["num_order"][0]]]


def _job_lines(simulation: Simulation) -> list[str]:
    work = simulation.machine.work
    return [_job_line(simulation, int(number)) for number in work.order[: work.clock["num_order"][0]]]


def _job_line(simulation: Simulation, number: int) -> str:
    job, row = simulation.jobs[number], simulation.machine.work.jobs[number]
    state = int(row["status"])
    cells = [
        quoted(job.short_name),
        quoted(job.workload_name),
        quoted(job.profile_name),
        f"{job.submit_time:.6f}",
        str(job.num_hosts),
        f"{job.walltime:.6f}",
        str(int(state == tables.COMPLETED)),
        STATES[state],
    ]
    metadata = '"' + job.metadata.replace('"', '""') + '"'
    if state == tables.REJECTED:
        return ",".join([*cells, *[""] * (len(COLUMNS) - len(cells) - 1), metadata])
    start, run_time = float(row["start"]), float(row["run_time"])
    turnaround = start + run_time - job.submit_time
    times = (start, run_time, start + run_time, start - job.submit_time, turnaround, turnaround / run_time)
    energy = float(row["joules"]) if simulation.options.energy else NO_ENERGY
    allocated = ids_text(simulation.allocations[number])
    return ",".join([*cells, *(f"{value:.6f}" for value in times), allocated, f"{energy:.6f}", metadata])


def _schedule(simulation: Simulation, simulation_time: float, scheduling_time: float) -> str:
    columns = _counts(simulation) | _times(simulation) | _machine_columns(simulation)
    columns |= {
        "batsim_version": f"hdeeprm {__version__}",
        "simulation_time": f"{simulation_time:.6f}",
        "scheduling_time": f"{scheduling_time:.6f}",
    }
    names = sorted(columns)
    return _lines(",".join(names), [",".join(columns[name] for name in names)])


def _counts(simulation: Simulation) -> dict[str, str]:
    states = _rows(simulation)["status"]
    num_success, num_rejected = (
        int((states == tables.COMPLETED).sum()),
        int((states == tables.REJECTED).sum()),
    )
    num_finished = len(states) - num_rejected
    return {
        "nb_jobs": str(len(states)),
        "nb_jobs_finished": str(num_finished),
        "nb_jobs_success": str(num_success),
        "nb_jobs_killed": str(num_finished - num_success),
        "nb_jobs_rejected": str(num_rejected),
        "success_rate": f"{num_success / max(1, len(states)):.6f}",
    }


def _times(simulation: Simulation) -> dict[str, str]:
    rows = _rows(simulation)
    num_jobs = max(1, len(rows))
    rows = rows[rows["status"] != tables.REJECTED]
    waiting: Floats = rows["start"] - rows["submit_time"]
    turnaround: Floats = rows["start"] + rows["run_time"] - rows["submit_time"]
    columns = {"makespan": f"{(rows['start'] + rows['run_time']).max(initial=0.0):.6f}"}
    values = {
        "waiting_time": waiting,
        "turnaround_time": turnaround,
        "slowdown": turnaround / rows["run_time"],
    }
    for name, numbers in values.items():
        columns[f"mean_{name}"] = f"{numbers.sum() / num_jobs:.6f}"
        columns[f"max_{name}"] = f"{numbers.max(initial=0.0):.6f}"
    return columns


def _machine_columns(simulation: Simulation) -> dict[str, str]:
    clock = simulation.machine.work.clock[0]
    joules = max(0.0, float(clock.last_completion_joules - max(0.0, clock.first_submission_joules)))
    never = ("time_sleeping", "time_switching_off", "time_switching_on", "time_unavailable")
    return {
        "consumed_joules": f"{joules if simulation.options.energy else NO_ENERGY:.6f}",
        "nb_computing_machines": str(int(clock.num_hosts)),
        "nb_grouped_switches": str(int(clock.num_switches)),
        "nb_machine_switches": str(int(clock.num_switched)),
        "time_computing": f"{clock.computing_time:.6f}",
        "time_idle": f"{clock.idle_time:.6f}",
    } | dict.fromkeys(never, "0.000000")
