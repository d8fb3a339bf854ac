"""Writing all results of a simulation that is over into its run directory."""

from __future__ import annotations

from collections.abc import Sequence

from hdeeprm.errors import SimulationError
from hdeeprm.metrics import IntArray, JobRecords, summarise
from hdeeprm.simulator.protocol import BlockedBy

from .directory import RunDirectory
from .jobs_csv import ReportedJobs, jobs_csv, reported
from .json_text import json_text
from .logs import decisions_csv, oversubscriptions_csv, rewards_csv, shortages_csv
from .placements import Intervals, as_text, merge
from .schedule_csv import PlatformUse, WallTimes, core_times, schedule_csv
from .simulated import Records, Simulation, completion_order, job_records
from .versions import versions


def write_results(
    directory: RunDirectory,
    simulation: Simulation,
    decisions: Records,
    actions: IntArray,
    action_names: Sequence[str],
    wall: WallTimes,
) -> dict[str, float]:
    """Write jobs, schedule, logs, versions and, last of all, metrics; return the metrics.

    The same simulation gives the same bytes, but for the wall times in out_schedule.csv.

    Args:
        directory: Where to write.
        simulation: A simulator that recorded its placements, after its last event or broken off.
        decisions: A record per decision, shape (decisions,), as simulators return them.
        actions: Action taken at each, shape (decisions,).
        action_names: Name of every action.
        wall: What the run took.

    Raises:
        RunDirectoryError: If a file cannot be written; those before it are there whole.
        SimulationError: If the simulator did not record its placements.
    """
    # The longest log comes first: what it takes to join its parts is free again for the rows of jobs.
    directory.write("over_utilization_mem_bw.csv", oversubscriptions_csv(simulation.oversubscriptions()))
    jobs = job_records(simulation)
    metrics = summarise(jobs, simulation.platform.num_cores, simulation.energy_joules)
    _write_batsim_files(directory, simulation, jobs, wall)
    directory.write("decisions.csv", decisions_csv(decisions, actions, action_names))
    directory.write("rewards.csv", rewards_csv(decisions))
    directory.write("over_utilization_core.csv", shortages_csv(decisions, BlockedBy.core))
    directory.write("over_utilization_mem.csv", shortages_csv(decisions, BlockedBy.mem))
    directory.write("versions.json", json_text(versions()))
    directory.write("metrics.json", json_text(metrics))
    return metrics


def _write_batsim_files(
    directory: RunDirectory, simulation: Simulation, jobs: JobRecords, wall: WallTimes
) -> None:
    """The files that Batsim writes too; what only they need is gone from memory afterwards."""
    cores = merge(simulation.placements())
    if jobs.ended.any() and not len(cores.job):
        raise SimulationError(
            "which cores jobs got was not recorded; build the simulator with recording=True"
        )
    rows = _reported(simulation, jobs, cores)
    order = completion_order(jobs, simulation.job_records()["sequence"])
    directory.write("out_jobs.csv", jobs_csv(rows, order))
    use = PlatformUse(
        simulation.platform.num_cores,
        simulation.energy_joules,
        *simulation.num_pstate_changes,
        *core_times(rows, cores, simulation.platform.num_cores),
        simulation.name,
    )
    directory.write("out_schedule.csv", schedule_csv(rows, use, wall))


def _reported(simulation: Simulation, jobs: JobRecords, cores: Intervals) -> ReportedJobs:
    first = simulation.first_job
    profiles = simulation.workload.profiles[first : first + jobs.num_jobs]
    return reported(jobs, profiles, as_text(cores, jobs.num_jobs))
