"""What came out of a study: a table of its runs, groups over seeds, the best ones, timings."""

from .as_run import as_run
from .best import best_runs
from .groups import Group, grouped
from .table import Table, table_of
from .target import check_target
from .timings import timings

__all__ = ["Group", "Table", "as_run", "best_runs", "check_target", "grouped", "table_of", "timings"]
