"""What each kind of figure takes from studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hdeeprm.plots.style import legend_beside
from hdeeprm.studies.queue.records import Status
from hdeeprm.studies.results.table import SEED

from .captions import caption, last_word
from .compare import plot_compare
from .courses import races_of
from .curves import Curve, plot_curves
from .drawing import NO_RUN, Drawing
from .importance import plot_importance
from .landscape import plot_landscape
from .moving_loss import plot_moving_loss
from .pareto import plot_pareto
from .progress import plot_progress
from .regret import plot_regret
from .shares import MIN_RUNS, importances
from .slices import plot_slice
from .sources import in_groups, nothing

MAX_ROWS = 40
"""Groups of a comparison that are drawn; the best, where there are more."""


def draw_progress(drawing: Drawing) -> None:
    """The best so far by run; each seed of a grid is a search of its own."""
    metric, searches = drawing.metric, {}
    for name, entries in drawing.groups().items():
        of_seed: dict[int | None, list[float]] = {}
        for entry in entries:
            if entry.run.status.is_over:
                of_seed.setdefault(entry.run.seed, []).append(entry.value(metric))
        found = [values for values in of_seed.values() if not np.isnan(values).all()]
        if found:
            searches[name] = found
    if not searches:
        raise nothing(drawing.kind, drawing.sources, NO_RUN)
    plot_progress(drawing.axes(labels=searches)[0], searches, drawing.label(metric), drawing.direction)


def draw_compare(drawing: Drawing) -> None:
    """Groups side by side; without any asked for, the points of a grid, or whole searches."""
    if not drawing.by:
        names = dict.fromkeys(name for source in drawing.sources for name in source.differing)
        of_search = {name for source in drawing.sources for name in source.file.search}
        by = tuple(name for name in names if name not in of_search and name != SEED)
        has_all = all(name in source.file.sets for source in drawing.sources for name in by)
        drawing = replace(drawing, by=by if has_all else ())
    metric, direction = drawing.metric, drawing.direction
    groups = {
        name: [entry.value(metric) for entry in entries] for name, entries in drawing.complete().items()
    }
    sign = -1.0 if direction == "maximize" else 1.0
    kept = sorted(groups, key=lambda name: sign * float(np.mean(groups[name])))[:MAX_ROWS]
    axes = drawing.axes(height=1.2 + 0.3 * len(kept), labels=kept)[0]
    plot_compare(axes, {name: groups[name] for name in kept}, drawing.label(metric), direction)
    if len(groups) > len(kept):
        axes.set_title(f"the best {len(kept)} of {len(groups)} groups")


def draw_curves(drawing: Drawing) -> None:
    """What runs reported."""
    groups = {
        name: [
            Curve(entry.run.reports, entry.run.status is Status.PRUNED)
            for entry in entries
            if entry.run.reports
        ]
        for name, entries in drawing.groups().items()
    }
    groups = {name: curves for name, curves in groups.items() if curves}
    if not groups:
        why = "no run reported a value on the way; training does, and functions by report(step, value)"
        raise nothing(drawing.kind, drawing.sources, why)
    plot_curves(drawing.axes(labels=groups)[0], groups)


def draw_importance(drawing: Drawing) -> None:
    """How much each option matters, of each study."""
    metric, shares = drawing.metric, {}
    for source in drawing.sources:
        (entries,) = in_groups([source], ()).values()
        if found := importances(source, entries, metric):
            shares[source.label] = found
    if not shares:
        why = f"options must differ, and so must {metric}; a search needs {MIN_RUNS} complete runs"
        raise nothing(drawing.kind, drawing.sources, why)
    num_bars = max(len(found) * len(shares) for found in shares.values())
    has_search = any(source.file.search for source in drawing.sources)
    shown = caption(metric)
    label = f"importance for {shown}" if has_search else f"share of the variance of {shown}"
    axes = plot_importance(drawing.axes(height=1.2 + 0.35 * num_bars)[0], shares, label)
    if len(shares) < len(drawing.sources):
        axes.set_title(f"{', '.join(shares)}; of the others it cannot be told")


def draw_slices(drawing: Drawing) -> None:
    """The metric against each option, in axes of its own."""
    metric, groups = drawing.metric, drawing.complete()
    names = list(dict.fromkeys(name for source in drawing.sources for name in source.differing))
    if not names:
        raise nothing(drawing.kind, drawing.sources, "no option differs from run to run")
    all_axes = drawing.axes(len(names))
    for axes, name in zip(all_axes, names, strict=True):
        pairs = {
            group: [(entry.row[name], entry.value(metric)) for entry in entries if name in entry.row]
            for group, entries in groups.items()
        }
        specs = (source.file.search.get(name) for source in drawing.sources)
        is_log = any(isinstance(spec, Mapping) and spec.get("log", False) for spec in specs)
        plot_slice(axes, pairs, last_word(name), drawing.label(metric), is_log)
    legend_beside(all_axes[0], of_figure=True)


def draw_pareto(drawing: Drawing) -> None:
    """Two metrics against each other."""
    first = drawing.sources[0]
    asked = list(dict.fromkeys(drawing.metrics or first.file.metrics))
    if len(asked) != 2:
        why = f"two metrics are wanted, and there are {len(asked)}; choose with --metric A --metric B"
        raise nothing(drawing.kind, drawing.sources, why)
    names = [{source.metric(name) for source in drawing.sources}.pop() for name in asked]
    groups = {}
    for group, entries in drawing.groups().items():
        values = np.array([[entry.value(name) for name in names] for entry in entries]).reshape(-1, 2)
        if len(values := values[~np.isnan(values).any(axis=1)]):
            groups[group] = values
    if not groups:
        raise nothing(drawing.kind, drawing.sources, NO_RUN)
    directions = [first.file.direction_of(name) for name in names]
    plot_pareto(drawing.axes(labels=groups)[0], groups, list(map(drawing.label, names)), directions)


def draw_regret(drawing: Drawing) -> None:
    """The cumulative regret of races."""
    plot_regret(drawing.axes()[0], races_of(drawing.kind, drawing.sources, drawing.groups()))


def draw_moving_loss(drawing: Drawing) -> None:
    """How fast races came to low losses."""
    plot_moving_loss(drawing.axes()[0], races_of(drawing.kind, drawing.sources, drawing.groups()))


def draw_landscape(drawing: Drawing) -> None:
    """How far each arm got: of each group, the race of its first seed."""
    races = races_of(drawing.kind, drawing.sources, drawing.groups())
    for axes, group in zip(drawing.axes(len(races)), races, strict=True):
        course = group.courses[0]
        plot_landscape(axes, course.landscape.true, course.epochs_of_arms)
        axes.set_title(group.name, loc="left")
