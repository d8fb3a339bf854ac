"""What the terminal shows of a study while it goes on and afterwards."""

from .live import live_progress
from .summary import show_groups, show_missing, show_summary, show_table
from .watching import watch_study

__all__ = ["live_progress", "show_groups", "show_missing", "show_summary", "show_table", "watch_study"]
