"""A frame: the Gantt chart so far, the load of the nodes beside it, the queue below it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hdeeprm.simulator import EmbeddedSimulator
from hdeeprm.time_units import time_text, time_unit

from .axes import axis_end, ticks
from .canvas import INK, Canvas, Colour, Pixels
from .history import FREE, Floats, Integers, Rectangles, loads, queue_lengths, rectangles

WIDTH, HEIGHT = 800, 448
"""Pixels of a frame; multiples of 16, as video encoders like them."""


class Panel(NamedTuple):
    """A part of a frame."""

    left: int
    top: int
    width: int
    height: int

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + self.height


GANTT = Panel(44, 52, 544, 268)
CORES, MEMORY = Panel(604, 52, 88, 268), Panel(704, 52, 88, 268)
QUEUE = Panel(44, 350, 544, 68)
FIGURES = Panel(604, 350, 188, 68)

IDLE: Colour = (232, 232, 232)  # cores that were free, and shares that are
JOB_COLOURS = np.array(
    [
        *((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66)),
        *((0, 114, 178), (213, 94, 0), (204, 121, 167)),
    ],
    np.uint8,
)
"""Job k has colour k modulo 7; people who see few colours can tell these apart  [Okabe and Ito 2008]."""
BLUE: Colour = (0, 114, 178)
GREEN: Colour = (0, 158, 115)
ORANGE: Colour = (213, 94, 0)
EDGE_SHADE = 0.7  # of the colour, at the upper and the left edge of a job
MIN_EDGED = 4  # pixels of a job that has an edge


def render_frame(simulator: EmbeddedSimulator) -> Pixels:
    """The state of an episode and how it came to be: uint8, shape (HEIGHT, WIDTH, 3).

    Args:
        simulator: One that records its placements.
    """
    end = _end_of_axis(simulator.now)
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.write(GANTT.left, 8, _headline(simulator), scale=2)
    _draw_gantt(canvas, simulator, end)
    _draw_loads(canvas, simulator)
    _draw_queue(canvas, simulator, end)
    _draw_times(canvas, end)
    _write_figures(canvas, simulator)
    return canvas.pixels


def _end_of_axis(now: float) -> float:
    """A round time, in s, that leaves some room."""
    shown = max(1.0, now)
    unit = time_unit(shown).seconds
    return axis_end(shown / unit) * unit


def _headline(simulator: EmbeddedSimulator) -> str:
    return (
        f"{time_text(simulator.now)}   {simulator.num_waiting:,} waiting, "
        f"{simulator.num_running:,} running, {simulator.num_ended:,} of {simulator.num_jobs:,} ended"
    )


def _draw_gantt(canvas: Canvas, simulator: EmbeddedSimulator, end: float) -> None:
    """Cores from top to bottom, time from left to right; a colour per job."""
    num_cores = simulator.platform.num_cores
    canvas.write(GANTT.left, GANTT.top - 12, f"jobs on {num_cores:,} cores")
    canvas.write_before(GANTT.left - 4, GANTT.top, "0")
    canvas.write_before(GANTT.left - 4, GANTT.bottom - 8, f"{num_cores - 1}")
    _draw_past(canvas, GANTT, simulator.now, end)
    jobs, edges = _painted(rectangles(simulator, GANTT.height, GANTT.width, end), GANTT)
    image = JOB_COLOURS[jobs % len(JOB_COLOURS)]
    image[edges] = (image[edges] * EDGE_SHADE).astype(np.uint8)
    area = canvas.pixels[GANTT.top : GANTT.bottom, GANTT.left : GANTT.left + GANTT.width]
    area[jobs != FREE] = image[jobs != FREE]


def _painted(found: Rectangles, panel: Panel) -> tuple[Integers, np.ndarray]:
    """The job of each pixel, and whether it lies at an upper or left edge; shape (height, width) each."""
    jobs = np.full((panel.height, panel.width), FREE)
    edges = np.zeros(jobs.shape, np.bool_)
    widths, heights = found.right - found.left, found.bottom - found.top
    sizes = widths * heights
    which = np.repeat(np.arange(len(sizes)), sizes)
    place = np.arange(len(which)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    down, along = np.divmod(place, widths[which])
    pixels = found.top[which] + down, found.left[which] + along
    jobs[pixels] = found.job[which]
    edges[pixels] = ((down == 0) & (heights[which] >= MIN_EDGED)) | (
        (along == 0) & (widths[which] >= MIN_EDGED)
    )
    return jobs, edges


def _draw_past(canvas: Canvas, panel: Panel, now: float, end: float) -> None:
    """What time has passed, on the axis that all panels of time share."""
    canvas.fill(panel.left, panel.top, round(panel.width * now / end), panel.height, IDLE)


def _draw_loads(canvas: Canvas, simulator: EmbeddedSimulator) -> None:
    """For each row of the Gantt chart, how full its nodes are now."""
    now = loads(simulator, GANTT.height)
    for panel, title, shares, colour in (
        (CORES, "busy cores now", now.cores, BLUE),
        (MEMORY, "used memory", now.memory, GREEN),
    ):
        canvas.write(panel.left, panel.top - 12, title)
        canvas.paste(panel.left, panel.top, _bars(shares, panel.width, colour))


def _bars(shares: Floats, width: int, colour: Colour) -> Pixels:
    """A horizontal bar per share, shape (shares, width, 3)."""
    filled = np.arange(width) < np.round(shares * width)[:, np.newaxis]
    return np.where(filled[..., np.newaxis], colour, IDLE).astype(np.uint8)


def _draw_queue(canvas: Canvas, simulator: EmbeddedSimulator, end: float) -> None:
    """The number of waiting jobs over time."""
    lengths = queue_lengths(simulator, QUEUE.width, end)
    top = int(axis_end(max(1, lengths.max(initial=0))))
    canvas.write(QUEUE.left, QUEUE.top - 12, "waiting jobs")
    canvas.write_before(QUEUE.left - 4, QUEUE.top, f"{top}")
    canvas.write_before(QUEUE.left - 4, QUEUE.bottom - 8, "0")
    _draw_past(canvas, QUEUE, simulator.now, end)
    heights = np.ceil(lengths * (QUEUE.height / top))
    filled = np.arange(QUEUE.height, 0, -1)[:, np.newaxis] <= heights
    canvas.pixels[QUEUE.top : QUEUE.bottom, QUEUE.left : QUEUE.left + QUEUE.width][filled] = ORANGE


def _draw_times(canvas: Canvas, end: float) -> None:
    """Ticks below the panels of time, and what they say."""
    unit = time_unit(end)
    for tick in ticks(end / unit.seconds):
        place = GANTT.left + round(GANTT.width * tick * unit.seconds / end)
        text = f"{tick:g}" if tick else f"0 {unit.name}"
        for panel in (GANTT, QUEUE):
            canvas.fill(place, panel.bottom, 1, 4, INK)
        canvas.write(place - 2, QUEUE.bottom + 7, text)


def _write_figures(canvas: Canvas, simulator: EmbeddedSimulator) -> None:
    """What the whole platform is doing."""
    num_cores, busy = simulator.platform.num_cores, simulator.platform.num_cores - simulator.num_free_cores
    for line, text in enumerate(
        (f"{busy:,} of {num_cores:,} cores busy", f"{busy / num_cores:.1%} in use", _power(simulator.watts))
    ):
        canvas.write(FIGURES.left, FIGURES.top + 16 * line, text)


def _power(watts: float) -> str:
    return f"{watts / 1000:,.1f} kW" if watts >= 1000 else f"{watts:,.1f} W"
