"""The run directory and every file that a run leaves in it."""

from .clean import Cleaned, clean, find_runs
from .directory import RunDirectory, check_unused, default_run_directory, read_status
from .jobs_reader import read_jobs
from .reservations import late_notice, queue_facts
from .schedule_csv import WallTimes
from .simulated import job_records
from .writing import json_text, write_results

__all__ = [
    "Cleaned",
    "RunDirectory",
    "WallTimes",
    "check_unused",
    "clean",
    "default_run_directory",
    "find_runs",
    "job_records",
    "json_text",
    "late_notice",
    "queue_facts",
    "read_jobs",
    "read_status",
    "write_results",
]
