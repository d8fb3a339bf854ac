"""The run directory and every file that a run leaves in it."""

from .clean import Cleaned, clean, find_runs
from .directory import RunDirectory, default_run_directory, read_status
from .jobs_reader import read_jobs
from .reading import RecordedRun, read_run
from .schedule_csv import WallTimes
from .simulated import job_records
from .writing import write_results

__all__ = [
    "Cleaned",
    "RecordedRun",
    "RunDirectory",
    "WallTimes",
    "clean",
    "default_run_directory",
    "find_runs",
    "job_records",
    "read_jobs",
    "read_run",
    "read_status",
    "write_results",
]
