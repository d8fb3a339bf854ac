"""The eight metrics of a schedule that HDeepRM has always compared, for any number of runs."""

from .figure import draw_grid
from .naming import names_of
from .schedules import GRID, read_schedule

__all__ = ["GRID", "draw_grid", "names_of", "read_schedule"]
