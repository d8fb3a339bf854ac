"""A curve for each of several runs as SVG: means in bins, and a band from the least to the largest value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from hdeeprm.metrics import FloatArray
from hdeeprm.plots.binning import block_means, blocks_of

from .markup import Html, element, joined, shown

WIDTH, HEIGHT = 420, 200
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 10, 38
"""Room around; that at the right is for half of the last number."""
NUM_BINS = 150
"""Points of a curve; more cannot be told apart."""
POINT_WIDTH = 8
NUM_COLOURS, NUM_DASHES = 6, 4
NUM_TICKS = 4


class Curve(NamedTuple):
    """A curve of one run."""

    run: str
    place: int  # of the run among all, which its colour follows
    x: FloatArray
    y: FloatArray


class _Binned(NamedTuple):
    x: FloatArray
    mean: FloatArray
    least: FloatArray
    most: FloatArray


class _Scale(NamedTuple):
    """From values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values within, some ``NUM_TICKS`` of them."""
        least = (self.high - self.low) / NUM_TICKS
        power = 10.0 ** math.floor(math.log10(least))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [k * step for k in range(first, last + 1)]


def chart(title: str, x_title: str, curves: Sequence[Curve]) -> Html:
    """A figure of curves; values that are no finite numbers are left out.

    Args:
        title: What is on the vertical axis.
        x_title: What is on the horizontal axis.
        curves: One for each run, each with a finite value at least.
    """
    binned = [_binned(curve) for curve in curves]
    x = _scale([part.x for part in binned], LEFT, WIDTH - RIGHT)
    y = _scale([bound for part in binned for bound in (part.least, part.most)], HEIGHT - BOTTOM, TOP)
    lines = (
        part
        for curve, values in zip(curves, binned, strict=True)
        for part in _curve(values, curve.place, x, y)
    )
    svg = element(
        "svg",
        joined(_axes(x, y, x_title)),
        joined(lines),
        class_="curves",
        role="img",
        aria_label=f"{title} by {x_title}: {'; '.join(map(_told, curves))}",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
    )
    return element("figure", element("figcaption", title), svg)


def legend(names: Sequence[tuple[str, int]]) -> Html:
    """Which line is whose."""
    entries = (
        element(
            "li",
            element(
                "svg",
                element("line", x1=0, y1=6, x2=28, y2=6, class_=_style(index)),
                width=28,
                height=12,
                aria_hidden="true",
            ),
            f" {name}",
        )
        for name, index in names
    )
    return element("ul", *entries, class_="legend", aria_label="Runs")


def finite(curve: Curve) -> Curve:
    """The part of a curve that can be drawn."""
    known = np.isfinite(curve.x) & np.isfinite(curve.y)
    return curve._replace(x=curve.x[known], y=curve.y[known])


def _told(curve: Curve) -> str:
    return f"{curve.run} from {shown(float(curve.y[0]))} to {shown(float(curve.y[-1]))}"


def _binned(curve: Curve) -> _Binned:
    begins = blocks_of(len(curve.x), NUM_BINS)
    return _Binned(
        block_means(curve.x, begins),
        block_means(curve.y, begins),
        np.minimum.reduceat(curve.y, begins[:-1]),
        np.maximum.reduceat(curve.y, begins[:-1]),
    )


def _scale(values: Sequence[FloatArray], start: float, end: float) -> _Scale:
    low, high = float(min(map(np.min, values))), float(max(map(np.max, values)))
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        margin = abs(low) / 10 or 1.0
        low, high = low - margin, high + margin
    return _Scale(low, high, start, end)


def _curve(values: _Binned, index: int, x: _Scale, y: _Scale) -> Iterator[Html]:
    across = [x.at(value) for value in values.x]
    if np.any(values.least < values.most):
        upper = list(zip(across, map(y.at, values.most), strict=True))
        lower = list(zip(across, map(y.at, values.least), strict=True))
        yield element("path", d=_path([*upper, *reversed(lower)]) + "Z", class_=f"band {_style(index)}")
    line = list(zip(across, map(y.at, values.mean), strict=True))
    if len(line) == 1:  # a line of one point would not be seen
        (place, height), half = line[0], POINT_WIDTH / 2
        line = [(place - half, height), (place + half, height)]
    yield element("path", d=_path(line), class_=f"line {_style(index)}")


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _style(index: int) -> str:
    return f"run-{index % NUM_COLOURS} dash-{index // NUM_COLOURS % NUM_DASHES}"


def _axes(x: _Scale, y: _Scale, x_title: str) -> Iterator[Html]:
    for value in y.ticks():
        place = f"{y.at(value):.1f}"
        yield element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=place, y2=place, class_="grid")
        yield element(
            "text", shown(value), x=LEFT - 6, y=place, text_anchor="end", dominant_baseline="middle"
        )
    for value in x.ticks():
        yield element(
            "text", shown(value), x=f"{x.at(value):.1f}", y=HEIGHT - BOTTOM + 16, text_anchor="middle"
        )
    yield element("text", x_title, x=(LEFT + WIDTH - RIGHT) / 2, y=HEIGHT - 4, text_anchor="middle")
