"""Reading a run directory: all that a run left, its tables as arrays, each read when it is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from hdeeprm.errors import RunDirectoryError
from hdeeprm.metrics import FloatArray, IntArray, JobRecords, summarise
from hdeeprm.options import Options, load_options
from hdeeprm.platforms import Platform, load_platform
from hdeeprm.scenario import load_scenario
from hdeeprm.workloads import Workload, load_workload

from .columns import Columns, read_columns
from .directory import MARKER, read_status
from .jobs_reader import read_jobs
from .placements import Intervals, from_text
from .run_files import RunFiles
from .schedule_reader import Schedule, read_schedule

JOBS, ALLOCATED = "out_jobs.csv", "allocated_resources"


@dataclass(frozen=True, eq=False)
class RecordedRun(RunFiles):
    """A run that was, or still is, as its directory tells it.

    A table that is absent raises RunDirectoryError, which says what records it.
    """

    # What was run ----------------------------------------------------------------------------------------

    @cached_property
    def options(self) -> Options:
        """The options used, defaults filled in."""
        return load_options(self.file("options.json"))

    @cached_property
    def platform(self) -> Platform:
        """The platform that the options name."""
        platform = load_platform(self.options.platform_file_path, self.options.folder)
        recorded = self.num_cores if self.has("out_schedule.csv") else self.options.nb_resources
        if recorded not in (None, platform.num_cores):
            raise RunDirectoryError(
                f"{self.path}: ran on {recorded} cores, and the platform {platform.name!r} now has "
                f"{platform.num_cores}; put back the platform file that the run was made with"
            )
        return platform

    @cached_property
    def workload(self) -> Workload:
        """The workload that the options name, all of its jobs; of HDeepRM 0.2, its workload.json."""
        if not self.state and self.has("workload.json"):
            return load_workload(self.file("workload.json"))
        return load_scenario(self.options).workload

    @cached_property
    def workload_rows(self) -> IntArray:
        """Row in the workload of each of ``jobs``, shape (num_jobs,)."""
        rows = {job_id: row for row, job_id in enumerate(self.workload.job_ids)}
        try:
            return np.array([rows[job_id] for job_id in self.jobs.job_ids], np.int64)
        except KeyError as error:
            raise RunDirectoryError(
                f"{self.path}: job {error} is not in the workload {self.workload.name!r}; put back the "
                "workload file that the run was made with"
            ) from None

    # What came out ---------------------------------------------------------------------------------------

    @cached_property
    def jobs(self) -> JobRecords:
        """Jobs that ended or were rejected, in the order in which they did."""
        return read_jobs(self.file(JOBS))

    @cached_property
    def placements(self) -> Intervals:
        """Cores of the jobs; ``job`` is the place in ``jobs``."""
        path = self.file(JOBS)
        texts = read_columns(path, {ALLOCATED}, only={ALLOCATED})[ALLOCATED]
        try:
            return from_text(texts.tolist())
        except (ValueError, OverflowError) as error:
            raise RunDirectoryError(f"{path}: {ALLOCATED}: {error}; the file is damaged") from None

    @cached_property
    def schedule(self) -> Schedule:
        """Figures of out_schedule.csv by name."""
        return read_schedule(self.file("out_schedule.csv"))

    @cached_property
    def num_cores(self) -> int:
        """Cores of the platform, which need no options."""
        return self.schedule.num_cores

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Value of each metric; NaN where there is none. Where metrics.json is absent, from the jobs."""
        if not (self.path / "metrics.json").is_file() and self.has(JOBS):
            return summarise(self.jobs, self.num_cores, self.schedule["consumed_joules"])
        found = self.json("metrics.json")
        return {name: math.nan if value is None else value for name, value in found.items()}

    @cached_property
    def versions(self) -> dict[str, str]:
        """What the run was made with."""
        return self.json("versions.json")

    @cached_property
    def decisions(self) -> Columns:
        """``decision``, ``time`` s, ``action``, ``action_name``, ``num_waiting``, ``num_started`` …."""
        return self.table("decisions.csv")

    @cached_property
    def rewards(self) -> FloatArray:
        """Reward of each decision, shape (decisions,)."""
        return self.table("rewards.csv")["reward"]

    @cached_property
    def losses(self) -> Columns:
        """``update``, ``step`` and each loss, a row per update."""
        return self.table("losses.csv")

    @cached_property
    def episodes(self) -> Columns:
        """``episode``, ``step``, ``return``, ``length`` and metrics, a row per episode of training."""
        return self.table("episodes.csv")

    @cached_property
    def action_preferences(self) -> Columns:
        """``episode``, ``step`` and the probability of each action at the first decision of an episode."""
        return self.table("action_preferences.csv")

    @cached_property
    def core_shortages(self) -> FloatArray:
        """Times in s at which the selected job did not fit for lack of cores."""
        return self.table("over_utilization_core.csv")["time"]

    @cached_property
    def memory_shortages(self) -> FloatArray:
        """Times in s at which the selected job did not fit for lack of memory."""
        return self.table("over_utilization_mem.csv")["time"]

    @cached_property
    def oversubscriptions(self) -> Columns:
        """When bandwidth was less than none: ``processor``, ``start`` s, ``duration`` s."""
        return self.table("over_utilization_mem_bw.csv")


def read_run(path: str | Path) -> RecordedRun:
    """A run of HDeepRM; or, where there is no run.json, files of Batsim or of HDeepRM 0.2.

    Raises:
        RunDirectoryError: If the directory is neither, or of a format that this version cannot read.
    """
    path = Path(path)
    foreign = RecordedRun(path, {})
    if not (path / MARKER).exists() and foreign.has(JOBS):
        return foreign
    return RecordedRun(path, read_status(path))
