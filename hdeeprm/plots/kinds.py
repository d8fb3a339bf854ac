"""Every figure by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from hdeeprm.errors import FigureError, did_you_mean
from hdeeprm.results.reading import RecordedRun

from .action_preferences import action_preferences
from .bubbles import bubbles
from .comparison import comparison
from .decisions import decisions
from .differences import differences
from .energy import energy
from .gantt import gantt
from .lifecycle import lifecycle
from .losses import losses
from .mem_bw_overutilization import mem_bw_overutilization
from .node_loads import node_loads
from .power import power
from .queue_size import queue_size
from .rewards import rewards
from .slowdowns import slowdowns
from .utilization import utilization
from .wait_times import wait_times

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Kind(NamedTuple):
    """A figure that runs can be drawn as.

    Attributes:
        title: What it shows.
        draw_run: Draws one run into axes; None where several share them.
        draw_runs: Draws several runs into the same axes; None where each has its own.
    """

    title: str
    draw_run: Callable[[Axes, RecordedRun], Axes] | None = None
    draw_runs: Callable[[Axes, Sequence[RecordedRun]], Axes] | None = None


KINDS = {
    "queue_size": Kind("Waiting jobs", draw_runs=queue_size),
    "utilization": Kind("Utilization", draw_runs=utilization),
    "lifecycle": Kind("Life of the jobs", lifecycle),
    "gantt": Kind("Gantt chart", gantt),
    "gantt_no_label": Kind("Gantt chart without labels", partial(gantt, labelled=False)),
    "core_bubbles": Kind("Decisions that lacked cores", draw_runs=partial(bubbles, lacking="cores")),
    "mem_bubbles": Kind("Decisions that lacked memory", draw_runs=partial(bubbles, lacking="memory")),
    "mem_bw_overutilization": Kind("Processors without enough memory bandwidth", mem_bw_overutilization),
    "losses": Kind("Losses of training", losses),
    "rewards": Kind("Rewards", rewards),
    "action_preferences": Kind("Preferences of actions", action_preferences),
    "power": Kind("Power", draw_runs=power),
    "energy": Kind("Energy", draw_runs=energy),
    "memory": Kind("Memory of the nodes", partial(node_loads, what="memory")),
    "bandwidth": Kind("Memory bandwidth of the nodes", partial(node_loads, what="bandwidth")),
    "slowdown_by_size": Kind("Slowdown by the size of jobs", partial(slowdowns, by="size")),
    "slowdown_by_length": Kind("Slowdown by the length of jobs", partial(slowdowns, by="length")),
    "wait_times": Kind("Wait times", draw_runs=wait_times),
    "decisions": Kind("Decisions", decisions),
    "comparison": Kind("Comparison of runs", draw_runs=comparison),
    "differences": Kind("Differences of wait times", draw_runs=differences),
}
"""The first eleven are those of HDeepRM 0.2, by their names there."""
FIGURE_NAMES = tuple(KINDS)
"""What :func:`hdeeprm.plots.draw` can be asked for."""


def find_kinds(names: Sequence[str]) -> list[Kind]:
    """The figures of some names.

    Raises:
        FigureError: If one is unknown; the nearest name is offered.
    """
    for name in names:
        if name not in KINDS:
            raise FigureError(f"{name!r} is no figure; one of {', '.join(KINDS)}.{did_you_mean(name, KINDS)}")
    return [KINDS[name] for name in names]
