"""The figure of a workload, or of one of its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdeeprm.plots.saving import new_figure
from hdeeprm.plots.style import plain

from . import panels
from .job_table import JobTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIELDS_DRAWN = ("size", "run_time", "accuracy", "mem")
WHOLE_INCHES, FIELD_INCHES = (13.0, 7.0), (7.0, 4.5)


def draw_workload(table: JobTable) -> Figure:
    """Submissions, sizes, run times, accuracy of requests, memory, and sizes by run times."""
    figure = new_figure(*WHOLE_INCHES)
    axes = figure.subplots(2, 3).flatten()
    panels.submissions(axes[0], table)
    for place, field in zip(axes[1:], FIELDS_DRAWN, strict=False):
        if np.isnan(table.columns[field]).all():
            panels.nothing(place, field, f"no {field} recorded")
        else:
            panels.distribution(place, table, field)
    panels.sizes_and_run_times(axes[-1], table)
    figure.suptitle(plain(table.source))
    return figure


def draw_field(table: JobTable, field: str) -> Figure:
    """The distribution of one field."""
    figure = new_figure(*FIELD_INCHES)
    panels.distribution(figure.subplots(), table, field)
    figure.suptitle(plain(table.source))
    return figure
