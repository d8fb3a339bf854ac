"""Memory, or memory bandwidth, of each node over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hdeeprm.memory_units import KB_PER_GB
from hdeeprm.results.reading import RecordedRun
from hdeeprm.results.series import bandwidth_loads, memory_loads, node_bandwidth

from .images import draw_shares
from .labels import end_of
from .style import count_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_TOP = 10.0
"""% of the node: the darkest colour stands for no less."""


def node_loads(axes: Axes, run: RecordedRun, what: Literal["memory", "bandwidth"]) -> Axes:
    """Draw which part of each node's memory, or memory bandwidth, jobs hold; returns the same axes.

    What jobs ask for in bandwidth may be more than the node has, which is drawn in a colour of its own.
    """
    end, platform = end_of(run), run.platform
    if what == "memory":
        loads, capacity = memory_loads(run), platform.node_memory_kb / KB_PER_GB
    else:
        loads, capacity = bandwidth_loads(run), node_bandwidth(platform)
    draw_shares(axes, loads, capacity, end, f"{what} of the node (%)", least_top=LEAST_TOP)
    axes.set_ylabel("node")
    count_on(axes.yaxis)
    return axes
