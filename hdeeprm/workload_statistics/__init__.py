"""What the jobs of a workload are like: fields, statistics of them, a summary and a figure."""

from .fields import FIELDS, Field
from .job_table import JobTable, read_job_table
from .statistics import STATISTICS, compute, statistic_named
from .summary import WorkloadSummary, summarise_workload

__all__ = [
    "FIELDS",
    "STATISTICS",
    "Field",
    "JobTable",
    "WorkloadSummary",
    "compute",
    "read_job_table",
    "statistic_named",
    "summarise_workload",
]
